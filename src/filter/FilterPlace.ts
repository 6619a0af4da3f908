import { InvalidInput } from '../event/InvalidInput';
import { FILTER_LIMITS } from './limits';

/** Maximum length of one name in a position, so that messages stay short. */
const MAX_TOKEN = 64;

/** Number of nodes that the parser has read so far. */
interface NodeCount { nodes: number }

/** Position in the document of filters during parsing. It enforces the limits on depth and nodes. */
export class FilterPlace {
  private constructor(
    private readonly pointer: string,
    /** Number of filters around this position. */
    public readonly depth: number,
    private readonly count: NodeCount,
  ) {}

  /** Returns the position of the outermost array. */
  public static root(): FilterPlace {
    return new FilterPlace('filters', 0, { nodes: 0 });
  }

  /** Returns the position of a member or element. */
  public at(key: string | number): FilterPlace {
    const token = String(key).slice(0, MAX_TOKEN).replaceAll('~', '~0').replaceAll('/', '~1');
    return new FilterPlace(`${this.pointer}/${token}`, this.depth, this.count);
  }

  /**
   * Returns the position of a filter, one level deeper, and counts it.
   *
   * @throws {@link InvalidInput} if the filters are too deep or too many.
   */
  public nested(): FilterPlace {
    this.countNode();
    const nested = new FilterPlace(this.pointer, this.depth + 1, this.count);
    nested.checkDepth(0);
    return nested;
  }

  /**
   * Counts a node.
   *
   * @throws {@link InvalidInput} if there are too many nodes.
   */
  public countNode(): void {
    this.count.nodes += 1;
    if (this.count.nodes > FILTER_LIMITS.nodes) {
      throw this.invalid(`expected at most ${FILTER_LIMITS.nodes} filters, compared attributes, operators and operands`);
    }
  }

  /**
   * Checks the depth of a part of this filter.
   *
   * @param levels - Number of levels below this position.
   *
   * @throws {@link InvalidInput} if the part is too deep.
   */
  public checkDepth(levels: number): void {
    if (this.depth + levels > FILTER_LIMITS.depth) {
      throw this.invalid(`expected at most ${FILTER_LIMITS.depth} levels of nested filters and expressions`);
    }
  }

  /** Returns the error for invalid input at this position, named by its JSON pointer without the first slash. */
  public invalid(message: string): InvalidInput {
    return new InvalidInput(`Invalid ${this.pointer}: ${message}`);
  }
}

import { charge, chargedLater, COSTS } from './costs';
import type { AccessEpochs, AccessScopes, Locator, Readers } from './ports';

interface Known {
  readonly epoch: number;
  /** When the first of the answers was asked for, in milliseconds since 1970. */
  readonly since: number;
  readonly answers: Map<string, boolean>;
}

/** How many answers are kept at most, of all resources together. */
const MOST_ANSWERS = 200_000;

/**
 * Remembers who may read what, for as long as access to the pod stands, and for a limited time.
 *
 * As with {@link EpochAccess}, a change made by any request to this server is in force for the next question.
 */
export class EpochReaders implements Readers {
  private readonly source: Readers;
  private readonly store: AccessEpochs;
  private readonly pods: Locator;
  private readonly maxAge: number;
  private readonly scopes?: AccessScopes;
  // In the order of their making, so the first is the oldest.
  private readonly known = new Map<string, Known>();
  private size = 0;

  /**
   * @param source - Is asked for many agents at once.
   * @param store - Knows the epochs.
   * @param pods - Tells in which pod a resource lies.
   * @param maxAge - How long an answer is used at most, in seconds. Default 60.
   * @param scopes - Finds the resources that have the same permissions. Without it, each is asked about by itself.
   */
  public constructor(source: Readers, store: AccessEpochs, pods: Locator, maxAge = 60, scopes?: AccessScopes) {
    this.source = source;
    this.store = store;
    this.pods = pods;
    this.maxAge = maxAge * 1_000;
    this.scopes = scopes;
  }

  public async readersOf(resource: string, agents: readonly string[]): Promise<ReadonlySet<string>> {
    // Counts of an audience are shared by the requests that ask for them.
    return chargedLater(async(): Promise<ReadonlySet<string>> => this.read(resource, agents));
  }

  private async read(resource: string, agents: readonly string[]): Promise<ReadonlySet<string>> {
    const pod = await this.pods.locate(resource);
    const epochOf = async(): Promise<number | undefined> => pod === undefined ? undefined : this.store.epochOf(pod);
    // Read before the answers are, so that none is kept for an epoch that is newer than itself.
    let epoch = await epochOf();
    while (epoch !== undefined) {
      const scopes = await this.scopes?.scopesOf([ resource ], pod!, epoch);
      const scope = scopes?.get(resource) ?? { name: resource, resource };
      const { answers } = this.knownOf(scope.name, epoch);
      const unknown = agents.filter((agent): boolean => !answers.has(agent));
      if (unknown.length > 0) {
        charge(COSTS.accessQuery);
        const readers = await this.source.readersOf(scope.resource, unknown);
        for (const agent of unknown) {
          this.size += Number(!answers.has(agent));
          answers.set(agent, readers.has(agent));
        }
      }
      // What has changed meanwhile is asked again: whoever changed it may have been told that it is in force.
      const now = unknown.length > 0 || this.scopes ? await epochOf() : epoch;
      if (now === epoch) {
        return new Set(agents.filter((agent): boolean => answers.get(agent) === true));
      }
      epoch = now;
    }
    return this.source.readersOf(resource, agents);
  }

  private knownOf(resource: string, epoch: number): Known {
    const before = this.known.get(resource);
    if (before && before.epoch === epoch && Date.now() - before.since < this.maxAge) {
      return before;
    }
    this.forget(resource, before);
    for (const [ oldest, one ] of this.known) {
      if (this.size < MOST_ANSWERS) {
        break;
      }
      this.forget(oldest, one);
    }
    const known = { epoch, since: Date.now(), answers: new Map<string, boolean>() };
    this.known.set(resource, known);
    return known;
  }

  private forget(resource: string, known: Known | undefined): void {
    if (known) {
      this.size -= known.answers.size;
      this.known.delete(resource);
    }
  }
}

import type { SubscribableTarget, SubscribableTargets } from '../subscription/ports';
import type { TargetKind } from './TargetKind';

/**
 * The registered target kinds.
 */
export class TargetKinds implements SubscribableTargets {
  private readonly kinds: ReadonlyMap<string, TargetKind>;
  private readonly withSubscription: ReadonlyMap<string, SubscribableTarget>;

  /**
   * @param kinds - The kinds. Documents list their properties in the order of their names.
   *
   * @throws Error if two kinds have the same name, or a name has other characters than letters, digits, `_` and `-`: it
   *         is part of the stored key of a target.
   */
  public constructor(kinds: TargetKind[]) {
    const sorted = [ ...kinds ].sort((left, right): number => left.name < right.name ? -1 : 1);
    this.kinds = new Map(sorted.map((kind): [string, TargetKind] => [ kind.name, kind ]));
    const invalid = kinds.find(({ name }): boolean => !/^[\w-]+$/u.test(name));
    if (invalid) {
      throw new Error(`The name of a target kind consists of letters, digits, _ and -, not "${invalid.name}"`);
    }
    if (this.kinds.size < kinds.length) {
      throw new Error(`Two target kinds have the same name: ${kinds.map(({ name }): string => name).join(', ')}`);
    }
    this.withSubscription = new Map(sorted.flatMap(({ name, subscription }): [string, SubscribableTarget][] =>
      subscription ? [[ name, subscription ]] : []));
  }

  /** The names of all kinds. */
  public names(): readonly string[] {
    return [ ...this.kinds.keys() ];
  }

  /** Returns a kind by its name, or `undefined` if it is not registered. */
  public find(name: string): TargetKind | undefined {
    return this.kinds.get(name);
  }

  public subscribable(): ReadonlyMap<string, SubscribableTarget> {
    return this.withSubscription;
  }
}

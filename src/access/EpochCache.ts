import { LRUCache } from 'lru-cache';

/** A new object for each value that is stored: `LRUCache` updates the size of an entry only with its object. */
interface Entry<T> {
  readonly value: T;
}

/**
 * A bounded cache of values that hold for one epoch of a pod.
 *
 * An entry is identified by its name and its epoch. Read the epoch before the value: a value that is read while access
 * changes is then stored under the earlier epoch, and no lookup by the later one returns it. The same applies to
 * loads that are in progress. The least recently used entries are evicted first; age is counted by a monotonic clock.
 */
export class EpochCache<T> {
  private readonly entries: LRUCache<string, Entry<T>, () => Promise<T>>;

  /**
   * @param maxAge - Maximum age of a value, in seconds.
   * @param maxSize - Maximum sum of the sizes of all entries.
   * @param sizeOf - Returns the size of a fetched entry. Default 1.
   */
  public constructor(maxAge: number, maxSize: number, sizeOf: (value: T) => number = (): number => 1) {
    this.entries = new LRUCache<string, Entry<T>, () => Promise<T>>({
      maxSize,
      sizeCalculation: ({ value }): number => sizeOf(value),
      // A TTL of 0 has no limit.
      ttl: Math.max(1, maxAge * 1_000),
      ttlResolution: 0,
      noUpdateTTL: true,
      ignoreFetchAbort: true,
      fetchMethod: async(_name, _stale, { context }): Promise<Entry<T>> => ({ value: await context() }),
    });
  }

  /** Returns the value of a name at an epoch, if it is cached. */
  public get(name: string, epoch: number | undefined): T | undefined {
    return this.entries.get(keyOf(name, epoch))?.value;
  }

  /**
   * Stores a value. A value that replaces another one of the same epoch keeps its age.
   *
   * @param name - The name.
   * @param epoch - The epoch, read before the value.
   * @param value - The value.
   * @param size - Size of the entry. Default: as for a fetched one.
   */
  public set(name: string, epoch: number | undefined, value: T, size?: number): void {
    this.entries.set(keyOf(name, epoch), { value }, size === undefined ? {} : { size });
  }

  /**
   * Returns the value of a name at an epoch, or loads it. Concurrent calls share one load.
   *
   * @param load - Loads the value. If it rejects, nothing is cached.
   */
  public async fetch(name: string, epoch: number | undefined, load: () => Promise<T>): Promise<T> {
    const key = keyOf(name, epoch);
    // Deletes an expired entry: a load in its place would keep its age, and expire at once.
    this.entries.get(key);
    const { value } = await this.entries.forceFetch(key, { context: load });
    return value;
  }
}

function keyOf(name: string, epoch: number | undefined): string {
  return `${epoch} ${name}`;
}

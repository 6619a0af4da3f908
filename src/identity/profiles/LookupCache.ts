import TTLCache from '@isaacs/ttlcache';

/** What was found, and for how long it holds, in milliseconds. */
export interface Lookup<T> {
  readonly value: T;
  readonly ttl: number;
}

/**
 * Remembers what was looked up, and looks each thing up once for all that ask at the same time.
 */
export class LookupCache<T> {
  private readonly known: TTLCache<string, T>;
  private readonly pending = new Map<string, Promise<T>>();

  /**
   * @param maxEntries - How many are remembered; the one that ends first makes room.
   */
  public constructor(maxEntries: number) {
    this.known = new TTLCache({ max: maxEntries, checkAgeOnGet: true });
  }

  /** Whether it need not be looked up, because it is known or will be. */
  public has(key: string): boolean {
    return this.pending.has(key) || this.known.get(key) !== undefined;
  }

  /**
   * What is remembered, or else what is found.
   *
   * @throws What `find` throws, which is not remembered.
   */
  public async get(key: string, find: () => Promise<Lookup<T>>): Promise<T> {
    const known = this.known.get(key);
    if (known !== undefined) {
      return known;
    }
    let pending = this.pending.get(key);
    if (!pending) {
      pending = find()
        .then(({ value, ttl }): T => {
          this.known.set(key, value, { ttl });
          return value;
        })
        .finally((): unknown => this.pending.delete(key));
      this.pending.set(key, pending);
    }
    return pending;
  }
}

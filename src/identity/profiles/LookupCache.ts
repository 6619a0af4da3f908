import TTLCache from '@isaacs/ttlcache';

/** A result and its lifetime, in milliseconds. */
export interface Lookup<T> {
  readonly value: T;
  readonly ttl: number;
}

/**
 * Caches results of look-ups, and shares look-ups in flight between concurrent callers.
 */
export class LookupCache<T> {
  private readonly known: TTLCache<string, T>;
  private readonly pending = new Map<string, Promise<T>>();

  /**
   * @param maxEntries - Maximum number of cached results. The one that expires first is evicted.
   */
  public constructor(maxEntries: number) {
    this.known = new TTLCache({ max: maxEntries, checkAgeOnGet: true });
  }

  /** Returns whether a result is cached or in flight. */
  public has(key: string): boolean {
    return this.pending.has(key) || this.known.get(key) !== undefined;
  }

  /**
   * Returns the cached result, otherwise the result of a look-up.
   *
   * @throws Errors of `find`, which are not cached.
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

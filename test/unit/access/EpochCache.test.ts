import { EpochCache } from '../../../src/access/EpochCache';

describe('An epoch cache', (): void => {
  let cache: EpochCache<number>;
  let loads: ((value: number) => void)[];
  const load = async(): Promise<number> => new Promise((resolve): unknown => loads.push(resolve));

  beforeEach((): void => {
    cache = new EpochCache(60, 3);
    loads = [];
  });

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  it('returns a value at its epoch alone.', (): void => {
    cache.set('a', 1, 5);
    expect([ cache.get('a', 1), cache.get('a', 2), cache.get('b', 1), cache.get('a', undefined) ])
      .toEqual([ 5, undefined, undefined, undefined ]);
    cache.set('a', undefined, 0);
    expect([ cache.get('a', undefined), cache.get('a', 1) ]).toEqual([ 0, 5 ]);
  });

  it('shares one load among concurrent calls.', async(): Promise<void> => {
    const calls = [ cache.fetch('a', 1, load), cache.fetch('a', 1, load), cache.fetch('b', 1, load) ];
    expect(loads).toHaveLength(2);
    loads[0](7);
    loads[1](8);
    expect(await Promise.all(calls)).toEqual([ 7, 7, 8 ]);
    expect(await cache.fetch('a', 1, load)).toBe(7);
    expect(loads).toHaveLength(2);
  });

  it('loads an expired value once, with a new age.', async(): Promise<void> => {
    const start = performance.now();
    const now = jest.spyOn(performance, 'now').mockReturnValue(start);
    const count = async(): Promise<number> => loads.push((): void => {});
    expect(await cache.fetch('a', 1, count)).toBe(1);
    now.mockReturnValue(start + 60_001);
    expect(await cache.fetch('a', 1, count)).toBe(2);
    expect(await cache.fetch('a', 1, count)).toBe(2);
  });

  it('never returns a load that began before a change of the epoch to a call after it.', async(): Promise<void> => {
    const early = cache.fetch('a', 1, load);
    const late = cache.fetch('a', 2, load);
    expect(loads).toHaveLength(2);
    loads[1](2);
    expect(await late).toBe(2);
    loads[0](1);
    expect(await early).toBe(1);
    expect(await cache.fetch('a', 2, load)).toBe(2);
  });

  it('caches nothing of a load that fails.', async(): Promise<void> => {
    await expect(cache.fetch('a', 1, async(): Promise<number> => {
      throw new Error('unreadable');
    })).rejects.toThrow('unreadable');
    const again = cache.fetch('a', 1, load);
    loads[0](3);
    expect(await again).toBe(3);
  });

  it('forgets a value at its maximum age, also if it was replaced.', (): void => {
    const start = performance.now();
    const now = jest.spyOn(performance, 'now').mockReturnValue(start);
    cache.set('a', 1, 5);
    now.mockReturnValue(start + 59_000);
    cache.set('a', 1, 6);
    expect(cache.get('a', 1)).toBe(6);
    now.mockReturnValue(start + 60_001);
    expect(cache.get('a', 1)).toBeUndefined();
  });

  it('evicts the least recently used values, by their sizes.', async(): Promise<void> => {
    cache.set('a', 1, 1);
    cache.set('b', 1, 2);
    cache.set('c', 1, 3);
    cache.get('a', 1);
    cache.set('d', 1, 4, 2);
    expect([ 'a', 'b', 'c', 'd' ].map((name): unknown => cache.get(name, 1))).toEqual([ 1, undefined, undefined, 4 ]);
  });

  it('completes a load whose entry is evicted.', async(): Promise<void> => {
    const calls = Array.from({ length: 5 }, async(_, index): Promise<number> => cache.fetch(`${index}`, 1, load));
    cache.set('x', 1, 1, 3);
    loads.forEach((resolve, index): void => resolve(index));
    expect(await Promise.all(calls)).toEqual([ 0, 1, 2, 3, 4 ]);
  });
});

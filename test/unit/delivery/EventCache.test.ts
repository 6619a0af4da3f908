import { EventCache } from '../../../src/delivery/EventCache';
import type { DeliveredEvent } from '../../../src/delivery/TargetKind';
import { anEvent } from '../../contract/fixtures';

describe('The cache of the events of deliveries', (): void => {
  let read: number[];
  let stored: (key: number) => DeliveredEvent | undefined;
  let cache: EventCache;

  beforeEach((): void => {
    read = [];
    stored = (): DeliveredEvent => ({ ...anEvent(), hops: 0 });
    cache = new EventCache({
      eventOf: async(key): Promise<DeliveredEvent | undefined> => {
        read.push(key);
        return stored(key);
      },
    });
  });

  it('returns one object for all deliveries of an event.', async(): Promise<void> => {
    const event = await cache.get(1);
    expect(await cache.get(1)).toBe(event);
    expect(await cache.get(2)).not.toBe(event);
    expect(read).toEqual([ 1, 2 ]);
  });

  it('keeps 64 events.', async(): Promise<void> => {
    for (let key = 1; key <= 65; key += 1) {
      await cache.get(key);
    }
    for (let key = 2; key <= 65; key += 1) {
      await cache.get(key);
    }
    expect(read).toHaveLength(65);
    await cache.get(1);
    expect(read.slice(65)).toEqual([ 1 ]);
  });

  it('fails for a removed event, and keeps no failure.', async(): Promise<void> => {
    const { eventOf } = { eventOf: stored };
    stored = (): undefined => undefined;
    await expect(cache.get(7)).rejects.toThrow('Event 7 is no longer in the store');
    stored = (): never => {
      throw new Error('disk');
    };
    await expect(cache.get(7)).rejects.toThrow('disk');
    stored = eventOf;
    expect(await cache.get(7)).toMatchObject({ hops: 0 });
  });
});

import TTLCache from '@isaacs/ttlcache';
import type { DeliveredEvents } from './DeliveryQueue';
import type { DeliveredEvent } from './TargetKind';

/** Maximum number of cached events, and their lifetime in milliseconds. */
const MAX_EVENTS = 64;
const LIFETIME = 60_000;

/**
 * Caches the events of deliveries, so that an event with many targets is read once.
 *
 * Returns the same object for each delivery of an event; target kinds cache its representations by this object.
 */
export class EventCache {
  private readonly events = new TTLCache<number, DeliveredEvent>({
    max: MAX_EVENTS, ttl: LIFETIME, checkAgeOnGet: true,
  });

  /**
   * @param store - Storage of events.
   */
  public constructor(private readonly store: DeliveredEvents) {}

  /**
   * Returns an event.
   *
   * @param key - Key of the event in the store.
   *
   * @throws Error if the event was removed.
   */
  public async get(key: number): Promise<DeliveredEvent> {
    const cached = this.events.get(key);
    if (cached) {
      return cached;
    }
    const event = await this.store.eventOf(key);
    if (!event) {
      throw new Error(`Event ${key} is no longer in the store`);
    }
    this.events.set(key, event);
    return event;
  }
}

import type { DeliveryStore } from '../store/DeliveryStore';

/**
 * Tells the time by which deliveries are due: in milliseconds since 1970, and never back or in leaps.
 *
 * It takes the time of day when it starts and then counts by itself, so setting the clock of the machine neither
 * stalls what waits nor makes all of it due. Over a restart it does not go back behind what was noted.
 */
export class SteadyClock {
  private base = Date.now();
  private begun = performance.now();

  /**
   * @param store - Notes the time.
   */
  public constructor(private readonly store: DeliveryStore) {}

  /** Takes up the time of day, or the time that was noted, whichever is later. */
  public async start(): Promise<void> {
    this.base = Math.max(Date.now(), await this.store.moment());
    this.begun = performance.now();
  }

  /** The time, in whole milliseconds. */
  public now(): number {
    return Math.floor(this.base + performance.now() - this.begun);
  }

  /** Notes the time, for the next start. */
  public async note(): Promise<void> {
    await this.store.noteMoment(this.now());
  }
}

import type { ClaimedDelivery, TargetStateStore } from './DeliveryQueue';
import type { DeliveryListener } from './DeliveryListener';

/** Minimum time between two notifications of dead letters of a target, in milliseconds. */
const DEAD_INTERVAL = 60 * 60_000;

/**
 * Disables targets and records dead letters, and notifies listeners of both.
 */
export class FailureNotifier {
  /**
   * @param store - States of targets.
   * @param listeners - Listeners for failures.
   * @param report - Receives errors.
   */
  public constructor(
    private readonly store: TargetStateStore,
    private readonly listeners: readonly DeliveryListener[],
    private readonly report: (message: string) => void,
  ) {}

  /**
   * Disables the target of a delivery, or records a dead letter. Notifies listeners of a new state, and of dead letters
   * at most once per hour and target.
   *
   * @param delivery - The delivery.
   * @param failure - The failure.
   * @param reason - Description for the owner.
   * @param now - The time, in milliseconds since 1970.
   */
  public async notify(delivery: ClaimedDelivery, failure: 'disabled' | 'dead', reason: string, now: number): Promise<void> {
    try {
      const news = await (failure === 'disabled' ?
        this.store.disable(delivery.target, now) :
        this.store.noteDead(delivery.target, now, now - DEAD_INTERVAL));
      for (const listener of news ? this.listeners : []) {
        await listener.failed(delivery, news!, failure, reason);
      }
    } catch (error: unknown) {
      this.report(`Notifying the owner of ${delivery.pod} failed: ${(error as Error).message}`);
    }
  }
}

import type { Attempt, DeliveryState } from '../store/deliveries';
import type { ClaimedDelivery, TargetNews } from './ports';
import type { Verdict } from './retry';

/**
 * Receives attempts, ended deliveries and failures of targets.
 */
export abstract class DeliveryListener {
  /** Receives an attempt with its outcome. Returns at once. */
  public abstract attempted(delivery: ClaimedDelivery, verdict: Verdict, attempt: Attempt): void;

  /** Receives a delivery that ended without an attempt, with its state. Returns at once. Optional. */
  public unsent?(delivery: ClaimedDelivery, state: DeliveryState): void;

  /**
   * Receives a disabled target (`disabled`), or a dead letter (`dead`).
   *
   * @param delivery - The failed delivery.
   * @param news - The target, with the subscriptions to notify.
   * @param failure - The failure.
   * @param reason - Description for the owner.
   */
  public abstract failed(
    delivery: ClaimedDelivery,
    news: TargetNews,
    failure: 'disabled' | 'dead',
    reason: string,
  ): Promise<void>;
}

import type { Attempt, DeliveryState } from '../store/deliveries';
import type { ClaimedDelivery, TargetNews } from './ports';
import type { Verdict } from './retry';

/**
 * Is told what becomes of deliveries, and of their targets.
 */
export abstract class DeliveryListener {
  /** An attempt was made; returns at once. */
  public abstract attempted(delivery: ClaimedDelivery, verdict: Verdict, attempt: Attempt): void;

  /** A delivery has ended without an attempt, as this state says; returns at once. Who does not ask is not told. */
  public unsent?(delivery: ClaimedDelivery, state: DeliveryState): void;

  /**
   * Nothing is sent to a target any more (`disabled`), or a delivery to it is given up (`dead`).
   *
   * @param delivery - The delivery by which that was found out.
   * @param news - The target, and whose subscriptions name it.
   * @param what - What it is.
   * @param reason - What happened, in words for the owner.
   */
  public abstract failed(
    delivery: ClaimedDelivery,
    news: TargetNews,
    what: 'disabled' | 'dead',
    reason: string,
  ): Promise<void>;
}

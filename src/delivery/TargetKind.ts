import type { Event } from '../event/Event';
import type { SubscribableTarget } from '../subscription/ports';
import type { ResponseRules, Sent } from './attempt';
import type { ClaimedDelivery, DeliveryBatch } from './DeliveryQueue';

/** An event of a delivery, with its number of hops before this server sends it. */
export type DeliveredEvent = Event & { readonly hops: number };

/**
 * A kind of delivery targets: how agents subscribe with it, and how deliveries are sent and judged.
 *
 * Each kind has its own folder and configuration part. The delivery worker applies retries, circuit breakers, limits
 * and the log to every kind.
 */
export interface TargetKind {
  /** Name in the store and in documents. */
  readonly name: string;
  /** Description of one delivery, for logs. */
  readonly description: string;
  /** Whether a target that fails for too long is disabled, until its owner subscribes again. */
  readonly canBeDisabled: boolean;
  /** Decide the outcome of an attempt from the response of the target. */
  readonly responses: ResponseRules;
  /** The subscription side; absent if agents cannot subscribe with this kind. */
  readonly subscription?: SubscribableTarget;
  /** Returns the URL of a target without its secrets, for logs. */
  displayUrl: (url: string) => string;
  /** Makes one attempt to send a delivery. Errors of the network and of the target are its result. */
  send: (delivery: ClaimedDelivery, event: DeliveredEvent) => Promise<Sent>;
  /**
   * Makes one attempt to send the events of a batch, oldest first; required if targets of this kind have limits of
   * batches.
   *
   * @param batch - First delivery of the batch.
   * @param events - Events of all deliveries of the batch.
   */
  sendBatch?: (batch: ClaimedDelivery & { readonly batch: DeliveryBatch }, events: readonly DeliveredEvent[]) =>
  Promise<Sent>;
  /** Whether the server of the publisher sends the event to the subscriber, so that this server does not. */
  isSentByOrigin?: (delivery: ClaimedDelivery, event: DeliveredEvent) => Promise<boolean>;
}

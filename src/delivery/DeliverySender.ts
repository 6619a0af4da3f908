import type { Sent } from './attempt';
import type { ClaimedDelivery } from './DeliveryQueue';
import type { TargetKind } from './TargetKind';

/** Properties of a target kind that decide the outcome of an attempt. */
export type DeliveryTarget = Pick<TargetKind, 'canBeDisabled' | 'responses'>;

/**
 * Sends deliveries to their targets.
 */
export interface DeliverySender {
  /** Returns the target kind of a delivery, or `undefined` if it is not registered. */
  kindOf: (delivery: ClaimedDelivery) => DeliveryTarget | undefined;
  /** Whether the server of the publisher sends the event to the subscriber, so that this server does not. */
  isSentByOrigin: (delivery: ClaimedDelivery) => Promise<boolean>;
  /** Makes one attempt to send a delivery, or its batch. Errors of the network and of the target are its result. */
  send: (delivery: ClaimedDelivery) => Promise<Sent>;
}

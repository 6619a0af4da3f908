/**
 * State of a delivery:
 *
 * - `waiting`: the next attempt is due or scheduled;
 * - `delivered`: the target confirmed it;
 * - `dead`: a dead letter, abandoned after failed attempts;
 * - `refused`: the subscriber may not receive the event;
 * - `ended`: no longer required, because the subscription ended.
 */
export type DeliveryState = 'waiting' | 'delivered' | 'dead' | 'refused' | 'ended';

/**
 * Target of deliveries.
 */
export interface Target {
  /** Name of the target kind. */
  readonly kind: string;
  /** URL of the target: its address, or the WebID of a recipient. */
  readonly url: string;
  /** WebID of the subscriber, or of the recipient. */
  readonly agent: string;
}

/**
 * An attempt, in the delivery log.
 */
export interface Attempt {
  /** Start, in milliseconds since 1970. */
  readonly at: number;
  /** Duration, in milliseconds. */
  readonly duration: number;
  /** HTTP status of the response, if there was one. */
  readonly status?: number;
  /** Reason of a failure, for the pod's owner. */
  readonly reason?: string;
}

/**
 * A delivery, in the delivery log.
 */
export interface DeliveryRecord extends Target {
  /** Key of the delivery, and its place in the log. */
  readonly id: number;
  readonly state: DeliveryState;
  /** URL of the event. */
  readonly event: string;
  readonly topic: string;
  /** Id of the subscription; `null` for a recipient. */
  readonly subscription: string | null;
  /** Time of its creation, or of the last redelivery request. */
  readonly created: number;
  /** Time of the next attempt, if it waits. */
  readonly due: number | null;
  readonly copy: string | null;
  /** Id of the batch of the last attempt, if it was sent with others. */
  readonly batch?: string;
  /** Whether the target is disabled, because it was gone or failed for too long. */
  readonly isDisabled: boolean;
  /** Whether the event was removed, so that it cannot be delivered again. */
  readonly isEventRemoved?: true;
  /** The last 100 attempts, oldest first. */
  readonly attempts: readonly Attempt[];
}

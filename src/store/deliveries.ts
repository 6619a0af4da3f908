/** What a target is: an inbox, a webhook, or whatever inbox the profile of a recipient names. */
export type TargetKind = 'inbox' | 'webhook' | 'recipient';

/**
 * What becomes of a delivery: it waits for its next attempt, was made, failed for good,
 * was not made because the subscriber may not receive it any more, or because nobody asks for it any more.
 */
export type DeliveryState = 'waiting' | 'delivered' | 'dead' | 'refused' | 'ended';

/**
 * Where deliveries go.
 */
export interface Target {
  readonly kind: TargetKind;
  /** The URL of the inbox or webhook, or the WebID of the recipient. */
  readonly url: string;
  /** The WebID for whom it is: the subscriber's, or the recipient's. */
  readonly agent: string;
}

/**
 * One attempt, as the log shows it.
 */
export interface Attempt {
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly duration: number;
  /** The HTTP status of the answer, if there was one. */
  readonly status?: number;
  /** What went wrong, in words for the pod's owner. */
  readonly reason?: string;
}

/**
 * A delivery as the log shows it.
 */
export interface DeliveryRecord extends Target {
  /** The key of the delivery, which is also the place in the log. */
  readonly id: number;
  readonly state: DeliveryState;
  /** The URL of the event. */
  readonly event: string;
  readonly topic: string;
  /** The id of the subscription; `null` for a recipient. */
  readonly subscription: string | null;
  /** When it came into being, or was last asked for again. */
  readonly created: number;
  /** When it is tried next, if it waits. */
  readonly due: number | null;
  readonly copy: string | null;
  /** Whether nothing is sent to the target any more, because that was gone or failed for too long. */
  readonly isDisabled: boolean;
  /** Whether the event is gone, so that it cannot be delivered again. */
  readonly isEventRemoved?: true;
  /** The last 100 attempts, oldest first. */
  readonly attempts: readonly Attempt[];
}

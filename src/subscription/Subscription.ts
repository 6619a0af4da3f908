import type { TopicPattern } from '../event/TopicPattern';

/**
 * What a client asks to follow.
 */
export interface SubscriptionDraft {
  readonly pattern: TopicPattern;
  /** The URL of the inbox that gets the copies. */
  readonly inbox?: string;
  /** The URL of the webhook that gets them instead. */
  readonly webhook?: string;
}

/**
 * An agent follows a topic of a pod, and gets a copy of each matching event in an inbox, or by a webhook.
 */
export interface Subscription extends SubscriptionDraft {
  /** UUIDv7, minted by the server. */
  readonly id: string;
  /** The base URL of the pod whose events it follows, ending in `/`. */
  readonly pod: string;
  /** The WebID of the subscriber. */
  readonly agent: string;
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
  /** Whether nothing is sent to its target any more, because that was gone or failed for too long. */
  readonly isDisabled?: boolean;
}

/** The container of a pod that holds its subscriptions. */
export function subscriptionsContainer(pod: string): string {
  return `${pod}subscriptions/`;
}

/** The URL of a subscription. */
export function subscriptionUrl({ pod, id }: Pick<Subscription, 'pod' | 'id'>): string {
  return `${subscriptionsContainer(pod)}${id}`;
}

import type { TopicPattern } from '../event/TopicPattern';
import type { TargetSettings } from './TargetSettings';

/**
 * A request to subscribe to a topic pattern.
 */
export interface SubscriptionDraft {
  readonly pattern: TopicPattern;
  /** Canonical text of the filters, see `parseFilters`; absent if every event of the topics matches. */
  readonly filters?: string;
  /** Name of the target kind. */
  readonly kind: string;
  /** URL of the target, in the form that the target kind stores. */
  readonly url: string;
  /** Settings of the target, if the request has any. */
  readonly settings?: TargetSettings;
}

/**
 * A subscription of an agent to a topic pattern of a pod.
 */
export interface Subscription {
  /** UUIDv7, assigned by the server. */
  readonly id: string;
  /** Base URL of the pod, ending in `/`. */
  readonly pod: string;
  readonly pattern: TopicPattern;
  /** Canonical text of the filters; absent if every event of the topics matches. */
  readonly filters?: string;
  /** Name of the target kind; absent if the target is a container of this server, which receives copies. */
  readonly kind?: string;
  /** URL of the target. */
  readonly url: string;
  /** WebID of the subscriber. */
  readonly agent: string;
  /** Creation time, in milliseconds since 1970. */
  readonly created: number;
  /** Whether the target is disabled, because it was gone or failed for too long. */
  readonly isDisabled?: boolean;
  /** Settings of the target, in a form of the target kind. */
  readonly settings?: string;
}

/** The container of a pod that lists its subscriptions. */
export function subscriptionsContainer(pod: string): string {
  return `${pod}subscriptions/`;
}

/** The URL of a subscription. */
export function subscriptionUrl({ pod, id }: Pick<Subscription, 'pod' | 'id'>): string {
  return `${subscriptionsContainer(pod)}${id}`;
}

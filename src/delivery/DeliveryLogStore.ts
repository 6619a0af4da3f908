import type { TopicPattern } from '../event/TopicPattern';
import type { DeliveryRecord, DeliveryState } from '../store/deliveries';
import type { WatchedCopy } from '../store/WatchedCopy';
import type { Subscription } from '../subscription/Subscription';
import type { DeliveredEvents } from './DeliveryQueue';
import type { NoticeReceipts } from './FanOutQueue';

/**
 * Filter of the delivery log.
 */
export interface DeliveryFilter {
  /** Only deliveries for this agent. */
  readonly agent?: string;
  /** Only deliveries of the event with this id. */
  readonly event?: string;
  /** Only deliveries of the subscription with this id. */
  readonly subscription?: string;
  readonly state?: DeliveryState;
  /** Only deliveries of topics that match one of these patterns. */
  readonly topics?: readonly TopicPattern[];
  /** Only deliveries created, or requested again, at this time or later, in milliseconds since 1970. */
  readonly since?: number;
  /** Only deliveries created, or requested again, before this time. */
  readonly until?: number;
}

/**
 * Range of the events of a pod.
 */
export interface EventRange {
  /** Only events of matching topics. */
  readonly pattern: TopicPattern;
  /** Only events published at this time or later, in milliseconds since 1970. */
  readonly since: number;
  /** Only events published before this time. */
  readonly until: number;
}

/**
 * An event in a container of a pod, with the facts that decide whether the pod forwards it.
 */
export interface StoredEvent {
  /** Key of the event. */
  readonly event: number;
  readonly topic: string;
  /** Base URL of the pod of its publication. */
  readonly origin: string;
  /** Number of hops, before its publication and since. */
  readonly hops: number;
  /** Whether it was published on this server. */
  readonly isPublishedHere: boolean;
  /** Whether the pod received it from another server, as an event for its owner. */
  readonly isReceived: boolean;
  /** Recipients and sources in its document; empty unless it was published on this server. */
  readonly addressees: readonly string[];
}

/**
 * One step through the events of a pod.
 */
export interface StoredEvents {
  readonly events: readonly StoredEvent[];
  /** Key of the last checked event; absent if there are no further events. */
  readonly last?: number;
}

/**
 * Result of one step of a replay.
 */
export interface Replayed {
  /** Number of requested deliveries, or of written copies. */
  readonly events: number;
  /** Copies written to watched containers. */
  readonly watched: readonly WatchedCopy[];
}

/**
 * Delivery log of a pod.
 */
export interface DeliveryLogStore {
  /**
   * Returns deliveries of a pod, newest first. Reads in steps, with a turn of the event loop after each.
   *
   * @param pod - Base URL of the pod.
   * @param filter - Filter of the log.
   * @param before - Only deliveries with smaller ids.
   * @param limit - Maximum number of deliveries.
   */
  listDeliveries: (pod: string, filter: DeliveryFilter, before: number, limit: number) => Promise<DeliveryRecord[]>;
  /** Returns one delivery of a pod. */
  getDelivery: (pod: string, id: number) => Promise<DeliveryRecord | undefined>;
}

/**
 * Replay of events to a subscription.
 */
export interface ReplayStore {
  /**
   * Requests deliveries of events to the target of a subscription, including events delivered before. A local inbox
   * gets missing copies.
   *
   * @param pod - Base URL of the pod.
   * @param subscription - Id of the subscription.
   * @param events - Keys of events that the pod forwards and the subscriber may receive.
   * @param now - Due time of the deliveries.
   *
   * @returns The result, or `undefined` if the subscription does not exist.
   */
  replay: (pod: string, subscription: string, events: readonly number[], now: number) => Promise<Replayed | undefined>;
  /**
   * Returns events in containers, by increasing keys.
   *
   * @param pod - Base URL of the requested pod.
   * @param containers - URLs of the containers.
   * @param range - Range of the events.
   * @param after - Key of the last event of the previous call, or 0.
   * @param limit - Maximum number of events to check.
   */
  eventsBetween: (
    pod: string,
    containers: readonly string[],
    range: EventRange,
    after: number,
    limit: number,
  ) => Promise<StoredEvents>;
}

/**
 * Manual ends and retries of deliveries.
 */
export interface ManualDeliveries {
  /** Returns the WebID of the publisher of a delivery's event; `undefined` if unknown, or if the event was removed. */
  publisherOf: (pod: string, id: number) => Promise<string | undefined>;
  /**
   * Requests a dead delivery again, unless it was requested again before: it is due at once, with all its attempts.
   *
   * @returns Whether the delivery was requested. Of concurrent calls, one returns `true`.
   */
  retry: (pod: string, id: number, now: number) => Promise<boolean>;
  /**
   * Ends a waiting or dead delivery: its state is `ended`, and the log has a reason. Discards the outcome of an attempt
   * in progress. A waiting delivery continues for the subscriptions of other pods to the same target.
   *
   * @returns Whether the delivery was ended. Of concurrent calls, one returns `true`.
   */
  abort: (pod: string, id: number, now: number) => Promise<boolean>;
}

/**
 * Delivery log and replay.
 */
export interface DeliveryHistory extends DeliveryLogStore, DeliveredEvents, ManualDeliveries, ReplayStore {
  /**
   * Requests a delivery again in any state: it is due at once, with all its attempts. Discards the outcome of an
   * attempt in progress.
   *
   * @returns Whether the delivery exists.
   */
  redeliver: (pod: string, id: number, now: number) => Promise<boolean>;
}

/**
 * Subscriptions and notices, for the delivery log.
 */
export interface LoggedSubscriptions extends NoticeReceipts {
  /** Returns a subscription of a pod, by its id. */
  getSubscription: (pod: string, id: string) => Promise<Subscription | undefined>;
}

import type { WatchedCopy } from '../store/WatchedCopy';
import type { DeliveredEvents } from './DeliveryQueue';

/**
 * An event in the fan-out queue of a pod.
 */
export interface PendingForward {
  /** Base URL of the pod. */
  readonly pod: string;
  readonly topic: string;
  /** Key of the event in the store; later events have larger keys. */
  readonly event: number;
}

/**
 * Cached access decisions about the readers of a topic, valid at one access epoch of the pod.
 */
export interface ReaderScope {
  /** Identifies the scope in this process. */
  readonly id: number;
  readonly epoch: number;
}

/**
 * A subscription with unconfirmed consent: its agent may have lost control of its inbox by a change of access.
 */
export interface UnconfirmedConsent {
  /** Key of the subscription in the store. */
  readonly subscription: number;
  /** Distinguishes this change from later changes for the same subscription. */
  readonly mark: string;
  /** WebID of the subscriber. */
  readonly agent: string;
  /** URL of the inbox. */
  readonly inbox: string;
}

/**
 * An event at the head of a fan-out queue.
 */
export interface OldForward {
  /** Base URL of the pod. */
  readonly pod: string;
  /** Time of its storage, in milliseconds since 1970, if known. */
  readonly since?: number;
}

/**
 * State of the fan-out queues of all pods.
 */
export interface ForwardBacklog {
  /** Number of events in the queues, counted up to a limit. */
  readonly waiting: number;
  /** The oldest events, in order. */
  readonly oldest: readonly OldForward[];
}

/**
 * Result of one fan-out step.
 */
export interface FanOutStepResult {
  /**
   * - `done`: the fan-out of the event is complete;
   * - `more`: the step reached its limit;
   * - `unknown`: access decisions about `unknown` agents, confirmations of `unconfirmed` subscriptions, or decisions of
   *   filters are missing;
   * - `stale`: access to the pod has changed since the scope was opened, so that a new scope is required.
   */
  readonly outcome: 'done' | 'more' | 'unknown' | 'stale';
  /** WebIDs of agents without an access decision in the scope. */
  readonly unknown: readonly string[];
  /** Subscriptions with unconfirmed consent. */
  readonly unconfirmed: readonly UnconfirmedConsent[];
  /** Copies written to watched containers. */
  readonly watched: readonly WatchedCopy[];
  /** Whether the step added deliveries. */
  readonly hasDeliveries: boolean;
  /** Whether the outcome is `unknown` because filters are undecided, see {@link FilterDecisionStore}. */
  readonly isUndecided?: boolean;
}

/**
 * Distinct filters of the subscriptions of a pod.
 */
export interface StoredFilter {
  /** Key in the store; no other filters get it. */
  readonly id: number;
  /** Canonical text. */
  readonly text: string;
}

/**
 * An event in a fan-out queue, with filters that are not decided for it.
 */
export interface UndecidedEvent {
  /** Key of the event. */
  readonly event: number;
  readonly filters: readonly StoredFilter[];
}

/**
 * Fan-out queue: events with copies or deliveries that are not written.
 */
export interface FanOutQueue {
  /**
   * Returns the oldest event of each pod with a queue, starting after the pods of the last call.
   *
   * @param limit - Maximum number of pods.
   */
  pendingForwards: (limit: number) => Promise<PendingForward[]>;
  /**
   * Makes one fan-out step: writes copies and deliveries for a bounded number of subscriptions, in one transaction with
   * the cursor. Does not write a copy that exists or was removed. Uses the remaining limit for later events of the
   * same pod and topic.
   *
   * @param forward - The event.
   * @param scope - Access decisions about its readers.
   * @param limit - Maximum number of subscriptions.
   * @param skipUnconfirmed - Whether to skip unconfirmed subscriptions; they receive no copy.
   * @param now - Due time of deliveries, in milliseconds since 1970.
   */
  fanOutStep: (
    forward: PendingForward,
    scope: ReaderScope,
    limit: number,
    skipUnconfirmed?: boolean,
    now?: number,
  ) => Promise<FanOutStepResult>;
  /** Stores whether the agents of subscriptions control their inboxes. Later changes stay unconfirmed. */
  confirm: (answers: ReadonlyMap<UnconfirmedConsent, boolean>) => Promise<void>;
}

/**
 * Access decisions that fan-out steps join in their statements.
 */
export interface ReaderScopeStore {
  /** Opens a scope for a topic of a pod, at the current access epoch of the pod. */
  openScope: (pod: string) => Promise<ReaderScope>;
  /** Adds access decisions to a scope, by WebID. */
  learn: (scope: ReaderScope, allowed: ReadonlyMap<string, boolean>) => Promise<void>;
  /** Removes a scope and its decisions. */
  closeScope: (scope: ReaderScope) => Promise<void>;
}

/**
 * Decisions of filters about events that fan-out steps join in their statements.
 *
 * They belong to one process and end with it; another process decides again.
 */
export interface FilterDecisionStore extends DeliveredEvents {
  /**
   * Returns the next events of a queue with undecided filters: a bounded number of events of the same pod and topic.
   *
   * @param forward - The first event.
   */
  undecided: (forward: PendingForward) => Promise<UndecidedEvent[]>;
  /**
   * Adds decisions about an event.
   *
   * @param forward - Pod and key of the event.
   * @param matches - Whether the event matches, by the keys of filters.
   */
  decide: (forward: Pick<PendingForward, 'pod' | 'event'>, matches: ReadonlyMap<number, boolean>) => Promise<void>;
}

/**
 * Receipts of emitted notifications.
 */
export interface NoticeReceipts {
  /** Removes the notices of copies after their notifications are emitted. */
  removeNotices: (copies: readonly WatchedCopy[]) => Promise<void>;
}

/**
 * Notices: copies in watched containers without a confirmed notification.
 */
export interface NoticeStore extends NoticeReceipts {
  /** Returns notices, oldest first. */
  listNotices: (limit: number) => Promise<WatchedCopy[]>;
}

/**
 * Storage of the fan-out.
 */
export interface FanOutStore extends FanOutQueue, ReaderScopeStore, FilterDecisionStore, NoticeStore {
  /** Returns the state of the queues, counted up to a limit. */
  forwardBacklog: (limit: number) => Promise<ForwardBacklog>;
}

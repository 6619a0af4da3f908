import type { Event } from '../event/Event';
import type { Attempt, DeliveryState, Target } from '../store/deliveries';

/**
 * Health of a host; times are in milliseconds since 1970.
 */
export interface HostRecord {
  /** Number of failures since the last success. */
  readonly failures: number;
  /** Time of the first of them, or `null`. */
  readonly since: number | null;
  /** Time until which the circuit is open, or `null` if it is closed. */
  readonly openUntil: number | null;
}

/**
 * A host with due deliveries.
 */
export interface DueHost extends HostRecord {
  /** Key of the host in the store. */
  readonly host: number;
  /** Name of the host, with its port. */
  readonly name: string;
}

/**
 * Number of deliveries to claim for a host.
 */
export interface ClaimRequest {
  /** Key of the host. */
  readonly host: number;
  /** Maximum number of deliveries; with 0, the host is not due again until the lease ends or an outcome is written. */
  readonly limit: number;
}

/**
 * A delivery that this worker claims until its lease ends.
 */
export interface ClaimedDelivery extends Target {
  /** Key of the delivery in the store. */
  readonly delivery: number;
  /** Claim id; an outcome is written only if its claim id is current. */
  readonly claim: number;
  /** Key of the host. */
  readonly host: number;
  /** Key of the target. */
  readonly target: number;
  /** Key of the event. */
  readonly event: number;
  readonly topic: string;
  /** Base URL of the pod that forwards the event. */
  readonly pod: string;
  /** Id of the subscription; `null` for a recipient. */
  readonly subscription: string | null;
  /** Whether the subscription exists. */
  readonly isWanted: boolean;
  /** Number of attempts. */
  readonly tries: number;
  /** Work time of its creation, or of the last redelivery request, see {@link DeliveryClock.worked}. */
  readonly begun: number;
  /** Secrets that sign the delivery, the current one first. */
  readonly secrets: readonly string[];
  /** Credential of requests to the target, in a form of its kind, or `null`. */
  readonly credential: string | null;
  /** Settings of the target, in a form of its kind, or `null`. */
  readonly settings: string | null;
  /** Maximum number of deliveries per minute to the target, or `null` if unlimited. */
  readonly rate: number | null;
  /** Time until which the target requested no deliveries, or `null`. */
  readonly pausedUntil: number | null;
  /** Work time of the target's first failure since its last success, or `null`. */
  readonly failing: number | null;
  /** Time at which the target was disabled, or `null`. */
  readonly disabled: number | null;
  /** Batch of the delivery; absent if it is sent alone. */
  readonly batch?: DeliveryBatch;
}

/**
 * Deliveries that one attempt sends together. Retries have the same id and the same members, without those that ended.
 */
export interface DeliveryBatch {
  /** UUID of the batch, equal in each attempt. */
  readonly id: string;
  /** The other deliveries of the batch, which have the same target and claim. */
  readonly others: readonly ClaimedDelivery[];
}

/** Whether a delivery is still required. */
export type Demand = Pick<ClaimedDelivery, 'isWanted' | 'disabled'>;

/**
 * Outcome of a claimed delivery.
 */
export interface FinishedDelivery {
  readonly delivery: number;
  readonly claim: number;
  readonly host: number;
  readonly state: DeliveryState;
  /** Due time of the next attempt, if the delivery waits. */
  readonly due?: number;
  /** The attempt, if one was made. */
  readonly attempt?: Attempt;
  /** URL of the copy, if the target returned it. */
  readonly copy?: string;
}

/**
 * Changes of the states of hosts and targets, which are written with outcomes.
 */
export interface Findings {
  /** Health of hosts, by their keys. */
  readonly hosts: ReadonlyMap<number, HostRecord>;
  /** Work time of the first failure of targets since their last success, or `null`, by their keys. */
  readonly failing: ReadonlyMap<number, number | null>;
  /**
   * Time until which targets requested no deliveries, by their keys; applies to all targets of the same URL and kind.
   */
  readonly pauses?: ReadonlyMap<number, number>;
}

/** Subscriptions to notify of a change of a target. */
export interface TargetNews {
  /** Key of the target. */
  readonly target: number;
  /** The subscriptions with this target, with the base URLs of their pods. */
  readonly subscriptions: readonly { readonly pod: string; readonly id: string; readonly pattern: string }[];
}

/**
 * Claims of due deliveries.
 */
export interface ClaimStore {
  /** Returns hosts with due deliveries, those due longest first. */
  dueHosts: (now: number, limit: number) => Promise<DueHost[]>;
  /**
   * Claims due deliveries of hosts, oldest first. A delivery of a batch is claimed with the whole batch, as one.
   *
   * @param requests - Maximum numbers of deliveries, by host.
   * @param now - The time, in milliseconds since 1970.
   * @param until - End of the leases.
   */
  claim: (requests: readonly ClaimRequest[], now: number, until: number) => Promise<ClaimedDelivery[]>;
}

/**
 * Outcomes of claimed deliveries.
 */
export interface OutcomeStore {
  /** Writes outcomes in one transaction. Discards outcomes with an outdated claim id. */
  finish: (finished: readonly FinishedDelivery[], findings: Findings) => Promise<void>;
}

/**
 * Current demand for claimed deliveries.
 */
export interface DemandStore {
  /** Whether a claimed delivery is still required; the claim may be old. */
  demandFor: (delivery: ClaimedDelivery) => Promise<Demand>;
}

/**
 * States of targets, for notifications of owners.
 */
export interface TargetStateStore {
  /** Disables a target. Returns the subscriptions to notify, or `undefined` if it was disabled before. */
  disable: (target: number, now: number) => Promise<TargetNews | undefined>;
  /**
   * Records the notification of a dead letter.
   *
   * @param target - Key of the target.
   * @param now - Time of the notification.
   * @param since - An earlier notification after this time suppresses the new one.
   *
   * @returns The subscriptions to notify, or `undefined` if the notification is suppressed.
   */
  noteDead: (target: number, now: number, since: number) => Promise<TargetNews | undefined>;
}

/**
 * Delivery queue of the worker.
 */
export interface DeliveryQueue extends ClaimStore, OutcomeStore, DemandStore, TargetStateStore {}

/**
 * Events of deliveries.
 */
export interface DeliveredEvents {
  /** Returns an event with its number of hops, by its key, or `undefined` if it was removed. */
  eventOf: (event: number) => Promise<(Event & { readonly hops: number }) | undefined>;
}

/**
 * Circuits of hosts, and pauses that targets requested.
 */
export interface HostStates {
  /**
   * Whether the circuit of a host is open, or a target requested no deliveries.
   *
   * @param name - Name of the host.
   * @param now - The time by the delivery clock.
   * @param target - A target of the host.
   */
  isPaused: (name: string, now: number, target?: Pick<Target, 'kind' | 'url'>) => Promise<boolean>;
}

/**
 * State of the delivery queue.
 */
export interface QueueState {
  /** Number of waiting deliveries. */
  readonly waiting: number;
  /** Due time of the delivery that is due longest; absent if none waits. */
  readonly oldestDue?: number;
  /** Number of hosts with an open circuit. */
  readonly openCircuits: number;
}

/**
 * Counts of the delivery queue, for metrics.
 */
export interface QueueCounts {
  /** Returns the state of the queue. */
  queue: (now: number) => Promise<QueueState>;
}

/**
 * Retention of the delivery log.
 */
export interface DeliveryRetention {
  /**
   * Removes ended deliveries that were created or requested again before a work time.
   *
   * @returns The number of removed deliveries, at most `limit`.
   */
  removeDeliveriesBefore: (workTime: number, limit: number) => Promise<number>;
  /**
   * Removes targets without subscriptions and deliveries, with their hosts.
   *
   * @param after - Key of the last target of the previous call, or 0.
   * @param limit - Maximum number of targets to check.
   *
   * @returns The key of the last checked target, or `undefined` if there are no further targets.
   */
  removeUnusedTargets: (after: number, limit: number) => Promise<number | undefined>;
}

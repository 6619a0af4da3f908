import type { Subscription } from '../subscription/Subscription';
import type { AttemptResult } from './retry';
import type { Event } from '../event/Event';
import type { TopicPattern } from '../event/TopicPattern';
import type { WatchedCopy } from '../store/WatchedCopy';
import type { Attempt, DeliveryRecord, DeliveryState, Target } from '../store/deliveries';

/**
 * An event that waits to be forwarded by a pod.
 */
export interface PendingForward {
  readonly pod: string;
  readonly topic: string;
  /** The key of the event in the store; later events have larger ones. */
  readonly event: number;
}

/**
 * Answers known of the question which agents may receive a topic of a pod, valid at one access epoch of the pod.
 */
export interface ReaderScope {
  /** Identifies the scope in this process. */
  readonly id: number;
  readonly epoch: number;
}

/**
 * A subscription of which it is to be asked again whether its agent controls its inbox,
 * because access to the inbox has changed since that was found.
 */
export interface UnconfirmedConsent {
  /** The key of the subscription in the store. */
  readonly subscription: number;
  /** Tells this doubt from later ones about the same subscription. */
  readonly mark: string;
  /** The WebID of the subscriber. */
  readonly agent: string;
  /** The URL of the inbox. */
  readonly inbox: string;
}

/**
 * An event that a pod has not forwarded yet.
 */
export interface OldForward {
  /** The base URL of the pod. */
  readonly pod: string;
  /** When it was stored, in milliseconds since 1970, if that is known. */
  readonly since?: number;
}

/**
 * Events that are not forwarded yet.
 */
export interface ForwardBacklog {
  /** Number of events to forward, counted up to the given limit. */
  readonly waiting: number;
  /** The oldest of them, in order. */
  readonly oldest: readonly OldForward[];
}

/**
 * How far a forward got.
 */
export interface FanOutStepResult {
  /**
   * - `done`: there is nothing more to write;
   * - `more`: the bound was reached, and there may be more;
   * - `unknown`: it goes on when it is known if `unknown` agents may receive the topic, and `doubts` are settled;
   * - `stale`: it goes on with a new scope, because access to the pod has changed since this one was made.
   */
  readonly outcome: 'done' | 'more' | 'unknown' | 'stale';
  /** The WebIDs of the agents of whom it is not known if they may receive the topic. */
  readonly unknown: readonly string[];
  /** The subscriptions of which it is not known if their agents still control their inboxes. */
  readonly unconfirmed: readonly UnconfirmedConsent[];
  /** The copies that were written in watched containers. */
  readonly watched: readonly WatchedCopy[];
  /** Whether there are new deliveries to other servers. */
  readonly hasDeliveries: boolean;
}

/**
 * A host as far as its health is known; times are in milliseconds.
 */
export interface HostRecord {
  /** The failures without a success between them. */
  readonly failures: number;
  /** When the first of them was, or `null`. */
  readonly since: number | null;
  /** Until when it is left alone, or `null`. */
  readonly rests: number | null;
}

/**
 * A host to which something may be sent now.
 */
export interface DueHost extends HostRecord {
  /** The key of the host in the store. */
  readonly host: number;
  /** Its name and port. */
  readonly name: string;
}

/**
 * How much to claim of a host.
 */
export interface ClaimRequest {
  readonly host: number;
  /** The most deliveries; with 0 the host is only left alone until something of it ends. */
  readonly most: number;
}

/**
 * A delivery that nobody else attempts until its lease ends.
 */
export interface ClaimedDelivery extends Target {
  /** The key of the delivery in the store. */
  readonly delivery: number;
  /** Tells this claim from others of the same delivery. */
  readonly claim: number;
  readonly host: number;
  /** The key of the target. */
  readonly target: number;
  /** The key of the event. */
  readonly event: number;
  readonly topic: string;
  /** The base URL of the pod that forwards the event. */
  readonly pod: string;
  /** The id of the subscription for which it is; `null` for a recipient. */
  readonly subscription: string | null;
  /** Whether that subscription is still there. */
  readonly isWanted: boolean;
  /** The attempts that were made. */
  readonly tries: number;
  /** Work time at which it was made, or was last asked for again, see {@link DeliveryClock.worked}. */
  readonly begun: number;
  /** What signs deliveries to a webhook; several while they are being changed. */
  readonly secrets: readonly string[];
  /** The most deliveries in a minute that the target allows, or `null`. */
  readonly rate: number | null;
  /** Until when the target asks to be sent nothing, or `null`. */
  readonly rests: number | null;
  /** Work time since which attempts to reach the target fail, or `null`. */
  readonly failing: number | null;
  /** Since when nothing is sent to the target, or `null`. */
  readonly disabled: number | null;
}

/** Whether a delivery is still asked for. */
export type Demand = Pick<ClaimedDelivery, 'isWanted' | 'disabled'>;

/**
 * What became of a claimed delivery.
 */
export interface FinishedDelivery {
  readonly delivery: number;
  readonly claim: number;
  readonly host: number;
  readonly state: DeliveryState;
  /** When it is due again, if it waits. */
  readonly due?: number;
  /** The attempt, if one was made. */
  readonly attempt?: Attempt;
  /** The URL of the copy, if the inbox told it. */
  readonly copy?: string;
}

/**
 * Changes of what is known of targets and hosts, to be written with what was finished.
 */
export interface Findings {
  /** The health of hosts, by their keys. */
  readonly hosts: ReadonlyMap<number, HostRecord>;
  /** Work time since which attempts to reach targets fail, or `null`, by their keys. */
  readonly failing: ReadonlyMap<number, number | null>;
  /** Until when targets ask to be sent nothing, by their keys; it holds for all targets of the same URL and kind. */
  readonly rests?: ReadonlyMap<number, number>;
}

/** What is told of a target when that is found out. */
export interface TargetNews {
  /** The key of the target. */
  readonly target: number;
  /** The base URLs of the pods, with the ids of their subscriptions that name the target. */
  readonly subscriptions: readonly { readonly pod: string; readonly id: string; readonly pattern: string }[];
}

/**
 * Which deliveries of a pod to show.
 */
export interface DeliveryFilter {
  /** Only those for this agent. */
  readonly agent?: string;
  /** Only those of the event with this id. */
  readonly event?: string;
  /** Only those of the subscription with this id. */
  readonly subscription?: string;
  readonly state?: DeliveryState;
  /** Only those whose topic one of these patterns matches. */
  readonly topics?: readonly TopicPattern[];
  /** Only those that came into being, or were last asked for again, at this moment or later, in ms since 1970. */
  readonly since?: number;
  /** Only those of before this moment. */
  readonly until?: number;
}

/**
 * Which events of a pod to look for.
 */
export interface EventRange {
  /** Only those of topics that it matches. */
  readonly pattern: TopicPattern;
  /** Only those that were published at this moment or later, in milliseconds since 1970. */
  readonly since: number;
  /** Only those that were published before this moment. */
  readonly until: number;
}

/**
 * An event that a pod holds, with what tells whether the pod forwards it.
 */
export interface HeldEvent {
  /** The key of the event. */
  readonly event: number;
  readonly topic: string;
  /** The base URL of the pod through which it was published. */
  readonly origin: string;
  /** How many systems have passed it on, before it was published or since. */
  readonly hops: number;
  /** Whether it was published on this server. */
  readonly isPublishedHere: boolean;
  /** Whether the pod has taken it from another server, as an event for its owner. */
  readonly isReceived: boolean;
  /** The recipients and sources that the document names; only told of what was published on this server. */
  readonly addressees: readonly string[];
}

/**
 * What came of looking at some of the events that a pod holds.
 */
export interface HeldEvents {
  readonly events: readonly HeldEvent[];
  /** The place that was reached, among the keys of events; `undefined` behind the last one. */
  readonly last?: number;
}

/**
 * What came of making events again.
 */
export interface Replayed {
  /** How many deliveries were made to wait, or copies written. */
  readonly events: number;
  /** The copies that were written in a container that somebody watches. */
  readonly watched: readonly WatchedCopy[];
}

/**
 * How much waits, and since when.
 */
export interface QueueState {
  readonly waiting: number;
  /** When the delivery that is due for longest was due; `undefined` if none waits. */
  readonly oldestDue?: number;
  /** The hosts that are left alone. */
  readonly resting: number;
}

/**
 * Events whose copies are not all made yet.
 */
export interface FanOutStore extends ReaderScopeStore, NoticeStore {
  /**
   * The oldest waiting event of each pod that has any, beginning behind the pods that were returned last.
   *
   * @param limit - The most pods to return.
   */
  pendingForwards: (limit: number) => Promise<PendingForward[]>;
  /**
   * Goes on with a forward: writes copies for a bounded number of subscriptions, in one transaction
   * with the place that was reached. A copy that is already there, or was removed, is not written again.
   * What is left of the bound is used for later events of the same pod and topic.
   *
   * @param forward - What to forward.
   * @param scope - Who may receive it.
   * @param limit - The most subscriptions to look at.
   * @param passDoubts - Whether to go on without those subscriptions that are in doubt; they get no copy.
   * @param now - The moment at which deliveries to other servers are due.
   */
  fanOutStep: (
    forward: PendingForward,
    scope: ReaderScope,
    limit: number,
    passDoubts?: boolean,
    now?: number,
  ) => Promise<FanOutStepResult>;
  /** Settles doubts: whether the agent of each subscription controls its inbox. Newer doubts about it stay. */
  confirm: (answers: ReadonlyMap<UnconfirmedConsent, boolean>) => Promise<void>;
  /** Events that are not forwarded yet, counted up to a limit. */
  forwardBacklog: (limit: number) => Promise<ForwardBacklog>;
}

/**
 * Answers of access control that a fan-out uses in its statements.
 */
export interface ReaderScopeStore {
  /** Begins to learn who may receive a topic of a pod, at the pod's epoch of now. */
  openScope: (pod: string) => Promise<ReaderScope>;
  /** Adds answers to a scope. */
  learn: (scope: ReaderScope, allowed: ReadonlyMap<string, boolean>) => Promise<void>;
  /** Forgets a scope and its answers. */
  closeScope: (scope: ReaderScope) => Promise<void>;
}

/**
 * Is told which notifications of copies are emitted.
 */
export interface NoticeReceipts {
  /** Tells that the notifications of copies are emitted. */
  removeNotices: (copies: readonly WatchedCopy[]) => Promise<void>;
}

/**
 * Copies whose notifications are not emitted yet.
 */
export interface NoticeStore extends NoticeReceipts {
  /** Copies in watched containers whose notifications are perhaps not emitted yet, oldest first. */
  listNotices: (limit: number) => Promise<WatchedCopy[]>;
}

/**
 * Deliveries that are due, by their hosts.
 */
export interface DeliveryQueue {
  /** The hosts to which something is due, those that wait for longest first. */
  dueHosts: (now: number, limit: number) => Promise<DueHost[]>;
  /**
   * Claims due deliveries of hosts, oldest first.
   *
   * @param requests - How many of which.
   * @param now - The moment.
   * @param until - When the claims end by themselves.
   */
  claim: (requests: readonly ClaimRequest[], now: number, until: number) => Promise<ClaimedDelivery[]>;
  /**
   * Writes what became of claimed deliveries. One whose claim has passed to somebody else is left as it is.
   */
  finish: (finished: readonly FinishedDelivery[], findings: Findings) => Promise<void>;
  /** Whether a claimed delivery is asked for now: when it was claimed may be long ago. */
  demandFor: (delivery: ClaimedDelivery) => Promise<Demand>;
  /** Stops sending to a target. Returns whom to tell, or `undefined` if it was so already. */
  disable: (target: number, now: number) => Promise<TargetNews | undefined>;
  /** Notes that the owner is told that a delivery is dead; `undefined` if that was noted after the moment `since`. */
  noteDead: (target: number, now: number, since: number) => Promise<TargetNews | undefined>;
}

/**
 * The events that deliveries carry.
 */
export interface DeliveredEvents {
  /** An event, by its key, with the number of systems that have passed it on. */
  eventOf: (event: number) => Promise<(Event & { readonly hops: number }) | undefined>;
}

/**
 * The states of hosts, by which recipients are offered events.
 */
export interface HostStates {
  /** Whether a host, by its name, is left alone, or a recipient asks to be. */
  isResting: (name: string, now: number, recipient?: string) => Promise<boolean>;
}

/**
 * The time of deliveries, which never goes back and survives a restart.
 */
export interface DeliveryClock {
  /** The latest moment that was noted, or 0. */
  moment: () => Promise<number>;
  /** Notes a moment, so that time never goes back, not even over a restart; and adds to the work time. */
  noteMoment: (now: number, work?: number) => Promise<void>;
  /**
   * Work time: for how long the worker has worked, in milliseconds, as far as that was noted. It stands still while no
   * attempts are made. Deliveries, failures of targets and former secrets age by it.
   */
  worked: () => Promise<number>;
  /**
   * Corrects all moments in the future, after the clock of the machine was wrong: they come earlier.
   *
   * @param now - The moment, from which time goes on.
   * @param ahead - By how much the noted moment is later than `now`, in milliseconds.
   */
  turnBack: (now: number, ahead: number) => Promise<void>;
}

/**
 * The log of deliveries of a pod.
 */
export interface DeliveryLogStore {
  /**
   * Deliveries of a pod, newest first. Looks at them in steps, so that it never holds the process for long.
   *
   * @param pod - The base URL of the pod.
   * @param filter - Which of them.
   * @param before - Only those whose ids are smaller.
   * @param limit - The most deliveries to return.
   */
  listDeliveries: (pod: string, filter: DeliveryFilter, before: number, limit: number) => Promise<DeliveryRecord[]>;
  /** One delivery of a pod. */
  getDelivery: (pod: string, id: number) => Promise<DeliveryRecord | undefined>;
  /**
   * Makes a delivery wait again, due at once and with all its attempts before it, whatever its state is.
   * What came of an attempt that is under way is not written. Returns whether the delivery is there.
   */
  redeliver: (pod: string, id: number, now: number) => Promise<boolean>;
  /**
   * Makes deliveries of events to the target of one of a pod's subscriptions. One that was made before, for whichever
   * subscription, is made again, for this one; local inboxes get the copies that they do not have.
   *
   * @param pod - The base URL of the pod.
   * @param subscription - The id of the subscription.
   * @param events - The keys of the events, each of which the pod forwards and the subscriber may receive.
   * @param now - When deliveries are due.
   *
   * @returns What came of it, or `undefined` if there is no such subscription.
   */
  replay: (pod: string, subscription: string, events: readonly number[], now: number) => Promise<Replayed | undefined>;
  /**
   * Looks through containers for events, in the order of their keys.
   *
   * @param pod - The base URL of the pod that is asked about.
   * @param containers - The URLs of the containers that hold them.
   * @param range - Which of them.
   * @param after - The place that was reached before, or 0.
   * @param limit - The most events to look at.
   */
  eventsBetween: (
    pod: string,
    containers: readonly string[],
    range: EventRange,
    after: number,
    limit: number,
  ) => Promise<HeldEvents>;
}

/**
 * Storage of the delivery worker: due deliveries and their events, its clock, and old rows of the log.
 */
export interface WorkerStore extends DeliveryQueue, DeliveredEvents, DeliveryClock {
  /** When the next delivery of any host is due; `undefined` if none waits. */
  nextDue: () => Promise<number | undefined>;
  /** How many deliveries wait, be they due or not, counted up to a limit. */
  countWaiting: (limit: number) => Promise<number>;
  /**
   * Removes from the log what has ended, and was made or made again before a work time; `limit` deliveries at most.
   * Returns how many were removed.
   */
  removeDeliveriesBefore: (worked: number, limit: number) => Promise<number>;
  /**
   * Removes targets that no subscription and no delivery names, with their hosts.
   *
   * @param after - The key of the last target that was looked at before, or 0.
   * @param limit - The most targets to look at.
   *
   * @returns The key of the last one that was looked at, or `undefined` behind the last of all.
   */
  removeUnusedTargets: (after: number, limit: number) => Promise<number | undefined>;
}

/**
 * Counts of the queue, for metrics.
 */
export interface QueueCounts {
  /** How much waits. */
  queue: (now: number) => Promise<QueueState>;
}

/**
 * Subscriptions and notices, for the delivery log.
 */
export interface LoggedSubscriptions extends NoticeReceipts {
  /** A subscription of a pod, by its id. */
  getSubscription: (pod: string, id: string) => Promise<Subscription | undefined>;
}

/** The outcome of one attempt to send a delivery. */
export interface Sent {
  readonly result: AttemptResult;
  /** The host of which the result tells, where that may be another than the delivery's; `null` if it tells of none. */
  readonly host?: string | null;
  /** The URL of the copy, if the inbox told it. */
  readonly copy?: string;
}

/**
 * Sends deliveries to their targets.
 */
export interface DeliverySender {
  /**
   * Whether the event of a delivery goes to the subscriber's inbox anyway, because the subscriber is a recipient
   * on another server: the server where it was published sends it there, and no other may.
   */
  isSentByOrigin: (delivery: ClaimedDelivery) => Promise<boolean>;
  /** Makes one attempt to send a delivery. Errors of the network and of the target are its result. */
  send: (delivery: ClaimedDelivery) => Promise<Sent>;
}

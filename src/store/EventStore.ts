import type { Event } from '../event/Event';
import type { Subscription } from '../subscription/Subscription';
import type { Attempt } from './DeliveryStore';
import type { Openable } from './Openable';
import type { RequestRecord } from './RequestLog';

/**
 * A pod that gets an event and forwards it to its subscribers.
 */
export interface Forward {
  /** The base URL of the pod, ending in `/`. */
  readonly pod: string;
  /** The pod's own inbox, which gets the first copy; absent where the pod already holds the event. */
  readonly inbox?: string;
}

/**
 * A recipient on another server, and what became of the first attempt to reach it.
 */
export interface RemoteRecipient {
  /** The recipient's WebID. */
  readonly agent: string;
  /** The name, with its port, of the host that is asked. */
  readonly host: string;
  /** The attempt, if one was made. */
  readonly attempt?: Attempt;
  /** Whether that delivered the event. */
  readonly isDelivered: boolean;
  /** Whether its answer was final, so that there is no other attempt. */
  readonly isDead?: boolean;
  /** The URL of the copy, if the inbox told it. */
  readonly copy?: string;
  /** When the next attempt is due, if there is one. */
  readonly due: number;
  /** Until when the recipient asks to be sent nothing, if it does. */
  readonly rests?: number;
}

/**
 * An event and the pods that forward it, to be stored as one.
 */
export interface AcceptedEvent {
  readonly event: Event;
  readonly forwards: readonly Forward[];
  readonly recipients?: readonly RemoteRecipient[];
  /** How many systems had passed it on before it was published here. Default 0. */
  readonly hops?: number;
  /** The request by which it came, where the dialect has that shown in its log. */
  readonly request?: RequestRecord;
  /** The key of the entry of the pod's catalogue by which it was sent. */
  readonly entry?: number;
}

/**
 * A request that makes its events once, however often it is sent.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
export interface Once {
  /** The WebID of who makes it; absent for the public. */
  readonly agent?: string;
  /** The base URL of the pod to which it is made. */
  readonly pod: string;
  /** What the client has named it. */
  readonly key: string;
  /** The SHA-256 of what it asks for, in hex. */
  readonly fingerprint: string;
}

/**
 * What a request made when it was made first.
 */
export interface Made {
  readonly fingerprint: string;
  /** What was handed over with it. */
  readonly result: string;
}

/**
 * A subscription that a topic matches and whose target takes events.
 */
export interface Follower {
  /** The WebID of the subscriber. */
  readonly agent: string;
  /** The inbox of which it is to be asked again whether the subscriber controls it, if so. */
  readonly doubtedInbox?: string;
}

/**
 * Some of the subscriptions that a topic matches.
 */
export interface Followers {
  readonly followers: readonly Follower[];
  /** The place that was reached; `undefined` behind the last one. */
  readonly next?: FollowerPlace;
}

/**
 * A place among the subscriptions that a topic matches.
 */
export interface FollowerPlace {
  /** The pattern, as its place among all that match. */
  readonly pattern: number;
  /** The key of the last inbox of that pattern that was reached. */
  readonly inbox: number;
}

/**
 * An event that was published elsewhere, and came to the inbox of a pod of this server.
 */
export interface ReceivedEvent {
  readonly event: Event;
  /** How many servers have passed it on. */
  readonly hops: number;
  /** The base URL of the pod. */
  readonly pod: string;
  /** The inbox to which it came. */
  readonly inbox: string;
  /** Whether the pod forwards it. */
  readonly isForwarded: boolean;
}

/**
 * What became of an event that came in: it is new to the pod, the pod has or had it,
 * or another event has its id.
 */
export type Reception = 'new' | 'known' | 'other';

/**
 * Where a subscription's events go that is not on this server.
 */
export interface RemoteTarget {
  readonly kind: 'inbox' | 'webhook';
  /** The name, with its port, of the host that is asked. */
  readonly host: string;
  /** What signs deliveries to a webhook. */
  readonly secret?: string;
  /** The most deliveries in a minute that the target allows, if it does not allow any number. */
  readonly rate?: number;
}

/**
 * What came of adding a subscription.
 */
export interface AddedSubscription {
  readonly subscription: Subscription;
  /** Whether nothing had been sent to its target any more, and is again. */
  readonly isResumed: boolean;
  /** Whether its webhook has the secret that was given; that of a known webhook of the same agent stays. */
  readonly isSecretNew: boolean;
}

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
export interface Doubt {
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
 * How many subscriptions there may be.
 */
export interface SubscriptionBounds {
  /** Of one agent, on this server. */
  readonly ofAgent: number;
  /** To one pod. */
  readonly ofPod: number;
}

/**
 * When it was found that an agent controls its inbox.
 */
export interface Consent {
  /** The base URL of the pod in which the inbox lies. */
  readonly pod: string;
  /** The access epoch of that pod. */
  readonly epoch: number | undefined;
}

/**
 * A copy that has just landed in a container that somebody watches.
 */
export interface LandedCopy {
  /** The URL of the container, ending in `/`. */
  readonly container: string;
  /** The URL of the copy. */
  readonly copy: string;
  /** Key of the note that its notifications are not emitted yet, see {@link EventStore.removeNotices}. */
  readonly notice?: number;
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
export interface LandResult {
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
  readonly doubts: readonly Doubt[];
  /** The copies that were written in watched containers. */
  readonly watched: readonly LandedCopy[];
  /** Whether there are new deliveries to other servers. */
  readonly hasDeliveries: boolean;
}

/**
 * One event in one container, as a listing shows it.
 */
export interface Entry {
  /** The event's id, which is also the last part of the entry's URL. */
  readonly id: string;
  /** The key of the event in the store: a listing is in its order. */
  readonly event: number;
  /** When the event was published, in milliseconds since 1970. */
  readonly published: number;
  /** The length of its document, in bytes. */
  readonly bytes: number;
}

/** The result of one step of the removal of old events. */
export interface Removal {
  /** Number of events that were removed. */
  readonly removed: number;
  /** The place that was reached, if there are more to look at. */
  readonly next?: number;
}

/**
 * One copy among all, by the keys of the store.
 */
export interface CopyPlace {
  readonly container: number;
  readonly event: number;
}

/**
 * Where events, subscriptions and copies are kept, durably.
 *
 * Every method that writes has written durably, and whole, once its promise is fulfilled;
 * a rejected one has written nothing.
 * A container is `publish/` of a pod, with the events published there, or an inbox, with copies.
 */
export interface EventStore extends Openable {
  /** Remembers that a pod has been set up. */
  registerPod: (pod: string) => Promise<void>;
  /** Whether a pod has been set up. */
  hasPod: (pod: string) => Promise<boolean>;
  /**
   * Pods that have been set up, in the order of their URLs.
   *
   * @param after - The last URL that was read before, or the empty string.
   * @param limit - Maximum number of pods to return.
   */
  listPods: (after: string, limit: number) => Promise<string[]>;
  /**
   * Checks by a write that the store can be written now.
   *
   * @param patience - Maximum time, in milliseconds, to wait for another process's lock.
   *
   * @throws `StoreUnavailable` or `NoRoom`.
   */
  assertWritable: (patience: number) => Promise<void>;
  /** When the last event that was published here was, in milliseconds since 1970; `undefined` if there is none. */
  lastPublished: () => Promise<number | undefined>;

  /**
   * The number of times that access to a pod has changed, or `undefined` if the pod is not known.
   * It only rises, and a rise is visible to every process once {@link raiseEpoch} is fulfilled.
   */
  epochOf: (pod: string) => Promise<number | undefined>;
  /**
   * Tells that access control was changed: nothing that was learned before is used again, of any pod in which it lies,
   * or that lies below its container; and the subscriptions whose inboxes lie there are in doubt.
   *
   * @param resource - The URL of the document of access control.
   */
  raiseEpoch: (resource: string) => Promise<void>;
  /**
   * Remembers that access to the pod in which a resource lies depends on another document, such as that of a group.
   * Where that cannot be written now, all epochs of this process rise, so that no answer is kept that depends on it.
   *
   * @param document - The URL of the document.
   * @param resource - The URL of a resource to which access depends on it; outside all pods nothing is remembered.
   */
  noteDependency: (document: string, resource: string) => Promise<void>;
  /** Tells that a document was changed: if access to anything depends on it, that has changed. */
  raiseDependents: (document: string) => Promise<void>;
  /** Whether access to anything depends on a document. */
  hasDependents: (document: string) => Promise<boolean>;

  /**
   * Stores events in the containers of their pods, their copies in the pods' own inboxes where nobody watches these,
   * and what is to be forwarded: all or nothing.
   *
   * @param events - What to store.
   * @param once - The request by which they come, if it is to make them once, with what is told to whoever repeats it.
   *
   * @returns Whether anything is to be forwarded.
   *
   * @throws `AlreadyMade` if a request of the same agent, pod and key was stored within the last 24 hours;
   *         then nothing is stored.
   */
  accept: (events: readonly AcceptedEvent[], once?: Once & Pick<Made, 'result'>) => Promise<boolean>;
  /** What a request of the same agent, pod and key made within the last 24 hours, if there was one. */
  findMade: (once: Once) => Promise<Made | undefined>;
  /**
   * Stores an event that came to the inbox of a pod from elsewhere: once, and with what is to be forwarded.
   */
  receive: (received: ReceivedEvent) => Promise<Reception>;

  /** The event in a container, if it is there. */
  getEntry: (container: string, id: string) => Promise<Event | undefined>;
  /**
   * The entries of a container, oldest first.
   *
   * @param container - The URL of the container.
   * @param after - The `event` of the last entry that was read before, or 0.
   * @param limit - The most entries to return.
   */
  listEntries: (container: string, after: number, limit: number) => Promise<Entry[]>;
  /** When something last entered or left a container, in milliseconds since 1970; `undefined` if nothing ever did. */
  modifiedOf: (container: string) => Promise<number | undefined>;
  /**
   * Takes an event out of a container, for good: a fan-out that is under way does not put it back.
   *
   * @returns Whether it was there.
   */
  removeEntry: (container: string, id: string) => Promise<boolean>;
  /** Sets whether copies that land in a container are reported as {@link LandResult} `watched`. */
  watch: (container: string, watched: boolean) => Promise<void>;

  /**
   * Adds a subscription, unless the agent already has one of the same pod, pattern and inbox.
   *
   * @param subscription - What to add.
   * @param bounds - How many there may be.
   * @param consent - When it was found that the agent controls the inbox; it is asked again if that has changed since.
   * @param target - What is known of its target, if that is not on this server; deliveries to it are made again.
   *
   * @returns The one that is there now, or the bound that has been reached.
   */
  addSubscription: (
    subscription: Subscription,
    bounds?: SubscriptionBounds,
    consent?: Consent,
    target?: RemoteTarget,
  ) =>
  Promise<AddedSubscription | keyof SubscriptionBounds>;
  getSubscription: (pod: string, id: string) => Promise<Subscription | undefined>;
  /** The subscriptions of a pod, oldest first; of one agent, if it is named. For tests and moves: it has no bound. */
  listSubscriptions: (pod: string, agent?: string) => Promise<Subscription[]>;
  /**
   * A page of the subscriptions of a pod, oldest first.
   *
   * @param pod - The base URL of the pod.
   * @param place - Where the page begins, as an earlier page told; 0 for the beginning.
   * @param limit - Maximum number of subscriptions.
   * @param agent - Only those of this agent.
   */
  subscriptionsAfter: (pod: string, place: number, limit: number, agent?: string) =>
  Promise<{ readonly items: readonly Subscription[]; readonly next?: number }>;
  /** Ends a subscription: nothing more is copied for it. Returns whether it was there. */
  removeSubscription: (pod: string, id: string) => Promise<boolean>;

  /**
   * A number that rises whenever access to a pod has changed, or {@link followersOf} may have other answers for it,
   * in whichever process; `undefined` if the pod is not known.
   */
  revisionOf: (pod: string) => Promise<number | undefined>;
  /**
   * The subscriptions of a pod that match a topic and whose targets take events, whether or not their agents may
   * receive it. One of whose agent it is known that it does not control its inbox any more is left out.
   *
   * @param pod - The base URL of the pod.
   * @param topic - The topic.
   * @param after - The place that was reached before, if any.
   * @param limit - About how many to look at: those with the same inbox are not told apart.
   */
  followersOf: (pod: string, topic: string, after: FollowerPlace | undefined, limit: number) => Promise<Followers>;

  /**
   * The oldest waiting event of each pod that has any, beginning behind the pods that were returned last.
   *
   * @param limit - The most pods to return.
   */
  pendingForwards: (limit: number) => Promise<PendingForward[]>;

  /** Settles doubts: whether the agent of each subscription controls its inbox. Newer doubts about it stay. */
  settle: (answers: ReadonlyMap<Doubt, boolean>) => Promise<void>;

  /** Begins to learn who may receive a topic of a pod, at the pod's epoch of now. */
  openScope: (pod: string) => Promise<ReaderScope>;
  /** Adds answers to a scope. */
  learn: (scope: ReaderScope, allowed: ReadonlyMap<string, boolean>) => Promise<void>;
  /** Forgets a scope and its answers. */
  closeScope: (scope: ReaderScope) => Promise<void>;

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
  land: (
    forward: PendingForward,
    scope: ReaderScope,
    limit: number,
    passDoubts?: boolean,
    now?: number,
  ) => Promise<LandResult>;

  /** Copies in watched containers whose notifications are perhaps not emitted yet, oldest first. */
  listNotices: (limit: number) => Promise<LandedCopy[]>;
  /** Tells that the notifications of copies are emitted. */
  removeNotices: (copies: readonly LandedCopy[]) => Promise<void>;
  /** Events that are not forwarded yet, counted up to a limit. */
  forwardBacklog: (limit: number) => Promise<ForwardBacklog>;

  /**
   * Removes the oldest events of all pods that were published before a moment, with all their copies, but for those
   * that still wait to be forwarded or delivered. One step looks at `limit` events, and changes about as many rows.
   *
   * @param moment - In milliseconds since 1970.
   * @param after - The place that the step before reached; 0 to begin.
   * @param limit - The most events to look at.
   */
  removeEventsBefore: (moment: number, after: number, limit: number) => Promise<Removal>;
  /** Removes in the same way the oldest events published through a pod, so that the newest `most` stay. */
  removeEventsBeyond: (pod: string, most: number, after: number, limit: number) => Promise<Removal>;
  /**
   * Frees the room of copies whose events were removed.
   *
   * @param after - The place that was reached before.
   * @param limit - The most copies to look at.
   *
   * @returns The place that was reached, or `undefined` behind the last copy.
   */
  sweepCopies: (after: CopyPlace, limit: number) => Promise<CopyPlace | undefined>;
}

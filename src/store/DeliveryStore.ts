import type { Event } from '../event/Event';
import type { TopicPattern } from '../event/TopicPattern';
import type { LandedCopy, Once } from './EventStore';
import type { Openable } from './Openable';

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
  /** Work time at which it was made, or was last asked for again, see {@link DeliveryStore.worked}. */
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
  readonly watched: readonly LandedCopy[];
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

/** Result of a rotation of a secret. */
export type Rotation =
  | { readonly outcome: 'rotated' | 'missing' }
  /** There are as many former secrets as there may be; the oldest ends after so many milliseconds. */
  | { readonly outcome: 'full'; readonly wait: number };

/** What is told of a target when that is found out. */
export interface TargetNews {
  /** The key of the target. */
  readonly target: number;
  /** The base URLs of the pods, with the ids of their subscriptions that name the target. */
  readonly subscriptions: readonly { readonly pod: string; readonly id: string; readonly pattern: string }[];
}

/**
 * Where deliveries to what is not on this server are kept, durably; {@link EventStore} makes them.
 *
 * Times by which it is decided what is due are those of the {@link moment} that callers hand over.
 */
export interface DeliveryStore extends Openable {
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

  /** The hosts to which something is due, those that wait for longest first. */
  dueHosts: (now: number, limit: number) => Promise<DueHost[]>;
  /** Whether a host, by its name, is left alone, or a recipient asks to be. */
  isResting: (name: string, now: number, recipient?: string) => Promise<boolean>;
  /** When the next delivery of any host is due; `undefined` if none waits. */
  nextDue: () => Promise<number | undefined>;
  /** How many deliveries wait, be they due or not, counted up to a limit. */
  countWaiting: (limit: number) => Promise<number>;
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
  /** An event, by its key, with the number of systems that have passed it on. */
  eventOf: (event: number) => Promise<(Event & { readonly hops: number }) | undefined>;

  /** Whether a claimed delivery is asked for now: when it was claimed may be long ago. */
  demandFor: (delivery: ClaimedDelivery) => Promise<Demand>;

  /** Stops sending to a target. Returns whom to tell, or `undefined` if it was so already. */
  disable: (target: number, now: number) => Promise<TargetNews | undefined>;
  /** Notes that the owner is told that a delivery is dead; `undefined` if that was noted after the moment `since`. */
  noteDead: (target: number, now: number, since: number) => Promise<TargetNews | undefined>;
  /**
   * Sets the secret of a subscription's webhook. Each secret before stays good for 24 hours of work time.
   *
   * @param pod - The base URL of the pod.
   * @param subscription - The id of the subscription.
   * @param secret - The new secret.
   * @param once - Set if the request is made once; the secret is its result.
   *
   * @throws `AlreadyMade` if that request was made before, with the secret that it made.
   */
  rotateSecret: (pod: string, subscription: string, secret: string, once?: Once) => Promise<Rotation>;

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

  /** How much waits. */
  queue: (now: number) => Promise<QueueState>;
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

import type { Locator, Pods } from '../access/ports';
import type { Event } from '../event/Event';
import type { AcceptedEvent, StoredIdentity } from '../store/AcceptedEvent';
import type { Attempt } from '../store/deliveries';
import type { StoredResponse, IdempotencyKey } from '../store/idempotency';

/**
 * Pods, with the canonical form of the WebIDs that have them.
 */
export interface NamedPods extends Pods {
  /** The canonical form of a WebID, or another URL, see `Containers.canonical`. */
  canonical: (webId: string, name: string) => string;
}

/**
 * Pods, with their owners of other servers.
 */
export interface PodOwners extends NamedPods {
  /** Whether the account of a pod names an agent as an owner, wherever its WebID is. */
  isOwner: (pod: string, webId: string) => Promise<boolean>;
  /** Whether a URL is one of this server, however it is spelled. */
  isHere: (url: string) => boolean;
}

/**
 * Finds the pod of a URL, and whether it exists.
 */
export interface ExistingPods extends Locator {
  /** Returns whether a pod with this base URL exists. */
  exists: (pod: string) => Promise<boolean>;
}

/**
 * Is told that there may be something to forward.
 */
export interface FanOutSignal {
  /** Returns at once. */
  wake: () => void;
}

/** Outcome of an event that was offered to a recipient on another server within the publisher's request. */
export interface Offer {
  /** Its inbox took it, refused it, answered that it never will, or has not answered yet in a way that decides. */
  readonly outcome: 'taken' | 'refused' | 'failed' | 'later';
  /** The name, with its port, of the host that is asked. */
  readonly host: string;
  /** The attempt, if one was made. */
  readonly attempt?: Attempt;
  /** The URL of the copy, if the inbox told it. */
  readonly copy?: string;
  /** For how long the inbox asks to be sent nothing, in milliseconds, if it does. */
  readonly rest?: number;
}

/**
 * Reaches recipients on other servers.
 */
export interface RemoteRecipients {
  /** Name of the target kind of recipients. */
  readonly kind: string;
  /**
   * Offers an event to the inbox of a recipient.
   *
   * @param webId - The recipient.
   * @param document - The event's document, as it goes to another server.
   * @param deadline - When the answer is not waited for any longer, by `performance.now()`.
   */
  offer: (webId: string, document: string, deadline: number) => Promise<Offer>;

  /**
   * Why nothing can be delivered to a recipient now: its profile names no inbox, or cannot be read. Nothing is sent to
   * its inbox.
   *
   * @param webId - The recipient.
   * @param deadline - When the answer is not waited for any longer, by `performance.now()`.
   *
   * @returns The reason, or `undefined` if there is none, or it is not known in time.
   */
  problemOf: (webId: string, deadline: number) => Promise<string | undefined>;
}

/**
 * Makes the deliveries to other servers.
 */
export interface Outbox extends FanOutSignal {
  /** The time by which deliveries are due, in milliseconds since 1970. */
  now: () => number;
}

/**
 * Outbox that schedules the second attempt for recipients of other servers.
 */
export interface RecipientOutbox extends Outbox {
  /** Delay between the first two attempts of a delivery, in milliseconds. */
  firstRetryDelay: () => number;
}

/**
 * Counts accepted events. Durations are in milliseconds, from the end of reading a request until its events are stored.
 */
export interface AcceptMeter {
  /** The events of one request were published here; returns at once. */
  accepted: (events: readonly AcceptedEvent[], duration: number) => void;
  /** An event that was published on another server was taken; returns at once. */
  received: (duration: number) => void;
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
 * Outcome of the reception of an event: new to the pod, a repetition of a known event, or refused because another event
 * has its id.
 */
export type Reception = 'new' | 'known' | 'other';

/**
 * Stores published events, together with the work of their fan-out.
 */
export interface EventLog {
  /**
   * Stores events in the containers of their pods, their copies in the pods' own inboxes where nobody watches these,
   * and the work of their fan-out: all or nothing.
   *
   * @param events - The events to store.
   * @param once - Idempotency key of the request, if it has one, with the response for repeated requests.
   *
   * @returns Whether anything is to be forwarded.
   *
   * @throws `DuplicateRequest` if a request of the same agent, pod and key was stored within the last 24 hours;
   *         then nothing is stored.
   * @throws `DuplicateEvent` if one of the events has the identity of a stored event of its publisher and pod; then
   *         nothing is stored.
   */
  accept: (events: readonly AcceptedEvent[], once?: IdempotencyKey & Pick<StoredResponse, 'result'>) => Promise<boolean>;
  /** The response to a request of the same agent, pod and key from the last 24 hours, if there was one. */
  findResponse: (once: IdempotencyKey) => Promise<StoredResponse | undefined>;
  /**
   * Finds the stored events with identities of their producer. An identity ends with its event.
   *
   * @param pod - Base URL of the pod through which the events were published.
   * @param agent - WebID of their publisher.
   * @param hashes - Hashes of the identities, see `StoredIdentity`.
   *
   * @returns The event of each known hash.
   */
  findIdentified: (
    pod: string,
    agent: string,
    hashes: readonly string[],
  ) => Promise<ReadonlyMap<string, IdentifiedEvent>>;
}

/** A stored event with an identity of its producer. */
export interface IdentifiedEvent extends Pick<StoredIdentity, 'fingerprint'> {
  /** UUID of the event. */
  readonly id: string;
}

/**
 * Stores events that other servers bring.
 */
export interface ReceptionStore {
  /**
   * Stores an event that came to the inbox of a pod from elsewhere: once, with the work of its fan-out.
   */
  receive: (received: ReceivedEvent) => Promise<Reception>;
  /** The event in a container, if it is there. */
  getEntry: (container: string, id: string) => Promise<Event | undefined>;
}

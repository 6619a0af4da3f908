import type { Pods } from '../access/ports';
import type { Attempt } from '../store/DeliveryStore';
import type { AcceptedEvent } from '../store/EventStore';

/**
 * Pods, with the canonical form of the WebIDs that have them.
 */
export interface NamedPods extends Pods {
  /** The canonical form of a WebID, or another URL, see `Containers.canonical`. */
  canonical: (webId: string, name: string) => string;
}

/**
 * Pods, with those of their owners whose WebIDs are of other servers.
 */
export interface PodOwners extends NamedPods {
  /** Whether the account of a pod names an agent as an owner, wherever its WebID is. */
  isOwner: (pod: string, webId: string) => Promise<boolean>;
  /** Whether a URL is one of this server, however it is spelled. */
  isHere: (url: string) => boolean;
}

/**
 * Is told that there may be something to forward.
 */
export interface Wakeable {
  /** Returns at once. */
  wake: () => void;
}

/** What became of an event that was offered to a recipient on another server within the publisher's request. */
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
export interface Outbox extends Wakeable {
  /** The time by which deliveries are due, in milliseconds since 1970. */
  now: () => number;
}

/**
 * Counts what is accepted. Durations are in milliseconds, from when a request was read until its events were stored.
 */
export interface AcceptMeter {
  /** The events of one request were published here; returns at once. */
  accepted: (events: readonly AcceptedEvent[], duration: number) => void;
  /** An event that was published on another server was taken; returns at once. */
  received: (duration: number) => void;
}

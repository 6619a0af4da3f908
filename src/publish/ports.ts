import type { Caller } from '../identity/Caller';
import type { Attempt } from '../store/DeliveryStore';
import type { AcceptedEvent } from '../store/EventStore';
import type { Subscription } from '../subscription/Subscription';

/**
 * What the accept step and the fan-out need to know of pods.
 */
export interface Pods {
  /**
   * The pod of an agent on this server, set up to take part in publish and subscribe.
   *
   * @param webId - An absolute http(s) IRI. If it has no canonical form, it is `unknown`.
   *
   * @returns The base URL of the pod, or why there is none: the WebID is of another server, or of no pod here.
   */
  podOf: (webId: string) => Promise<{ readonly pod: string } | { readonly reason: 'elsewhere' | 'unknown' }>;
}

/**
 * Pods, with the canonical form of the WebIDs that have them.
 */
export interface NamedPods extends Pods {
  /** The canonical form of a WebID, or another URL, see {@link Containers.canonical}. */
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
 * Tells in which pod something lies.
 */
export interface Locator {
  /** The base URL of the pod in which a URL would lie, by its form alone; `undefined` outside all pods. */
  locate: (url: string) => Promise<string | undefined>;
}

/** The access modes that publish and subscribe ask for. */
export type Mode = 'append' | 'read' | 'write' | 'control';

/**
 * Who may do what, by ordinary Solid access control.
 */
export interface Access {
  /**
   * Whether somebody has a mode on resources, which do not have to exist.
   *
   * @param caller - Who asks; what an API key is limited to does not count here.
   * @param resources - The URLs of the resources.
   * @param mode - The mode that is asked for.
   *
   * @returns The resources on which the caller has the mode.
   */
  allowed: (caller: Caller, resources: readonly string[], mode: Mode) => Promise<ReadonlySet<string>>;
}

/**
 * Resources to which access control applies the same rules, so that one query answers for all of them.
 */
export interface AccessScope {
  /** Name of the scope: equal for two resources of a pod, under one access epoch, only if their permissions are. */
  readonly name: string;
  /** URL of a resource of the scope that is cheap to ask about. */
  readonly resource: string;
}

/**
 * Finds the access scopes of resources.
 */
export interface AccessScopes {
  /**
   * Finds the scopes of resources, which do not have to exist.
   *
   * @param resources - URLs of resources of one pod.
   * @param pod - Base URL of the pod.
   * @param epoch - Access epoch of the pod, read before. The answer holds only if it is still current afterwards.
   */
  scopesOf: (resources: readonly string[], pod: string, epoch: number) => Promise<ReadonlyMap<string, AccessScope>>;
}

/**
 * Who among many may read something, by ordinary Solid access control.
 */
export interface Readers {
  /**
   * Tells which agents may read a resource, which does not have to exist.
   *
   * @param resource - The URL of the resource.
   * @param agents - WebIDs.
   *
   * @returns Those of the agents that may.
   */
  readersOf: (resource: string, agents: readonly string[]) => Promise<ReadonlySet<string>>;
}

/**
 * Who would get an event if it were published now.
 */
export interface Audience {
  /**
   * How many subscriptions of a pod would get an event of a topic that the pod forwards:
   * those that match it, whose targets take events, and whose agents may receive it.
   */
  countOf: (pod: string, topic: string) => Promise<number>;
  /** Whether there is one at least, which is sooner known. */
  hasAny: (pod: string, topic: string) => Promise<boolean>;
}

/**
 * Is told that there may be something to forward.
 */
export interface Wakeable {
  /** Returns at once. */
  wake: () => void;
}

/**
 * What is known of the containers of this server.
 */
export interface Containers {
  /** The base URL of the pod in which a container of this server lies, if it does. */
  readonly podOfContainer: (url: string) => Promise<string | undefined>;
  /** Whether a container exists. */
  readonly exists: (url: string) => Promise<boolean>;
  /** Whether a URL is one of this server, by its form alone. */
  readonly isHere: (url: string) => boolean;
  /**
   * The canonical form of a URL, which is what is compared and stored. Those of other servers stay as they are.
   *
   * @param name - Name of the field that holds the URL, for the message.
   *
   * @throws `InvalidInput` that names the URL that would be accepted, if the URL has no canonical form.
   */
  readonly canonical: (url: string, name: string) => string;
}

/**
 * Tells the inboxes of agents.
 */
export interface InboxFinder {
  /** The URL of the inbox that the profile of a WebID names, if it does. */
  inboxOf: (webId: string) => Promise<string | undefined>;
}

/**
 * Asks webhooks whether they agree to get events.
 */
export interface WebhookConsent {
  /**
   * Asks a webhook.
   *
   * @param url - Its URL.
   * @param agent - The WebID for whom it is asked.
   *
   * @returns The most deliveries in a minute to which it agrees, if it sets a bound.
   *
   * @throws `InvalidInput` that says what is missing, if it does not agree.
   * @throws `TooMany` if webhooks are asked too often for the agent.
   */
  ask: (url: string, agent: string) => Promise<{ readonly rate?: number }>;
  /** What deliveries to a new webhook are signed with. */
  newSecret: () => string;
}

/**
 * Is told what becomes of subscriptions.
 */
export interface SubscriptionListener {
  /** Deliveries for a subscription, which had ended because its target failed, begin again. */
  resumed: (subscription: Subscription) => Promise<void>;
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

/**
 * Tells which servers may speak for whom.
 */
export interface Speakers {
  /** Whether somebody is the agent of a server, as far as its credentials tell. */
  isServer: (caller: Caller) => boolean;
  /**
   * Why somebody may not say what another has published; `undefined` if it may.
   *
   * @param caller - Who says so.
   * @param publisher - The WebID of the publisher; `undefined` for the public.
   * @param pod - The base URL of the pod through which it was published.
   */
  obstacleTo: (caller: Caller, publisher: string | undefined, pod: string) => Promise<string | undefined>;
}

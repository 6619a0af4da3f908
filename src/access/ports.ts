import type { Caller } from '../identity/Caller';

/**
 * Finds the pods of agents.
 */
export interface Pods {
  /**
   * Returns the pod of an agent on this server, set up for publish and subscribe.
   *
   * @param webId - An absolute http(s) IRI. If it has no canonical form, it is `unknown`.
   *
   * @returns The base URL of the pod, or the reason for its absence: a WebID of another server, or of no pod.
   */
  podOf: (webId: string) => Promise<{ readonly pod: string } | { readonly reason: 'elsewhere' | 'unknown' }>;
}

/**
 * Finds the pod of a URL.
 */
export interface Locator {
  /** Returns the base URL of the pod of a URL, by its form alone; `undefined` outside all pods. */
  locate: (url: string) => Promise<string | undefined>;
}

/** Access modes of publish and subscribe. */
export type Mode = 'append' | 'read' | 'write' | 'control';

/**
 * Decides access by ordinary Solid access control.
 */
export interface Access {
  /**
   * Checks the access of a caller to resources, which do not have to exist.
   *
   * @param caller - The caller. The limits of its API key are not checked here.
   * @param resources - The URLs of the resources.
   * @param mode - The requested mode.
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
 * Decides read access of many agents at once, by ordinary Solid access control.
 */
export interface Readers {
  /**
   * Returns the agents with read access to a resource, which does not have to exist.
   *
   * @param resource - URL of the resource.
   * @param agents - WebIDs of the agents to check.
   */
  readersOf: (resource: string, agents: readonly string[]) => Promise<ReadonlySet<string>>;
}

/**
 * Numbers of the subscriptions that would receive an event of a topic.
 */
export interface AudienceCount {
  /** Number of subscriptions without filters. */
  readonly unfiltered: number;
  /** Numbers of subscriptions with filters, which the event has to match, by the canonical texts of the filters. */
  readonly filtered: ReadonlyMap<string, number>;
}

/**
 * A subscription that would receive an event of a topic.
 */
export interface AudienceMember {
  /** Id of the subscription. */
  readonly id: string;
  /** Canonical text of its filters, which the event has to match. */
  readonly filters?: string;
}

/**
 * Counts of the subscriptions that would receive an event.
 */
export interface Audience {
  /**
   * Numbers of subscriptions of a pod that would receive an event of a topic: those with a matching pattern, an
   * enabled target and an agent with read access to the topic.
   */
  countOf: (pod: string, topic: string) => Promise<AudienceCount>;
  /** Whether any subscription without filters would receive an event of a topic; takes fewer lookups. */
  hasAny: (pod: string, topic: string) => Promise<boolean>;
  /** Returns the first of the subscriptions that {@link countOf} counts. */
  membersOf: (pod: string, topic: string, limit: number) => Promise<readonly AudienceMember[]>;
}

/**
 * A subscription that matches a topic and has an enabled target.
 */
export interface Follower {
  /** Id of the subscription. */
  readonly id: string;
  /** The WebID of the subscriber. */
  readonly agent: string;
  /** Canonical text of the filters, if there are any. */
  readonly filters?: string;
  /** The inbox, if the consent of its subscriber is unconfirmed. */
  readonly unconfirmedInbox?: string;
}

/**
 * One page of the subscriptions that match a topic.
 */
export interface Followers {
  readonly followers: readonly Follower[];
  /** Cursor of the next page; `undefined` after the last one. */
  readonly next?: FollowerPlace;
}

/**
 * A cursor over the subscriptions that match a topic.
 */
export interface FollowerPlace {
  /** Position of the pattern among all matching patterns. */
  readonly pattern: number;
  /** Key of the last returned inbox of that pattern. */
  readonly inbox: number;
}

/**
 * Access epochs of pods.
 */
export interface AccessEpochs {
  /**
   * Returns the number of changes of access to a pod, or `undefined` for an unknown pod. It only rises. Each rise is
   * visible to every process before the change is acknowledged.
   */
  epochOf: (pod: string) => Promise<number | undefined>;
}

/**
 * Subscriptions of pods, by matching topics.
 */
export interface FollowerList {
  /**
   * Returns a number that rises with each change of access to a pod, and of the results of {@link followersOf}, in any
   * process; `undefined` for an unknown pod.
   */
  revisionOf: (pod: string) => Promise<number | undefined>;
  /**
   * Returns subscriptions of a pod that match a topic and have enabled targets, regardless of their agents' access to
   * the topic. Omits subscriptions with revoked consent.
   *
   * @param pod - The base URL of the pod.
   * @param topic - The topic.
   * @param after - Cursor returned by the previous call, if any.
   * @param limit - Approximate number of subscriptions to examine; subscriptions with one inbox stay together.
   */
  followersOf: (pod: string, topic: string, after: FollowerPlace | undefined, limit: number) => Promise<Followers>;
}

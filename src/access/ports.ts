import type { Caller } from '../identity/Caller';

/**
 * Finds the pods of agents.
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
 * Tells in which pod something lies.
 */
export interface Locator {
  /** The base URL of the pod in which a URL would lie, by its form alone; `undefined` outside all pods. */
  locate: (url: string) => Promise<string | undefined>;
}

/** The access modes that publish and subscribe ask for. */
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
 * Decides read access of many agents at once, by ordinary Solid access control.
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
 * The subscriptions that would receive an event if it were published now.
 */
export interface Audience {
  /**
   * Number of subscriptions of a pod that would receive an event of a topic: those with a matching pattern, an
   * enabled target and an agent with read access to the topic.
   */
  countOf: (pod: string, topic: string) => Promise<number>;
  /** Whether there is at least one, which takes fewer lookups than the number. */
  hasAny: (pod: string, topic: string) => Promise<boolean>;
}

/**
 * A subscription that a topic matches and whose target takes events.
 */
export interface Follower {
  /** The WebID of the subscriber. */
  readonly agent: string;
  /** The inbox of which it is to be asked again whether the subscriber controls it, if so. */
  readonly unconfirmedInbox?: string;
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
 * Numbers that change with every change of access to a pod.
 */
export interface AccessEpochs {
  /**
   * The number of times that access to a pod has changed, or `undefined` if the pod is not known.
   * It only rises, and a rise is visible to every process once the change is acknowledged.
   */
  epochOf: (pod: string) => Promise<number | undefined>;
}

/**
 * The subscriptions of a pod, by the topics that they match.
 */
export interface FollowerList {
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
}

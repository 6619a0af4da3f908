import type { Caller } from '../identity/Caller';

/**
 * What the accept step and the fan-out need to know of pods.
 */
export interface Pods {
  /**
   * The pod of an agent on this server, set up to take part in publish and subscribe.
   *
   * @param webId - An absolute http(s) IRI.
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
}

import type { Caller } from './Caller';

/**
 * Decides which servers may deliver events on behalf of which publishers.
 */
export interface FederationPolicy {
  /** Returns whether a caller is the agent of a server, by its credentials. */
  isServerAgent: (caller: Caller) => boolean;
  /**
   * Returns the reason for refusing an event of a publisher from a caller; `undefined` if it is allowed.
   *
   * @param caller - The sender of the event.
   * @param publisher - The WebID of the publisher; `undefined` for the public.
   * @param pod - The base URL of the pod through which the event was published.
   */
  refusalReason: (caller: Caller, publisher: string | undefined, pod: string) => Promise<string | undefined>;

  /**
   * Returns the reason for which a URL of another server cannot be the source of an agent's event; `undefined` if its
   * server may speak for the agent.
   *
   * @param agent - WebID of the agent; `undefined` for the public.
   * @param url - An absolute http(s) URL of another server, without fragment.
   */
  sourceRefusal: (agent: string | undefined, url: string) => Promise<string | undefined>;
}

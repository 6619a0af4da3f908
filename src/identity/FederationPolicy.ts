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
}

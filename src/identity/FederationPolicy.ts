import type { Caller } from './Caller';

/**
 * Tells which servers may speak for whom.
 */
export interface FederationPolicy {
  /** Whether somebody is the agent of a server, as far as its credentials tell. */
  isServerAgent: (caller: Caller) => boolean;
  /**
   * Why somebody may not say what another has published; `undefined` if it may.
   *
   * @param caller - Who says so.
   * @param publisher - The WebID of the publisher; `undefined` for the public.
   * @param pod - The base URL of the pod through which it was published.
   */
  refusalReason: (caller: Caller, publisher: string | undefined, pod: string) => Promise<string | undefined>;
}

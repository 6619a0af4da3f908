import type { TopicPattern } from '../event/TopicPattern';

/**
 * What an API key is limited to, within what its agent may do.
 */
export interface KeyLimits {
  /** The base URLs of the pods whose endpoints it may be used for; all if absent. */
  readonly pods?: readonly string[];
  /** The patterns of the topics that it may publish and subscribe to; all if absent. */
  readonly topics?: readonly TopicPattern[];
}

/**
 * Who makes a request, as access control sees it: without an agent, the public.
 *
 * @see https://solidproject.org/TR/acp#context-graph
 */
export interface Caller {
  /** A WebID. */
  readonly agent?: string;
  /** The identifier of the app that the agent uses. */
  readonly client?: string;
  /** The identity provider that vouches for the agent. */
  readonly issuer?: string;
  /** Set where the caller may do less than its agent may. */
  readonly limits?: KeyLimits;
}

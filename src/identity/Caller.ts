import type { TopicPattern } from '../event/TopicPattern';
import type { Scope } from './scopes';

/**
 * Limits of an API key within the permissions of its agent.
 */
export interface KeyLimits {
  /** Base URLs of the pods whose endpoints accept the key. All if absent. */
  readonly pods?: readonly string[];
  /** Patterns of the topics that the key may publish and subscribe to. All if absent. */
  readonly topics?: readonly TopicPattern[];
  /** Scopes of the credential. All if absent. */
  readonly scopes?: readonly Scope[];
}

/**
 * The authenticated sender of a request, as access control sees it. Without an agent: the public.
 *
 * @see https://solidproject.org/TR/acp#context-graph
 */
export interface Caller {
  /** The agent's WebID. */
  readonly agent?: string;
  /** The identifier of the agent's app. */
  readonly client?: string;
  /** The identity provider that authenticated the agent. */
  readonly issuer?: string;
  /** Limits within the agent's permissions, if any. */
  readonly limits?: KeyLimits;
}

/** Whether the limits of a caller's credential include a scope. A credential without limits includes all. */
export function hasScope({ limits }: Caller, scope: Scope): boolean {
  return limits?.scopes?.includes(scope) ?? true;
}

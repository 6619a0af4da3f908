import type { Caller } from '../Caller';

/** The API key that a credential rests on, so that it can be looked up again. */
export interface KeyReference {
  /** The id of the key. */
  readonly id: string;
  /** The first bytes of its hash, in base64url. */
  readonly prefix: string;
}

/**
 * Who makes a request, and what that is known by: enough to make a token that holds no longer.
 */
export interface Credential {
  readonly caller: Caller;
  /** When it ends, in milliseconds since 1970; absent if it does not end by itself. */
  readonly expires?: number;
  /** The API key that it ends with. */
  readonly key?: KeyReference;
  /** The id of the client that it ends with. */
  readonly clientId?: string;
}

import type { Caller } from '../Caller';

/** Reference to the API key of a credential, for a later look-up. */
export interface KeyReference {
  /** The id of the key. */
  readonly id: string;
  /** The first bytes of its hash, in base64url. */
  readonly prefix: string;
}

/**
 * An authenticated caller and the source of its authentication. Sufficient for a token with no longer lifetime.
 */
export interface Credential {
  readonly caller: Caller;
  /** Expiration time, in milliseconds since 1970. Absent if it does not expire. */
  readonly expires?: number;
  /** The API key whose revocation ends the credential. */
  readonly key?: KeyReference;
  /** The id of the client whose deletion ends the credential. */
  readonly clientId?: string;
}

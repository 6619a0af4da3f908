/**
 * A request that makes its events once, however often it is sent.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
export interface IdempotencyKey {
  /** The WebID of who makes it; absent for the public. */
  readonly agent?: string;
  /** The base URL of the pod to which it is made. */
  readonly pod: string;
  /** What the client has named it. */
  readonly key: string;
  /** The SHA-256 of what it asks for, in hex. */
  readonly fingerprint: string;
}

/**
 * What a request made when it was made first.
 */
export interface StoredResponse {
  readonly fingerprint: string;
  /** What was handed over with it. */
  readonly result: string;
}

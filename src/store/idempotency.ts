import { Conflict } from '../event/Conflict';

/**
 * Identifies a request that has an effect only once, even if the client repeats it.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
export interface IdempotencyKey {
  /** WebID of the caller; absent for the public. */
  readonly agent?: string;
  /** Base URL of the pod of the request. */
  readonly pod: string;
  /** Value of the `Idempotency-Key` header. */
  readonly key: string;
  /** SHA-256 of the content of the request, in hex. */
  readonly fingerprint: string;
}

/**
 * Stored response to the first request with an idempotency key.
 */
export interface StoredResponse {
  readonly fingerprint: string;
  /** Result that the caller stored with the key. */
  readonly result: string;
}

/**
 * Returns the stored result for a repeated request.
 *
 * @throws {@link Conflict} if the first request with the key had another content.
 */
export function repeatedResult({ fingerprint, result }: StoredResponse, key: Pick<IdempotencyKey, 'fingerprint'>): string {
  if (fingerprint !== key.fingerprint) {
    throw new Conflict('Another request was made with this Idempotency-Key: send a new key with each new request');
  }
  return result;
}

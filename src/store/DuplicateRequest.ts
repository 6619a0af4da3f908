import type { StoredResponse } from './idempotency';

/**
 * Thrown if a request with the same idempotency key was stored before. Nothing is stored.
 */
export class DuplicateRequest extends Error {
  /**
   * @param response - Response to the first request.
   */
  public constructor(public readonly response: StoredResponse) {
    super('The idempotency key was used before');
    this.name = 'DuplicateRequest';
  }
}

import type { StoredResponse } from './idempotency';

/**
 * A request with the same key was made before; nothing was stored now.
 */
export class DuplicateRequest extends Error {
  /**
   * @param response - What it made then.
   */
  public constructor(public readonly response: StoredResponse) {
    super('A request with this key was made before');
    this.name = 'DuplicateRequest';
  }
}

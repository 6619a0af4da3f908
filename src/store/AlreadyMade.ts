import type { Made } from './idempotency';

/**
 * A request with the same key was made before; nothing was stored now.
 */
export class AlreadyMade extends Error {
  /**
   * @param made - What it made then.
   */
  public constructor(public readonly made: Made) {
    super('A request with this key was made before');
    this.name = 'AlreadyMade';
  }
}

/**
 * A limit on how much somebody may do has been reached.
 */
export class TooMany extends Error {
  /**
   * @param message - Which limit it is, and what to do.
   * @param retryAfter - After how many seconds it may work again.
   */
  public constructor(message: string, public readonly retryAfter: number) {
    super(message);
    this.name = 'TooMany';
  }
}

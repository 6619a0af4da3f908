/**
 * A limit on the number or rate of requests is exceeded.
 */
export class TooMany extends Error {
  /**
   * @param message - The limit and the remedy.
   * @param retryAfter - Time until a retry can succeed, in seconds.
   */
  public constructor(message: string, public readonly retryAfter: number) {
    super(message);
    this.name = 'TooMany';
  }
}

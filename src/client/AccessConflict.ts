/**
 * Error of a grant or revocation that would do harm. The message states the reason and the remedy.
 */
export class AccessConflict extends Error {
  /**
   * @param resource - URL of the resource whose access control is affected.
   * @param reason - The message.
   */
  public constructor(public readonly resource: string, reason: string) {
    super(reason);
    this.name = 'AccessConflict';
  }
}

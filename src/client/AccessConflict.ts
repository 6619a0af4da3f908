/**
 * Access that a grant or revocation cannot give or take without doing harm; the message says why, and what to do.
 */
export class AccessConflict extends Error {
  /**
   * @param resource - The URL of the resource whose access it is about.
   * @param reason - Why.
   */
  public constructor(public readonly resource: string, reason: string) {
    super(reason);
    this.name = 'AccessConflict';
  }
}

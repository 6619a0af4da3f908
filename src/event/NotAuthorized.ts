/**
 * An agent may not do what it asked for.
 */
export class NotAuthorized extends Error {
  /**
   * @param message - What was refused, without telling anything that the agent may not know.
   */
  public constructor(message: string) {
    super(message);
    this.name = 'NotAuthorized';
  }
}

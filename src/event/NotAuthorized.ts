/**
 * The agent lacks the required permission.
 */
export class NotAuthorized extends Error {
  /**
   * @param message - The refused action, without information that the agent may not have.
   */
  public constructor(message: string) {
    super(message);
    this.name = 'NotAuthorized';
  }
}

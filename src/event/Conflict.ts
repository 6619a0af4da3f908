/**
 * The request contradicts the stored state.
 */
export class Conflict extends Error {
  /**
   * @param message - The contradiction.
   */
  public constructor(message: string) {
    super(message);
    this.name = 'Conflict';
  }
}

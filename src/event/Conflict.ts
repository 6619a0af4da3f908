/**
 * What was sent contradicts what is there.
 */
export class Conflict extends Error {
  /**
   * @param message - What contradicts what.
   */
  public constructor(message: string) {
    super(message);
    this.name = 'Conflict';
  }
}

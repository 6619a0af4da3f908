/**
 * Input from outside that breaks a rule; the message says which, in words for the person who sent it.
 */
export class InvalidInput extends Error {
  /**
   * @param message - What is wrong; it never quotes a secret.
   * @param index - The place in the request's array of what is wrong, from 0.
   */
  public constructor(message: string, public readonly index?: number) {
    super(message);
    this.name = 'InvalidInput';
  }

  /**
   * The same error, said of one element of an array.
   */
  public at(index: number): InvalidInput {
    return new InvalidInput(`[${index}]: ${this.message}`, index);
  }
}

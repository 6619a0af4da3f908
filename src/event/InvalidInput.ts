/**
 * External input that violates a rule. The message names the rule, in words for the sender.
 */
export class InvalidInput extends Error {
  /**
   * @param message - The violated rule, without secrets.
   * @param index - Index of the invalid element in the request's array, from 0.
   */
  public constructor(message: string, public readonly index?: number) {
    super(message);
    this.name = 'InvalidInput';
  }

  /**
   * Returns the same error for one element of an array.
   */
  public at(index: number): InvalidInput {
    return new InvalidInput(`[${index}]: ${this.message}`, index);
  }
}

/** End of an evaluation that exceeds its maximum work. */
export class OutOfSteps extends Error {
  public constructor() {
    super('The evaluation exceeds its maximum number of steps');
    this.name = 'OutOfSteps';
  }
}

/**
 * Work that one evaluation may still do, in steps.
 *
 * Unlike time, steps depend only on the filters and the event, so every evaluation has the same result.
 */
export class Steps {
  /** @param left - Maximum number of steps. */
  public constructor(private left: number) {}

  /**
   * Counts steps before they are made.
   *
   * @throws {@link OutOfSteps} if too few are left.
   */
  public take(count: number): void {
    this.left -= count;
    if (this.left < 0) {
      throw new OutOfSteps();
    }
  }
}

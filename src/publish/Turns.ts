/**
 * Runs tasks with a common name one after another, and others at the same time.
 */
export class Turns {
  /** The last task of each name. */
  private readonly last = new Map<string, Promise<unknown>>();

  /**
   * Runs a task after all earlier tasks with one of its names, whatever their results are.
   *
   * @param names - Names of the task.
   * @param run - The task.
   */
  public async run<T>(names: readonly string[], run: () => Promise<T>): Promise<T> {
    const before = new Set(names.flatMap((name): Promise<unknown>[] =>
      this.last.has(name) ? [ this.last.get(name)! ] : []));
    const mine = before.size > 0 ? Promise.allSettled(before).then(run) : run();
    names.forEach((name): unknown => this.last.set(name, mine));
    try {
      return await mine;
    } finally {
      for (const name of names) {
        if (this.last.get(name) === mine) {
          this.last.delete(name);
        }
      }
    }
  }
}

/**
 * Tasks in progress, which end by themselves and do not reject.
 */
export class Tasks {
  private readonly running = new Set<Promise<void>>();

  /** Number of tasks in progress. */
  public get size(): number {
    return this.running.size;
  }

  /** Adds a task until it ends. */
  public add(task: Promise<void>): void {
    const tracked = task.finally((): unknown => this.running.delete(tracked));
    this.running.add(tracked);
  }

  /** Waits until no task is in progress, including tasks added by others. */
  public async settle(): Promise<void> {
    while (this.running.size > 0) {
      await Promise.all(this.running);
    }
  }
}

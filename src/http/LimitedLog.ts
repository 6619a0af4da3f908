/** Shortest time between two lines, in milliseconds. */
const INTERVAL = 10_000;

/**
 * Writes a line to a log at most every 10 seconds, with the number of lines that were left out since the last one.
 */
export class LimitedLog {
  private last = -Infinity;
  private left = 0;

  /**
   * @param write - Writes a line.
   */
  public constructor(private readonly write: (line: string) => unknown) {}

  /** Writes a line, or counts it. */
  public log(line: string): void {
    const now = performance.now();
    if (now - this.last < INTERVAL) {
      this.left += 1;
      return;
    }
    this.write(this.left === 0 ? line : `${line} (and ${this.left} more like it)`);
    this.last = now;
    this.left = 0;
  }
}

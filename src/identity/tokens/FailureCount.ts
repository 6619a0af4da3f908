import { createHash } from 'node:crypto';

/** The time in which failures are counted, in milliseconds. */
const WINDOW = 60_000;
/** How many names are counted; then all are forgotten, so that made up ones neither fill memory nor lock others out. */
const MOST_NAMES = 10_000;

/**
 * Counts failures by name and minute, in bounded memory. `rate-limiter-flexible` does not bound the number of names.
 *
 * Each process of the server counts for itself.
 */
export class FailureCount {
  private readonly counts = new Map<string, number>();
  private end = 0;

  /**
   * @param most - The most failures of one name in a minute.
   */
  public constructor(private readonly most: number) {}

  /** How many seconds a name has to wait; 0 if it has not failed too often. */
  public waitFor(name: string): number {
    const left = this.end - Date.now();
    return left > 0 && (this.counts.get(hashOf(name)) ?? 0) >= this.most ? Math.ceil(left / 1_000) : 0;
  }

  /** Counts a failure. */
  public count(name: string): void {
    if (this.end <= Date.now()) {
      this.counts.clear();
      this.end = Date.now() + WINDOW;
    }
    const hash = hashOf(name);
    const before = this.counts.get(hash) ?? 0;
    if (before === 0 && this.counts.size >= MOST_NAMES) {
      this.counts.clear();
    }
    this.counts.set(hash, before + 1);
  }

  /** Takes back a failure that was counted, and turned out to be none. */
  public takeBack(name: string): void {
    const hash = hashOf(name);
    const before = this.counts.get(hash) ?? 0;
    this.counts.set(hash, Math.max(0, before - 1));
  }
}

/** Names may be long, and are not needed themselves. */
function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('base64');
}

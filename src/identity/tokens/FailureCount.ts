import { createHash } from 'node:crypto';

/** The time in which failures are counted, in milliseconds. */
const WINDOW = 60_000;
/** How many names are counted by themselves; the others are counted as one, so that memory is bounded. */
const MOST_NAMES = 10_000;

/**
 * Counts failures by name, minute by minute, in memory that is bounded whatever names are made up.
 *
 * Each process of the server counts for itself.
 */
export class FailureCount {
  private counts = new Map<string, number>();
  private end = 0;

  /**
   * @param most - The most failures of one name in a minute.
   */
  public constructor(private readonly most: number) {}

  /** How many seconds a name has to wait; 0 if it has not failed too often. */
  public waitFor(name: string): number {
    const left = this.end - Date.now();
    return left > 0 && (this.counts.get(this.slotOf(name)) ?? 0) >= this.most ? Math.ceil(left / 1_000) : 0;
  }

  /** Counts a failure. */
  public count(name: string): void {
    if (this.end <= Date.now()) {
      this.counts = new Map();
      this.end = Date.now() + WINDOW;
    }
    const slot = this.slotOf(name);
    this.counts.set(slot, (this.counts.get(slot) ?? 0) + 1);
  }

  /** Where the failures of a name are counted: names may be long, so it is their hash. */
  private slotOf(name: string): string {
    const hash = createHash('sha256').update(name).digest('base64');
    return this.counts.has(hash) || this.counts.size < MOST_NAMES ? hash : '';
  }
}

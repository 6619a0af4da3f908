import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { TooMany } from '../../event/TooMany';

/** Time in which failures are counted, in milliseconds; it begins with the first failure of a name. */
const WINDOW = 60_000;
/** Maximum number of names. The failures of the name that failed least recently are forgotten first. */
const MAX_NAMES = 10_000;

interface Count {
  /** End of the window, in milliseconds since 1970. */
  readonly end: number;
  failures: number;
}

/**
 * Limits failed log-ins by name, in bounded memory.
 *
 * `rate-limiter-flexible` does not bound the number of names. Each process of the server counts for itself.
 */
export class FailureCount {
  private readonly counts = new LRUCache<string, Count>({ max: MAX_NAMES });

  /**
   * @param maxFailures - Maximum number of failures of one name in a minute.
   * @param subject - Kind of the names, for messages.
   */
  public constructor(private readonly maxFailures: number, private readonly subject: string) {}

  /**
   * Runs an attempt, and counts its failure by a name. Errors count as well.
   *
   * @param name - The name. Only its hash is kept.
   * @param run - The attempt.
   * @param isSuccess - Returns whether a result is no failure.
   *
   * @throws {@link TooMany} after too many failures of the name, without a run.
   */
  public async attempt<T>(name: string, run: () => Promise<T>, isSuccess: (result: T) => boolean): Promise<T> {
    const count = this.open(createHash('sha256').update(name).digest('base64'));
    if (count.failures >= this.maxFailures) {
      const wait = Math.max(1, Math.ceil((count.end - Date.now()) / 1_000));
      throw new TooMany(`Too many failed logins of ${this.subject}: wait, and check the name and the secret`, wait);
    }
    // Counted before the result is known, so that concurrent attempts cannot exceed the limit.
    count.failures += 1;
    const result = await run();
    if (isSuccess(result)) {
      count.failures -= 1;
    }
    return result;
  }

  private open(key: string): Count {
    const known = this.counts.get(key);
    if (known && known.end > Date.now()) {
      return known;
    }
    const count = { end: Date.now() + WINDOW, failures: 0 };
    this.counts.set(key, count);
    return count;
  }
}

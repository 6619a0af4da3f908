import { StoreUnavailable } from '../store/StoreUnavailable';
import { DEFAULT_TIMEOUT } from './CommitQueue';
import { problemOf } from './storeErrors';

/** First and longest delay between two attempts, in milliseconds. */
const FIRST_RETRY = 1;
const LAST_RETRY = 50;
/** Maximum number of waiting operations. */
const MAX_WAITING = 1_000;

let waiting = 0;

/**
 * Runs an operation of SQLite, and repeats it while another process holds the required lock.
 *
 * @param run - Synchronous operation, which is rolled back if it throws.
 * @param timeout - Maximum time to wait, in milliseconds.
 *
 * @throws {@link StoreUnavailable} if too many operations wait; otherwise the last error of the operation.
 */
export async function retryWhileLocked<T>(run: () => T, timeout = DEFAULT_TIMEOUT): Promise<T> {
  const end = performance.now() + timeout;
  for (let delay = FIRST_RETRY; ; delay = Math.min(delay * 2, LAST_RETRY)) {
    try {
      return run();
    } catch (error: unknown) {
      if (problemOf(error) !== 'busy' || performance.now() >= end) {
        throw error;
      }
      if (waiting >= MAX_WAITING) {
        throw new StoreUnavailable('busy', 'Too many writes wait', error);
      }
    }
    waiting += 1;
    await new Promise((resolve): unknown => setTimeout(resolve, delay * (0.5 + (Math.random() / 2))));
    waiting -= 1;
  }
}

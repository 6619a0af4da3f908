import { ConnectionLost } from './channel';
import { RequestFailed } from './RequestFailed';

/** Backoff before reconnecting, in milliseconds. Doubles after each failure up to `longest`. */
export const RECONNECT_DELAY = { first: 500, longest: 60_000 };

/** Checks that a failure is transient, so that a retry can succeed. */
export function isTransient(error: unknown): boolean {
  if (error instanceof RequestFailed) {
    return [ 429, 502, 503, 504 ].includes(error.status);
  }
  // Compared by name, because fetch may belong to another realm, see https://fetch.spec.whatwg.org/#fetch-method
  return error instanceof ConnectionLost || (error as Error | undefined)?.name === 'TypeError';
}

/** Waits for a time in milliseconds, or until a signal aborts. */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) {
    return;
  }
  await new Promise<void>((resolve): void => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}

/**
 * Waits before the next attempt to connect.
 *
 * @param delay - The longest wait, in milliseconds. Half of it is random, so that clients of a restarted server do not
 *                reconnect at once.
 * @param signal - Ends the wait.
 *
 * @returns The delay of the attempt after it.
 */
export async function nextDelay(delay: number, signal?: AbortSignal): Promise<number> {
  await sleep(delay * (0.5 + Math.random() / 2), signal);
  return Math.min(delay * 2, RECONNECT_DELAY.longest);
}

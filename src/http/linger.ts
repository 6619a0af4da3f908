import type { IncomingMessage } from 'node:http';

/** Maximum time, in milliseconds, and size, in bytes, of the rest of a body that is read and discarded. */
const MAX_TIME = 1_000;
const MAX_BYTES = 16 * 1_024 * 1_024;

/**
 * Reads and discards the rest of a body that is refused, for a bounded time and size.
 *
 * If the connection were closed at once, the client could get a reset instead of the answer that was sent before.
 *
 * @param request - The request, which has been answered.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.6-11
 */
export async function linger(request: IncomingMessage): Promise<void> {
  return new Promise((resolve): void => {
    let bytes = 0;
    const end = (): void => {
      clearTimeout(timer);
      request.pause();
      resolve();
    };
    const timer = setTimeout(end, MAX_TIME);
    request.on('data', (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) {
        end();
      }
    });
    for (const event of [ 'end', 'error', 'close' ]) {
      request.on(event, end);
    }
    request.resume();
  });
}

import { HttpProblem } from '../../http/errors';
import type { HttpExchange } from '../../http/Endpoint';

/**
 * Does some work for as long as the client of a request is there.
 *
 * @param exchange - The request.
 * @param work - Is given a signal that is aborted once the client is gone, with a problem that nobody gets.
 *
 * @throws Errors of the work.
 */
export async function whileConnected<T>(
  { request: { socket }}: Pick<HttpExchange, 'request'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const end = (): void => controller.abort(new HttpProblem(400, 'The client did not wait for the answer'));
  // Not that of the request, which is closed as soon as it is read.
  socket.once('close', end);
  if (socket.destroyed) {
    end();
  }
  try {
    return await work(controller.signal);
  } finally {
    socket.off('close', end);
  }
}

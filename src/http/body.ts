import type { IncomingMessage } from 'node:http';
import { InvalidInput } from '../event/InvalidInput';
import { HttpProblem } from './errors';

/**
 * Reads the body of a request as text, no further than the limit.
 *
 * @param request - The request.
 * @param limit - The most bytes to read.
 *
 * @throws {@link HttpProblem} 413 if there is more; the connection is then to be closed, for the rest is not read.
 * @throws {@link InvalidInput} if the body is not UTF-8, or ends before it was whole.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-413-content-too-large
 */
export async function readText(request: IncomingMessage, limit: number): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    throw tooLarge(limit);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length;
      if (length > limit) {
        throw tooLarge(limit);
      }
      chunks.push(chunk as Buffer);
    }
  } catch (error: unknown) {
    throw error instanceof HttpProblem ? error : new InvalidInput('The request body ended before it was whole');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new InvalidInput('The request body is not valid UTF-8');
  }
}

function tooLarge(limit: number): HttpProblem {
  return new HttpProblem(413, `The request body is larger than ${limit} bytes, the most that is accepted`, {
    Connection: 'close',
  });
}

import type { IncomingMessage } from 'node:http';
import { InvalidInput } from '../event/InvalidInput';
import { HttpProblem } from './errors';

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

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
  const bytes = await readBytes(request, limit);
  try {
    return UTF_8.decode(bytes);
  } catch {
    throw new InvalidInput('The request body is not valid UTF-8');
  }
}

async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject): void => {
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (error: Error): void => {
      request.pause();
      request.removeAllListeners('data');
      reject(error);
    };
    request.on('data', (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > limit) {
        fail(tooLarge(limit));
      }
    });
    request.on('end', (): void => resolve(Buffer.concat(chunks)));
    for (const event of [ 'error', 'close' ]) {
      request.on(event, (): void => {
        if (!request.complete) {
          fail(new InvalidInput('The request body ended before it was whole'));
        }
      });
    }
  });
}

function tooLarge(limit: number): HttpProblem {
  return new HttpProblem(413, `The request body is larger than ${limit} bytes, the most that is accepted`, {
    Connection: 'close',
  });
}

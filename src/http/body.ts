import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { InvalidInput } from '../event/InvalidInput';
import { charge, COSTS, currentAccount } from '../access/costs';
import { BodyBudget } from './BodyBudget';
import type { BodyHolder } from './BodyBudget';
import { HttpProblem } from './errors';

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** The bodies of one request: usually one. */
interface Held {
  readonly budget: BodyBudget;
  readonly reserved: { readonly holder: BodyHolder; bytes: number }[];
}

const held = new AsyncLocalStorage<Held>();

/**
 * Answers a request, and counts its body against a budget until the response is ready.
 *
 * @param budget - The budget.
 * @param work - Answers the request.
 */
export async function withinBodyBudget<T>(budget: BodyBudget, work: () => Promise<T>): Promise<T> {
  const mine: Held = { budget, reserved: []};
  try {
    return await held.run(mine, work);
  } finally {
    for (const { holder, bytes } of mine.reserved) {
      budget.release(holder, bytes);
    }
  }
}

/**
 * Reads the body of a request as text, see {@link readBody}.
 *
 * @throws {@link HttpProblem} as {@link readBody} does.
 * @throws {@link InvalidInput} if the body is not UTF-8, or ends before it was whole.
 */
export async function readText(request: IncomingMessage, limit: number): Promise<string> {
  return utf8Text(await readBody(request, limit));
}

/**
 * Returns the text of a body.
 *
 * @throws {@link InvalidInput} if the body is not UTF-8.
 */
export function utf8Text(body: Uint8Array): string {
  try {
    return UTF_8.decode(body);
  } catch {
    throw new InvalidInput('The request body is not valid UTF-8');
  }
}

/**
 * Reads the body of a request, no further than the limit. To be called once the credentials and the access of the
 * caller are known, because until then nobody's bytes are worth holding.
 *
 * @param request - The request.
 * @param limit - Maximum size, in bytes.
 *
 * @throws {@link HttpProblem} 413 if there is more; the connection is then to be closed, for the rest is not read;
 *         415 if the body is encoded, 408 if it does not arrive in time, 503 if there is no room for it.
 * @throws {@link InvalidInput} if the body ends before it was whole.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-413-content-too-large
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  assertNotEncoded(request);
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    throw tooLarge(limit);
  }
  const bytes = await readBytes(request, limit);
  charge(bytes.length / 1_024 * COSTS.bodyKib);
  return bytes;
}

/**
 * Refuses a body with a content coding, since none is decoded here. {@link readText} does so, too.
 *
 * @throws {@link HttpProblem} 415 that names the accepted coding.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3-12
 */
export function assertNotEncoded(request: IncomingMessage): void {
  const codings = (request.headers['content-encoding'] ?? '').split(',').map((coding): string => coding.trim().toLowerCase());
  const unknown = codings.find((coding): boolean => coding !== '' && coding !== 'identity');
  if (unknown !== undefined) {
    throw new HttpProblem(
      415,
      `Content-Encoding ${unknown.slice(0, 100)} is not supported: send the body without a Content-Encoding`,
      { 'Accept-Encoding': 'identity', Connection: 'close' },
    );
  }
}

async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const reserve = reserver(Number(request.headers['content-length'] ?? 0));
  const { timeout } = held.getStore()?.budget ?? DEFAULT_BUDGET;
  return new Promise((resolve, reject): void => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout((): void => fail(new HttpProblem(
      408,
      `The request body did not arrive within ${timeout / 1_000} seconds`,
      { Connection: 'close' },
    )), timeout).unref();
    const fail = (error: Error): void => {
      clearTimeout(timer);
      request.pause();
      request.removeAllListeners('data');
      chunks.length = 0;
      reject(error);
    };
    request.on('data', (chunk: Buffer): void => {
      length += chunk.length;
      if (length > limit) {
        return fail(tooLarge(limit));
      }
      try {
        reserve(chunk.length);
      } catch (error: unknown) {
        return fail(error as Error);
      }
      chunks.push(chunk);
    });
    request.on('end', (): void => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    for (const event of [ 'error', 'close' ]) {
      request.on(event, (): void => {
        if (!request.complete) {
          fail(new InvalidInput('The request body ended before it was whole'));
        }
      });
    }
  });
}

const DEFAULT_BUDGET = new BodyBudget();

/** Reserves room for the body of the current request; outside of a request there is no limit. */
function reserver(announced: number): (bytes: number) => void {
  const mine = held.getStore();
  const account = currentAccount();
  if (!mine || !account) {
    return (): void => undefined;
  }
  const { payer, isPublic } = account;
  mine.budget.assertRoom({ payer, isPublic }, announced);
  const reserved = { holder: { payer, isPublic }, bytes: 0 };
  mine.reserved.push(reserved);
  return (bytes): void => {
    mine.budget.reserve(reserved.holder, bytes);
    reserved.bytes += bytes;
  };
}

function tooLarge(limit: number): HttpProblem {
  return new HttpProblem(413, `The request body is larger than ${limit} bytes, the most that is accepted`, {
    Connection: 'close',
  });
}

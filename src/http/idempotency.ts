import { createHash } from 'node:crypto';
import { InvalidInput } from '../event/InvalidInput';
import type { PublishRequest } from '../publish/Publisher';
import type { HttpExchange } from './Endpoint';
import { queryOf } from './query';

const KEY = /^[\u0021-\u007E]{1,255}$/u;

/**
 * What tells a request from others, if its client has given it a key so that it can be repeated.
 *
 * @param exchange - The request.
 * @param body - Its body.
 *
 * @throws {@link InvalidInput} if the key is not 1 to 255 visible characters of ASCII.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header#section-2
 */
export function idempotencyKeyOf({ request, path }: HttpExchange, body: string): PublishRequest['idempotencyKey'] {
  const key = request.headers['idempotency-key'];
  if (key === undefined) {
    return undefined;
  }
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new InvalidInput('Invalid Idempotency-Key: it is 1 to 255 visible characters of ASCII, such as a UUID');
  }
  const query = queryOf({ request });
  // Who asks may say so in another way when it asks again.
  query.delete('p_cookie_peer');
  // The same is at a path with and without the last slash.
  const place = path.replace(/\/$/u, '');
  const fingerprint = createHash('sha256').update(`${place}\n${query.toString()}\n`).update(body).digest('hex');
  return { key, fingerprint };
}

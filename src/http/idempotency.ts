import { createHash } from 'node:crypto';
import { InvalidInput } from '../event/InvalidInput';
import type { NamedKey } from '../publish/PublishRequest';
import type { HttpExchange } from './Endpoint';
import { queryOf } from './query';

const KEY = /^[\u0021-\u007E]{1,255}$/u;

/**
 * Reads the idempotency key of a request, and computes its fingerprint: a hash of path, query and body.
 *
 * @param exchange - The request.
 * @param body - Its body.
 * @param credentialParameters - Query parameters with credentials, which a repeated request can change. Default: none.
 *
 * @returns `undefined` if the request has no key.
 *
 * @throws {@link InvalidInput} if the key is not 1 to 255 visible characters of ASCII.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header#section-2
 */
export function idempotencyKeyOf(
  { request, path }: HttpExchange,
  body: string | Uint8Array,
  credentialParameters: readonly string[] = [],
): NamedKey | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) {
    return undefined;
  }
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new InvalidInput('Invalid Idempotency-Key: it is 1 to 255 visible characters of ASCII, such as a UUID');
  }
  const query = queryOf({ request });
  for (const name of credentialParameters) {
    query.delete(name);
  }
  // A path with and without a trailing slash is the same endpoint.
  const place = path.replace(/\/$/u, '');
  const fingerprint = createHash('sha256').update(`${place}\n${query.toString()}\n`).update(body).digest('hex');
  return { key, fingerprint };
}

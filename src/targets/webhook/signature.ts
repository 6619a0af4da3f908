import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** Minimum and maximum size of a secret by Standard Webhooks, in bytes. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/u;

/**
 * Creates a secret for a webhook: `whsec_` and the Base64 of 32 random bytes.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#symmetric
 */
export function newSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`;
}

// Keys are not cached: decoding takes a small part of the time of a signature.
function keyOf(secret: string): Buffer {
  const encoded = secret.slice(PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  if (!secret.startsWith(PREFIX) || !BASE64.test(encoded) || key.length < LEAST_BYTES || key.length > MOST_BYTES) {
    throw new Error(`The secret of a webhook has to be ${PREFIX} and the Base64 of ${LEAST_BYTES} to ${MOST_BYTES} bytes`);
  }
  return key;
}

/**
 * The headers that authenticate a request to a webhook by Standard Webhooks.
 *
 * Uses `node:crypto` instead of the package `standardwebhooks`, whose SHA-256 in JavaScript blocks the event loop
 * several
 * times longer, and which does not check the size of a secret. Tests verify the signatures with that package.
 *
 * @param secrets - The current secret, and former secrets that also sign.
 * @param id - Id of the message, equal in each attempt, without `.`.
 * @param timestamp - Time of the request, in seconds since 1970.
 * @param body - The message.
 *
 * @throws Error if there is no secret, or one does not have the form of {@link newSecret}. The message omits the
 *   secret.
 *
 * @see
 *   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#webhook-headers-sending-metadata-to-consumers
 */
export function sign(
  secrets: readonly string[],
  id: string,
  timestamp: number,
  body: string | Buffer,
): Record<'webhook-id' | 'webhook-signature' | 'webhook-timestamp', string> {
  if (secrets.length === 0) {
    throw new Error('A webhook without a secret cannot be signed');
  }
  const signatures = secrets.map((secret): string =>
    `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': `${timestamp}`, 'webhook-signature': signatures.join(' ') };
}

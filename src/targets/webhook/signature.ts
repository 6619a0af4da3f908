import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** The least and the most bytes of a secret that Standard Webhooks allows. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/u;

/**
 * A new secret for a webhook: `whsec_` and the Base64 of 32 random bytes.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#symmetric
 */
export function newSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`;
}

// Decoding a key takes a small part of the time of a signature, so no keys are kept.
function keyOf(secret: string): Buffer {
  const encoded = secret.slice(PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  if (!secret.startsWith(PREFIX) || !BASE64.test(encoded) || key.length < LEAST_BYTES || key.length > MOST_BYTES) {
    throw new Error(`The secret of a webhook has to be ${PREFIX} and the Base64 of ${LEAST_BYTES} to ${MOST_BYTES} bytes`);
  }
  return key;
}

/**
 * The headers by which the receiver of a webhook knows that it comes from who has the secret, whole and of now.
 *
 * @param secrets - One, or several while it is being changed: it is signed with each.
 * @param id - Names the message, the same at each try; it must not hold a `.`.
 * @param timestamp - When it is sent, in seconds since 1970.
 * @param body - The message.
 *
 * @throws Error if there is no secret, or one is not of the form of {@link newSecret}; it does not quote it.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#webhook-headers-sending-metadata-to-consumers
 */
export function sign(
  secrets: readonly string[],
  id: string,
  timestamp: number,
  body: string,
): Record<'webhook-id' | 'webhook-signature' | 'webhook-timestamp', string> {
  if (secrets.length === 0) {
    throw new Error('A webhook without a secret cannot be signed');
  }
  const signatures = secrets.map((secret): string =>
    `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': `${timestamp}`, 'webhook-signature': signatures.join(' ') };
}

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = 'solid-pod-events answer to a refresh token';

/**
 * Encrypts the answer to a refresh token, so that only a holder of that token can read it.
 *
 * The key is derived from the token by HKDF. The store has the SHA-256 of the token, from which the key cannot be
 * derived, so a reader of the store learns neither the issued access token nor the next refresh token.
 *
 * @param answer - The answer.
 * @param token - The refresh token, which is random, so that the key needs no salt.
 * @param request - What else the request contains. Other requests with the same token cannot open the answer.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5869
 */
export function sealAnswer(answer: string, token: string, request: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(token), nonce).setAAD(Buffer.from(request));
  const text = Buffer.concat([ cipher.update(answer, 'utf8'), cipher.final() ]);
  return Buffer.concat([ nonce, cipher.getAuthTag(), text ]);
}

/**
 * Decrypts an answer of {@link sealAnswer}.
 *
 * @returns `undefined` if the token or the request differs.
 */
export function openAnswer(sealed: Buffer, token: string, request: string): string | undefined {
  const tagStart = NONCE_BYTES + TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, keyOf(token), sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(request))
    .setAuthTag(sealed.subarray(NONCE_BYTES, tagStart));
  try {
    return Buffer.concat([ decipher.update(sealed.subarray(tagStart)), decipher.final() ]).toString();
  } catch {
    return undefined;
  }
}

function keyOf(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', PURPOSE, KEY_BYTES));
}

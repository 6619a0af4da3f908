import { createHash, randomBytes } from 'node:crypto';
import type { KeyLimits } from './Caller';

/**
 * What is known of an API key, which is not the key itself.
 */
export interface ApiKey extends KeyLimits {
  /** UUID, minted by the server. */
  readonly id: string;
  /** The account that made it. */
  readonly account: string;
  /** What its maker calls it. */
  readonly name: string;
  /** The WebID that it stands for. */
  readonly webId: string;
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
  /** When it ends, in milliseconds since 1970; never if absent. */
  readonly expires?: number;
  /** The day on which it was last used, as `YYYY-MM-DD` in UTC; absent if it never was. */
  readonly lastUsed?: string;
}

/** The length of the random part of a key. */
const KEY_BYTES = 32;
/** What 256 bits are in base64url. */
const FORM = /^spe_[\w-]{43}$/u;

/** A new key: `spe_` and 256 random bits in base64url. */
export function generateKey(): string {
  return `spe_${randomBytes(KEY_BYTES).toString('base64url')}`;
}

/** Whether a text has the form of a key. */
export function isKey(text: string): boolean {
  return FORM.test(text);
}

/** The first bytes of a hash, by which a key is looked up. */
export function prefixOf(hash: Buffer): Buffer {
  return hash.subarray(0, 8);
}

/** The SHA-256 of a key: all of it that is ever stored. A key is random, so it needs no salt. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

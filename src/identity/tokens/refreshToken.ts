import { createHash, randomBytes } from 'node:crypto';

/** Lengths of the two random parts of a refresh token, in bytes. Together they need no padding in base64url. */
const CHAIN_BYTES = 16;
const SECRET_BYTES = 32;
const START = 'spr_';
const FORM = /^spr_[\w-]{64}$/u;

/** Hashes of a refresh token, the only stored form. The random parts need no salt. */
export interface TokenHashes {
  /** The SHA-256 of the part that all tokens of a chain share. */
  readonly chain: Buffer;
  /** The SHA-256 of the whole token. */
  readonly token: Buffer;
}

/** A refresh token with its hashes. */
export interface RefreshToken extends TokenHashes {
  readonly text: string;
}

/**
 * Generates a refresh token: `spr_`, 128 random bits that identify the chain, and 256 random bits, in base64url.
 *
 * @param previous - A token of the same chain. Default: the first token of a new chain.
 */
export function generateRefreshToken(previous?: string): RefreshToken {
  const chain = previous === undefined ? randomBytes(CHAIN_BYTES) : bytesOf(previous).subarray(0, CHAIN_BYTES);
  const text = START + Buffer.concat([ chain, randomBytes(SECRET_BYTES) ]).toString('base64url');
  return { text, ...hashesOf(text) };
}

/** Returns whether a text has the form of a refresh token. */
export function isRefreshToken(text: string): boolean {
  return FORM.test(text);
}

/** Returns the hashes of a text with the form of a refresh token. */
export function hashesOf(text: string): TokenHashes {
  return { chain: sha256(bytesOf(text).subarray(0, CHAIN_BYTES)), token: sha256(text) };
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text.slice(START.length), 'base64url');
}

function sha256(data: Buffer | string): Buffer {
  return createHash('sha256').update(data).digest();
}

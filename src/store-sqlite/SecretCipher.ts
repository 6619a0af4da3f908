import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretKey } from './keyFile';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^sealed:([\da-f]{8}):([\w-]+)$/u;

/**
 * Place of a secret in the store: its column, and the key of its row. A value is readable at its own place only, so
 * that values cannot be exchanged.
 */
export type SecretPlace = readonly [column: string, ...key: (string | number)[]];

/**
 * Encrypts secrets of the store with AES-256-GCM. A sealed value is `sealed:`, the id of its key, and nonce, tag and
 * ciphertext in Base64url.
 */
export class SecretCipher {
  private readonly keys: ReadonlyMap<string, SecretKey>;
  private readonly current: SecretKey;

  /**
   * @param keys - The keys, at least one; the first one encrypts.
   */
  public constructor(keys: readonly SecretKey[]) {
    [ this.current ] = keys;
    this.keys = new Map(keys.map((key): [string, SecretKey] => [ key.id, key ]));
  }

  /** Id of the key that encrypts. */
  public get keyId(): string {
    return this.current.id;
  }

  /** Whether values of a key can be decrypted. */
  public has(keyId: string): boolean {
    return this.keys.has(keyId);
  }

  /** Encrypts a secret for its place. */
  public seal(secret: string, place: SecretPlace): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.current.bytes, nonce).setAAD(dataOf(place));
    const text = Buffer.concat([ cipher.update(secret, 'utf8'), cipher.final() ]);
    return `sealed:${this.current.id}:${Buffer.concat([ nonce, cipher.getAuthTag(), text ]).toString('base64url')}`;
  }

  /**
   * Decrypts a secret at its place.
   *
   * @throws Error without the value if it is not sealed, its key is missing, or it was sealed for another place.
   */
  public open(value: string, place: SecretPlace): string {
    const [ , keyId, encoded ] = SEALED.exec(value) ?? [];
    const key = this.keys.get(keyId);
    if (!key) {
      throw new Error(`A secret of the store is sealed with a key that is not in the key file (${keyId}).`);
    }
    const sealed = Buffer.from(encoded, 'base64url');
    const tagEnd = NONCE_BYTES + TAG_BYTES;
    try {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES })
        .setAAD(dataOf(place))
        .setAuthTag(sealed.subarray(NONCE_BYTES, tagEnd));
      return Buffer.concat([ decipher.update(sealed.subarray(tagEnd)), decipher.final() ]).toString();
    } catch {
      throw new Error(`A secret of the store (${place[0]}) was changed, or belongs to another row.`);
    }
  }
}

/** Returns the id of the key of a sealed value, or `undefined` if the value is not sealed. */
export function keyIdOf(value: string): string | undefined {
  return SEALED.exec(value)?.[1];
}

function dataOf(place: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify(place));
}

import type { ApiKey } from './ApiKey';

/** An API key and the hash by which it is recognised. */
export interface StoredApiKey {
  readonly key: ApiKey;
  /** The SHA-256 of the key. */
  readonly hash: Buffer;
}

/**
 * Where API keys are kept, durably; a key that was removed is known to no process of the server any more.
 */
export interface ApiKeyStore {
  addKey: (key: ApiKey, hash: Buffer) => Promise<void>;
  /** The keys whose hashes begin with the same 8 bytes, expired or not; hardly ever more than one. */
  findKeys: (prefix: Buffer) => Promise<StoredApiKey[]>;
  /** The keys of an account, oldest first. */
  listKeys: (account: string) => Promise<ApiKey[]>;
  /** Removes a key of an account. Returns whether it was there. */
  removeKey: (account: string, id: string) => Promise<boolean>;
  /** Removes all keys of an account that stand for a WebID. */
  removeKeysOf: (account: string, webId: string) => Promise<void>;
  /** Remembers the day on which a key was last used. */
  markKeyUsed: (id: string, day: string) => Promise<void>;
}

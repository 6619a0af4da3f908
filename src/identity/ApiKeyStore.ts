import type { ApiKey } from './ApiKey';

/** An API key's metadata and hash. */
export interface StoredApiKey {
  readonly key: ApiKey;
  /** The SHA-256 of the key. */
  readonly hash: Buffer;
}

/**
 * Stores API keys durably. A removed key is immediately unknown to all processes of the server.
 */
export interface ApiKeyStore {
  /** Stores a key. */
  addKey: (key: ApiKey, hash: Buffer) => Promise<void>;
  /** Returns the keys whose hashes begin with 8 given bytes, expired or not. Rarely more than one. */
  findKeys: (prefix: Buffer) => Promise<StoredApiKey[]>;
  /** Returns the keys of an account, oldest first. */
  listKeys: (account: string) => Promise<ApiKey[]>;
  /** Removes a key of an account. Returns whether it existed. */
  removeKey: (account: string, id: string) => Promise<boolean>;
  /** Removes all keys of an account for a WebID. */
  removeKeysOf: (account: string, webId: string) => Promise<void>;
  /** Stores the day of a key's last use. */
  markKeyUsed: (id: string, day: string) => Promise<void>;
}

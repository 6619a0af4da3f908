import { timingSafeEqual } from 'node:crypto';
import { v4 } from 'uuid';
import type { ApiKey } from './ApiKey';
import { hashKey, isKey, generateKey, prefixOf } from './ApiKey';
import type { ApiKeyStore } from './ApiKeyStore';
import type { KeyLimits } from './Caller';
import { DEFAULT_SCOPES } from './scopes';
import type { WebIdLinks } from './WebIdLinks';

/**
 * The properties of a new API key.
 */
export interface ApiKeyDraft extends KeyLimits {
  readonly account: string;
  readonly name: string;
  readonly webId: string;
  readonly expires?: number;
}

/**
 * Creates, authenticates and revokes API keys.
 *
 * Only the creator knows a key: the server stores its hash. At each use, the account of the key must still exist and
 * have the WebID. Therefore a key ends with either, even if the store was restored from an older backup.
 */
export class ApiKeys {
  private readonly store: ApiKeyStore;
  private readonly webIdLinks: WebIdLinks;

  /**
   * @param store - Stores the hashes.
   * @param webIdLinks - Provides the WebIDs of accounts.
   */
  public constructor(store: ApiKeyStore, webIdLinks: WebIdLinks) {
    this.store = store;
    this.webIdLinks = webIdLinks;
  }

  /**
   * Creates a key.
   *
   * @param draft - Account, WebID and limits of the key. Not checked here. Default of its scopes:
   *   {@link DEFAULT_SCOPES}.
   *
   * @returns The id for listing and revoking, and the key, which is not retrievable later.
   */
  public async create(draft: ApiKeyDraft): Promise<{ readonly id: string; readonly key: string }> {
    const key = generateKey();
    const id = v4();
    const scopes = draft.scopes ?? DEFAULT_SCOPES;
    await this.store.addKey({ ...draft, scopes, id, created: Date.now() }, hashKey(key));
    return { id, key };
  }

  /** Returns the keys of an account, oldest first. */
  public async list(account: string): Promise<ApiKey[]> {
    return this.store.listKeys(account);
  }

  /** Revokes a key at once, for all processes of the server. Returns whether the account had it. */
  public async revoke(account: string, id: string): Promise<boolean> {
    return this.store.removeKey(account, id);
  }

  /**
   * Authenticates a key.
   *
   * Only its hash is looked up and compared, in constant time, so the timing reveals nothing about a wrong key.
   *
   * @param text - The presented text.
   *
   * @returns The key's metadata; `undefined` if the key is malformed, unknown, revoked or expired, or if its account no
   *   longer has the WebID.
   *
   * @throws An error if the account cannot be checked.
   */
  public async authenticate(text: string): Promise<ApiKey | undefined> {
    if (!isKey(text)) {
      return undefined;
    }
    const hash = hashKey(text);
    const found = (await this.store.findKeys(prefixOf(hash)))
      .find((stored): boolean => timingSafeEqual(stored.hash, hash))?.key;
    if (!found || !await this.isValid(found)) {
      return undefined;
    }
    const today = new Date().toISOString().slice(0, 10);
    if (found.lastUsed !== today) {
      // Only informs the owner. If it cannot be stored now, a later use stores it.
      await this.store.markKeyUsed(found.id, today).catch((): void => undefined);
    }
    return found;
  }

  /**
   * Finds a key that was authenticated before.
   *
   * @param prefix - The first bytes of its hash.
   * @param id - Its id.
   *
   * @returns The key's metadata; `undefined` if the key was revoked or has expired, or if its account no longer has the
   *   WebID.
   *
   * @throws An error if the account cannot be checked.
   */
  public async find(prefix: Buffer, id: string): Promise<ApiKey | undefined> {
    const found = (await this.store.findKeys(prefix)).find(({ key }): boolean => key.id === id)?.key;
    return found && await this.isValid(found) ? found : undefined;
  }

  private async isValid({ expires = Infinity, account, webId }: ApiKey): Promise<boolean> {
    return expires > Date.now() && this.webIdLinks.isLinked(account, webId);
  }
}

import { timingSafeEqual } from 'node:crypto';
import { v4 } from 'uuid';
import type { ApiKey } from './ApiKey';
import { hashKey, isKey, generateKey, prefixOf } from './ApiKey';
import type { ApiKeyStore } from './ApiKeyStore';
import type { KeyLimits } from './Caller';
import type { WebIdLinks } from './WebIdLinks';

/**
 * What is to be said of a new API key.
 */
export interface ApiKeyDraft extends KeyLimits {
  readonly account: string;
  readonly name: string;
  readonly webId: string;
  readonly expires?: number;
}

/**
 * Makes, recognises and revokes API keys.
 *
 * A key is known to whoever made it alone: the server keeps its hash. At each use, the account that made the key must
 * still exist and have the WebID, so a key ends with either, also where the store was restored from an older copy.
 */
export class ApiKeys {
  private readonly store: ApiKeyStore;
  private readonly webIdLinks: WebIdLinks;

  /**
   * @param store - Where the hashes are kept.
   * @param webIdLinks - Knows which WebIDs the accounts have.
   */
  public constructor(store: ApiKeyStore, webIdLinks: WebIdLinks) {
    this.store = store;
    this.webIdLinks = webIdLinks;
  }

  /**
   * Makes a key.
   *
   * @param draft - Who it is for, and what it is limited to; not checked here.
   *
   * @returns The id by which it is listed and revoked, and the key, which cannot be had again.
   */
  public async create(draft: ApiKeyDraft): Promise<{ readonly id: string; readonly key: string }> {
    const key = generateKey();
    const id = v4();
    await this.store.addKey({ ...draft, id, created: Date.now() }, hashKey(key));
    return { id, key };
  }

  /** The keys of an account, oldest first. */
  public async list(account: string): Promise<ApiKey[]> {
    return this.store.listKeys(account);
  }

  /** Ends a key at once, for all processes of the server. Returns whether the account had it. */
  public async revoke(account: string, id: string): Promise<boolean> {
    return this.store.removeKey(account, id);
  }

  /**
   * Recognises a key.
   *
   * Its hash is what is looked up and compared, in constant time, so nothing tells how much of a wrong key is right.
   *
   * @param text - What was presented.
   *
   * @returns What is known of the key, or `undefined` if it is malformed, unknown, revoked or expired, or its account
   *          does not have the WebID any more.
   *
   * @throws An error if the account cannot be asked.
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
      // Only for its owner to see: where it cannot be stored now, a later use does.
      await this.store.markKeyUsed(found.id, today).catch((): void => undefined);
    }
    return found;
  }

  /**
   * Finds a key that was recognised before.
   *
   * @param prefix - The first bytes of its hash.
   * @param id - Its id.
   *
   * @returns What is known of the key, or `undefined` if it has been revoked or has expired since, or its account
   *          does not have the WebID any more.
   *
   * @throws An error if the account cannot be asked.
   */
  public async find(prefix: Buffer, id: string): Promise<ApiKey | undefined> {
    const found = (await this.store.findKeys(prefix)).find(({ key }): boolean => key.id === id)?.key;
    return found && await this.isValid(found) ? found : undefined;
  }

  private async isValid({ expires = Infinity, account, webId }: ApiKey): Promise<boolean> {
    return expires > Date.now() && this.webIdLinks.isLinked(account, webId);
  }
}

import type { AccountLoginStorage } from '@solid/community-server';
import { BaseWebIdStore } from '@solid/community-server';
import type { ApiKeyStore } from '../ApiKeyStore';

/**
 * Keeps the WebIDs of accounts as the server does, and revokes the API keys of a WebID that an account loses.
 * The answers of {@link AccountWebIdLinks} about it may be a few seconds old; the keys themselves are gone at once.
 */
export class KeyRevokingWebIdStore extends BaseWebIdStore {
  private readonly keys: ApiKeyStore;

  /**
   * @param storage - Where the links between accounts and WebIDs are kept.
   * @param keys - Where the keys are kept.
   */
  // The type is the one that the server's own class declares, to keep Components.js from following it.
  public constructor(storage: AccountLoginStorage<Record<string, never>>, keys: ApiKeyStore) {
    super(storage);
    this.keys = keys;
  }

  /**
   * Links a WebID to an account.
   *
   * Keys that the account had of an earlier link are revoked first: they ended with it, and are not to come back.
   */
  public override async create(webId: string, accountId: string): Promise<string> {
    if (!await this.isLinked(webId, accountId)) {
      await this.keys.removeKeysOf(accountId, webId);
    }
    return super.create(webId, accountId);
  }

  /**
   * Removes the link between an account and a WebID.
   *
   * The keys are revoked first: whatever fails, none outlives the link.
   */
  public override async delete(linkId: string): Promise<void> {
    const link = await this.get(linkId);
    if (link) {
      await this.keys.removeKeysOf(link.accountId, link.webId);
    }
    await super.delete(linkId);
  }
}

import type { AccountLoginStorage } from '../../css';
import { BaseWebIdStore } from '../../css';
import type { ApiKeyStore } from '../ApiKeyStore';

/**
 * Stores the WebIDs of accounts, and revokes the API keys of a WebID when its account loses it.
 *
 * Cached answers of {@link AccountWebIdLinks} may be a few seconds old. The keys are removed at once.
 */
export class KeyRevokingWebIdStore extends BaseWebIdStore {
  private readonly keys: ApiKeyStore;

  /**
   * @param storage - Stores the links between accounts and WebIDs.
   * @param keys - Stores the API keys.
   */
  // The type is that of the server's own class, so that Components.js does not follow it.
  public constructor(storage: AccountLoginStorage<Record<string, never>>, keys: ApiKeyStore) {
    super(storage);
    this.keys = keys;
  }

  /**
   * Links a WebID to an account.
   *
   * Keys from an earlier link are revoked first: they ended with it and must not become valid again.
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
   * The keys are revoked first, so that no key outlives the link, even after a failure.
   */
  public override async delete(linkId: string): Promise<void> {
    const link = await this.get(linkId);
    if (link) {
      await this.keys.removeKeysOf(link.accountId, link.webId);
    }
    await super.delete(linkId);
  }
}

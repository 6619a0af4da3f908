import type { AccountLoginStorage } from '../../css';
import { BaseWebIdStore } from '../../css';
import type { ApiKeyStore } from '../ApiKeyStore';
import type { RefreshTokenStore } from '../tokens/RefreshTokenStore';

/**
 * Stores the WebIDs of accounts, and revokes the API keys and refresh tokens of a WebID when its account loses it.
 *
 * Cached answers of {@link AccountWebIdLinks} may be a few seconds old. The keys and tokens are removed at once. If
 * another account has the same WebID, its keys stay, and its refresh tokens end.
 */
export class KeyRevokingWebIdStore extends BaseWebIdStore {
  private readonly keys: ApiKeyStore;
  private readonly refreshTokens: RefreshTokenStore;

  /**
   * @param storage - Stores the links between accounts and WebIDs.
   * @param keys - Stores the API keys.
   * @param refreshTokens - Stores the refresh tokens.
   */
  // The type is that of the server's own class, so that Components.js does not follow it.
  public constructor(
    storage: AccountLoginStorage<Record<string, never>>,
    keys: ApiKeyStore,
    refreshTokens: RefreshTokenStore,
  ) {
    super(storage);
    this.keys = keys;
    this.refreshTokens = refreshTokens;
  }

  /**
   * Links a WebID to an account.
   *
   * Keys and refresh tokens from an earlier link are revoked first: they ended with it and must not become valid again.
   */
  public override async create(webId: string, accountId: string): Promise<string> {
    if (!await this.isLinked(webId, accountId)) {
      await this.revoke(accountId, webId);
    }
    return super.create(webId, accountId);
  }

  /**
   * Removes the link between an account and a WebID.
   *
   * The keys and refresh tokens are revoked first, so that none outlives the link, even after a failure.
   */
  public override async delete(linkId: string): Promise<void> {
    const link = await this.get(linkId);
    if (link) {
      await this.revoke(link.accountId, link.webId);
    }
    await super.delete(linkId);
  }

  private async revoke(accountId: string, webId: string): Promise<void> {
    await this.keys.removeKeysOf(accountId, webId);
    await this.refreshTokens.endChainsOf(webId);
  }
}

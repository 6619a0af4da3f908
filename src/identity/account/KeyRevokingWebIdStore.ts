import type { AccountLoginStorage } from '@solid/community-server';
import { BaseWebIdStore } from '@solid/community-server';
import type { ApiKeys } from '../ApiKeys';

/**
 * Keeps the WebIDs of accounts as the server does, and revokes the API keys of a WebID that an account loses.
 */
export class KeyRevokingWebIdStore extends BaseWebIdStore {
  private readonly apiKeys: ApiKeys;

  /**
   * @param storage - Where the links between accounts and WebIDs are kept.
   * @param apiKeys - Revokes the keys.
   */
  // The type is the one that the server's own class declares, to keep Components.js from following it.
  public constructor(storage: AccountLoginStorage<Record<string, never>>, apiKeys: ApiKeys) {
    super(storage);
    this.apiKeys = apiKeys;
  }

  /**
   * Removes the link between an account and a WebID.
   *
   * The keys are revoked first: whatever fails, none outlives the link.
   */
  public override async delete(linkId: string): Promise<void> {
    const link = await this.get(linkId);
    if (link) {
      await this.apiKeys.revokeAll(link.accountId, link.webId);
    }
    await super.delete(linkId);
  }
}

import { createHash, timingSafeEqual } from 'node:crypto';
import type { ClientCredentials, ClientCredentialsStore, WebIdStore } from '@solid/community-server';
import type { Clients } from '../tokens/Clients';

/**
 * The clients are those for which accounts have made client credentials, as for the server's own identity provider.
 */
export class AccountClients implements Clients {
  private readonly credentialsStore: ClientCredentialsStore;
  private readonly webIdStore: WebIdStore;

  /**
   * @param credentialsStore - Has the client credentials of accounts.
   * @param webIdStore - Knows which WebIDs an account has.
   */
  public constructor(credentialsStore: ClientCredentialsStore, webIdStore: WebIdStore) {
    this.credentialsStore = credentialsStore;
    this.webIdStore = webIdStore;
  }

  public async webIdOf(id: string): Promise<string | undefined> {
    return (await this.find(id))?.webId;
  }

  public async hasSecret(id: string, secret: string): Promise<boolean> {
    const found = await this.find(id);
    return found !== undefined && timingSafeEqual(hash(found.secret), hash(secret));
  }

  /** Client credentials by their label, unless the account has lost their WebID since. */
  private async find(id: string): Promise<ClientCredentials | undefined> {
    const found = await this.credentialsStore.findByLabel(id);
    return found && await this.webIdStore.isLinked(found.webId, found.accountId) ? found : undefined;
  }
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

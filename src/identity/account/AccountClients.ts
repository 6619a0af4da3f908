import { createHash, timingSafeEqual } from 'node:crypto';
import type { ClientCredentialsStore, WebIdStore } from '../../css';
import type { Client, Clients } from '../tokens/Clients';

/** Form of client ids that accounts create. The server's stores fail for some other ids. */
const ID = /^[\w-]{1,300}$/u;

/**
 * Finds the clients of accounts' client credentials, as the server's own identity provider does.
 */
export class AccountClients implements Clients {
  private readonly credentialsStore: ClientCredentialsStore;
  private readonly webIdStore: WebIdStore;

  /**
   * @param credentialsStore - Stores the client credentials of accounts.
   * @param webIdStore - Stores the links between accounts and WebIDs.
   */
  public constructor(credentialsStore: ClientCredentialsStore, webIdStore: WebIdStore) {
    this.credentialsStore = credentialsStore;
    this.webIdStore = webIdStore;
  }

  public async find(id: string): Promise<Client | undefined> {
    const found = ID.test(id) ? await this.credentialsStore.findByLabel(id) : undefined;
    // The account may have lost the WebID since the credentials were created.
    if (!found || !await this.webIdStore.isLinked(found.webId, found.accountId)) {
      return undefined;
    }
    const expected = hash(found.secret);
    return { webId: found.webId, hasSecret: (secret): boolean => timingSafeEqual(expected, hash(secret)) };
  }
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

import { createHash, timingSafeEqual } from 'node:crypto';
import type { ClientCredentialsStore, WebIdStore } from '@solid/community-server';
import type { Client, Clients } from '../tokens/Clients';

/** The ids that accounts make; the stores of the server have no form for some others, and fail. */
const ID = /^[\w-]{1,300}$/u;

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

  public async find(id: string): Promise<Client | undefined> {
    const found = ID.test(id) ? await this.credentialsStore.findByLabel(id) : undefined;
    // The account may have lost the WebID since.
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

import { createHash, timingSafeEqual } from 'node:crypto';
import type { ClientCredentialsStore, WebIdStore } from '../../css';
import type { Client, Clients } from '../tokens/Clients';

/** Form of client ids that accounts create. The server's stores fail for some other ids. */
const ID = /^[\w-]{1,300}$/u;

/** A link that no account has, for look-ups that equal those of an existing client. */
const NO_LINK = { webId: 'urn:solid-pod-events:nobody', accountId: '00000000-0000-4000-8000-000000000000' };

/**
 * Finds the clients of accounts' client credentials, as the server's own identity provider does.
 *
 * An unknown id costs the same look-ups as a known one.
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
    if (!ID.test(id)) {
      return undefined;
    }
    const found = await this.credentialsStore.findByLabel(id);
    // The account may have lost the WebID since the credentials were created.
    const { webId, accountId } = found ?? NO_LINK;
    const isLinked = await this.webIdStore.isLinked(webId, accountId);
    if (!found || !isLinked) {
      return undefined;
    }
    const expected = hash(found.secret);
    return { webId: found.webId, hasSecret: (secret): boolean => timingSafeEqual(expected, hash(secret)) };
  }
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

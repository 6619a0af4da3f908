import { TooMany } from '../../event/TooMany';
import type { Clients } from './Clients';
import type { Credential } from './Credential';
import { FailureCount } from './FailureCount';

/** Why a client was not let in. */
export type LoginFailure = 'unknown client' | 'wrong secret';

/**
 * Logs clients in with their id and secret.
 */
export class ClientLogin {
  private readonly clients: Clients;
  private readonly issuer: string;
  private readonly failures: FailureCount;

  /**
   * @param clients - Knows the clients.
   * @param issuer - The identity provider of this server, which is the one that vouches for them.
   * @param maxFailures - After how many failures of a client at a pod, in a minute, it has to wait. Default 30.
   */
  public constructor(clients: Clients, issuer: string, maxFailures = 30) {
    this.clients = clients;
    this.issuer = issuer;
    this.failures = new FailureCount(maxFailures);
  }

  /**
   * Finds out whom a client stands for.
   *
   * @param pod - The base URL of the pod for which it logs in.
   * @param id - The id of the client.
   * @param secret - What it presents as its secret.
   *
   * @throws {@link TooMany} if it has failed too often, whatever the secret is.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
   */
  public async logIn(pod: string, id: string, secret: string): Promise<Credential | LoginFailure> {
    // No URL has a space, so no two pods and clients share a name.
    const name = `${pod} ${id}`;
    const wait = this.failures.waitFor(name);
    if (wait > 0) {
      throw new TooMany('This client has failed to log in too often: wait, and check its id and secret', wait);
    }
    // Counted before it is known, so that many at once are no way around the bound.
    this.failures.count(name);
    const client = await this.clients.find(id);
    if (client?.hasSecret(secret)) {
      this.failures.takeBack(name);
      return { caller: { agent: client.webId, client: id, issuer: this.issuer }, clientId: id };
    }
    return client ? 'wrong secret' : 'unknown client';
  }
}

import { TooMany } from '../../event/TooMany';
import type { Clients } from './Clients';
import type { Credential } from './Credential';
import { FailureCount } from './FailureCount';

/** Reason for a failed login. */
export type LoginFailure = 'unknown client' | 'wrong secret';

/**
 * Authenticates clients by id and secret.
 */
export class ClientLogin {
  private readonly clients: Clients;
  private readonly issuer: string;
  private readonly failures: FailureCount;

  /**
   * @param clients - Finds clients by id.
   * @param issuer - The identity provider of this server, the issuer of the clients.
   * @param maxFailures - Maximum failures of a client at a pod per minute. Further logins must wait. Default 30.
   */
  public constructor(clients: Clients, issuer: string, maxFailures = 30) {
    this.clients = clients;
    this.issuer = issuer;
    this.failures = new FailureCount(maxFailures);
  }

  /**
   * Authenticates a client, and returns the credential of its WebID.
   *
   * @param pod - The base URL of the pod at which it logs in.
   * @param id - The id of the client.
   * @param secret - The presented secret.
   *
   * @throws {@link TooMany} after too many failures, regardless of the secret.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
   */
  public async logIn(pod: string, id: string, secret: string): Promise<Credential | LoginFailure> {
    // URLs contain no spaces, so the key is unambiguous.
    const name = `${pod} ${id}`;
    const wait = this.failures.waitFor(name);
    if (wait > 0) {
      throw new TooMany('Too many failed logins of this client: wait, and check its id and secret', wait);
    }
    // Counted before the result is known, so that concurrent attempts cannot exceed the limit.
    this.failures.count(name);
    const client = await this.clients.find(id);
    if (client?.hasSecret(secret)) {
      this.failures.takeBack(name);
      return { caller: { agent: client.webId, client: id, issuer: this.issuer }, clientId: id };
    }
    return client ? 'wrong secret' : 'unknown client';
  }
}

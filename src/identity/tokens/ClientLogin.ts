import type { Clients } from './Clients';
import type { Credential } from './Credential';
import { FailureCount } from './FailureCount';
import type { LoginAttempt } from './LoginAttempt';

/** Reason for a failed login. */
export type LoginFailure = 'unknown client' | 'wrong secret';

/**
 * Authenticates clients by id and secret.
 */
export class ClientLogin {
  private readonly clients: Clients;
  private readonly issuer: string;
  /** Failures by client address, which all log-ins by a name and a secret count. */
  public readonly ofAddress: FailureCount;
  private readonly ofName: FailureCount;

  /**
   * @param clients - Finds clients by id.
   * @param issuer - The identity provider of this server, the issuer of the clients.
   * @param maxFailures - Maximum failures of a client at a pod per minute. Further logins must wait. Default 30.
   * @param maxFailuresOfAddress - Maximum failures of an address per minute, for all names and pods. Default 300.
   */
  public constructor(clients: Clients, issuer: string, maxFailures = 30, maxFailuresOfAddress = 300) {
    this.clients = clients;
    this.issuer = issuer;
    this.ofName = new FailureCount(maxFailures, 'this client');
    this.ofAddress = new FailureCount(maxFailuresOfAddress, 'your address');
  }

  /**
   * Authenticates a client, and returns the credential of its WebID.
   *
   * @throws {@link TooMany} after too many failures of the client or address, regardless of the secret.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
   */
  public async logIn({ pod, address, name, secret }: LoginAttempt): Promise<Credential | LoginFailure> {
    const isSuccess = (result: Credential | LoginFailure): boolean => typeof result !== 'string';
    return this.ofAddress.attempt(
      address,
      // URLs contain no spaces, so the name is unambiguous.
      async(): Promise<Credential | LoginFailure> => this.ofName.attempt(
        `${pod} ${name}`,
        async(): Promise<Credential | LoginFailure> => this.authenticate(name, secret),
        isSuccess,
      ),
      isSuccess,
    );
  }

  private async authenticate(id: string, secret: string): Promise<Credential | LoginFailure> {
    const client = await this.clients.find(id);
    if (client?.hasSecret(secret)) {
      return { caller: { agent: client.webId, client: id, issuer: this.issuer }, clientId: id };
    }
    return client ? 'wrong secret' : 'unknown client';
  }
}

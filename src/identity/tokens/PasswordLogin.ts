import type { ApiKeys } from '../ApiKeys';
import type { ClientLogin } from './ClientLogin';
import type { Credential } from './Credential';
import { FailureCount } from './FailureCount';
import { keyCredential } from './keyCredential';
import type { LoginAttempt } from './LoginAttempt';

/** Form of a WebID. Ids of client credentials have no colon, so one name never means both. */
const URL_FORM = /^[a-z][a-z\d+.-]*:/iu;

/**
 * Authenticates an agent by a name and a secret: client credentials, or a WebID and one of its API keys.
 *
 * A failure has one result, whatever its reason. A key is looked up by its hash alone, and the WebID compared
 * afterwards, so neither the result nor its time depends on whether a WebID has keys.
 */
export class PasswordLogin {
  private readonly clients: ClientLogin;
  private readonly apiKeys: ApiKeys;
  private readonly ofName: FailureCount;

  /**
   * @param clients - Authenticates client credentials, and limits the failures of each client and address.
   * @param apiKeys - Authenticates API keys.
   * @param maxFailures - Maximum failures of a WebID at a pod per minute. Further log-ins must wait. Default 30.
   */
  public constructor(clients: ClientLogin, apiKeys: ApiKeys, maxFailures = 30) {
    this.clients = clients;
    this.apiKeys = apiKeys;
    this.ofName = new FailureCount(maxFailures, 'this WebID');
  }

  /**
   * Authenticates an agent by client credentials, or by a WebID and an API key.
   *
   * @returns `undefined` if the name is unknown, the secret wrong, or the key limited to other pods.
   *
   * @throws {@link TooMany} after too many failures of the name or address, regardless of the secret.
   */
  public async logIn(attempt: LoginAttempt): Promise<Credential | undefined> {
    return URL_FORM.test(attempt.name) ?
      this.clients.ofAddress.attempt(
        attempt.address,
        async(): Promise<Credential | undefined> => this.logInByKey(attempt),
        (credential): boolean => credential !== undefined,
      ) :
      this.logInClient(attempt);
  }

  /**
   * Authenticates an agent by client credentials.
   *
   * @returns `undefined` if the id is unknown or the secret wrong.
   *
   * @throws {@link TooMany} after too many failures of the client or address, regardless of the secret.
   */
  public async logInClient(attempt: LoginAttempt): Promise<Credential | undefined> {
    const result = await this.clients.logIn(attempt);
    return typeof result === 'string' ? undefined : result;
  }

  private async logInByKey({ pod, name, secret }: LoginAttempt): Promise<Credential | undefined> {
    return this.ofName.attempt(`${pod} ${name}`, async(): Promise<Credential | undefined> => {
      const key = await this.apiKeys.authenticate(secret);
      const isAccepted = key?.webId === name && (key.pods?.includes(pod) ?? true);
      return key && isAccepted ? keyCredential(key, secret) : undefined;
    }, (credential): boolean => credential !== undefined);
  }
}

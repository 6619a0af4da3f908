import { TooMany } from '../../event/TooMany';
import type { ApiKeys } from '../ApiKeys';
import type { ClientLogin } from './ClientLogin';
import type { Credential } from './Credential';
import { FailureCount } from './FailureCount';
import { keyCredential } from './keyCredential';

/** An attempt to log in with a name and a secret. */
export interface LoginAttempt {
  /** Base URL of the pod. */
  readonly pod: string;
  /** Address of the client. */
  readonly address: string;
  /** Id of client credentials, or a WebID. */
  readonly name: string;
  /** Secret of the client credentials, or an API key of the WebID. */
  readonly secret: string;
}

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
  private readonly ofAddress: FailureCount;

  /**
   * @param clients - Authenticates client credentials, and limits the failures of each client.
   * @param apiKeys - Authenticates API keys.
   * @param maxFailures - Maximum failures of a WebID at a pod per minute. Further log-ins must wait. Default 30.
   * @param maxFailuresOfAddress - Maximum failures of a client address per minute, for all names and pods. Default 300.
   */
  public constructor(clients: ClientLogin, apiKeys: ApiKeys, maxFailures = 30, maxFailuresOfAddress = 300) {
    this.clients = clients;
    this.apiKeys = apiKeys;
    this.ofName = new FailureCount(maxFailures);
    this.ofAddress = new FailureCount(maxFailuresOfAddress);
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
      this.limited(attempt.address, async(): Promise<Credential | undefined> => this.logInByKey(attempt)) :
      this.logInClient(attempt);
  }

  /**
   * Authenticates an agent by client credentials.
   *
   * @returns `undefined` if the id is unknown or the secret wrong.
   *
   * @throws {@link TooMany} after too many failures of the client or address, regardless of the secret.
   */
  public async logInClient({ pod, address, name, secret }: LoginAttempt): Promise<Credential | undefined> {
    return this.limited(address, async(): Promise<Credential | undefined> => {
      const result = await this.clients.logIn(pod, name, secret);
      return typeof result === 'string' ? undefined : result;
    });
  }

  private async logInByKey({ pod, name, secret }: LoginAttempt): Promise<Credential | undefined> {
    return attemptWithin(this.ofName, `${pod} ${name}`, 'this WebID', async(): Promise<Credential | undefined> => {
      const key = await this.apiKeys.authenticate(secret);
      const isAccepted = key?.webId === name && (key.pods?.includes(pod) ?? true);
      return key && isAccepted ? keyCredential(key, secret) : undefined;
    });
  }

  private async limited(
    address: string,
    run: () => Promise<Credential | undefined>,
  ): Promise<Credential | undefined> {
    return attemptWithin(this.ofAddress, address, 'your address', run);
  }
}

/** Runs an attempt, and counts its failure by a name. Errors count as well. */
async function attemptWithin(
  failures: FailureCount,
  name: string,
  shown: string,
  run: () => Promise<Credential | undefined>,
): Promise<Credential | undefined> {
  const wait = failures.waitFor(name);
  if (wait > 0) {
    throw new TooMany(`Too many failed logins of ${shown}: wait, and check the name and the secret`, wait);
  }
  // Counted before the result is known, so that concurrent attempts cannot exceed the limit.
  failures.count(name);
  const credential = await run();
  if (credential) {
    failures.takeBack(name);
  }
  return credential;
}

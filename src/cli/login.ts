import { Session } from '@inrupt/solid-client-authn-node';
import type { RequestOptions } from '../client';
import { withApiKey } from '../client';
import type { Context } from './command';
import { CliError, EXIT, isNetworkError, messageOf } from './exit';
import type { Settings } from './settings';
import { needed } from './settings';

/** Somebody who is logged in. */
interface Login {
  readonly fetch: typeof fetch;
  readonly logOut: () => Promise<void>;
}

/** How long before its end a token is not used any more, in ms. */
const MARGIN = 30_000;
/** How long a token is used that does not say when it ends, in ms. */
const UNSAID = 300_000;

/**
 * Logs in, by client credentials if there are any, otherwise by API key.
 *
 * @param settings - Have the credentials.
 * @param base - What an API key is sent to: the base URL of a pod, ending in `/`.
 * @param takesKeys - Whether what is to be done can be done with an API key.
 *
 * @throws {@link CliError} with the code of a failed login.
 */
async function logIn(settings: Settings, base: string, takesKeys: boolean): Promise<Login> {
  const { clientId, apiKey } = settings;
  if (clientId !== undefined) {
    const login = new ClientLogin(
      clientId,
      needed(settings, 'clientSecret', 'client secret'),
      needed(settings, 'issuer', 'issuer (the base URL of the server where you log in)'),
    );
    await login.renew();
    return { fetch: login.fetch, logOut: async(): Promise<void> => login.logOut() };
  }
  if (apiKey === undefined) {
    throw new CliError(EXIT.login, 'You are not logged in. Give --client-id, --client-secret and --issuer' +
      `${takesKeys ? ', or --api-key' : ''}; or set them in the environment or the configuration file.`);
  }
  if (!takesKeys) {
    throw new CliError(EXIT.login, 'An API key is for publishing and subscribing only. ' +
      'Log in with --client-id, --client-secret and --issuer.');
  }
  return { fetch: withApiKey(apiKey, base), logOut: async(): Promise<void> => undefined };
}

/**
 * A login by client credentials, which is renewed when its token ends.
 *
 * @see https://communitysolidserver.github.io/CommunitySolidServer/7.x/usage/client-credentials/
 */
class ClientLogin {
  private session?: Session;
  private until = 0;

  public constructor(
    private readonly clientId: string,
    private readonly clientSecret: string,
    private readonly oidcIssuer: string,
  ) {}

  public readonly fetch: typeof fetch = async(input, init): Promise<Response> => {
    if (Date.now() > this.until - MARGIN) {
      await this.renew();
    }
    return this.session!.fetch(input, init);
  };

  public async renew(): Promise<void> {
    const { clientId, clientSecret, oidcIssuer } = this;
    const session = new Session({ keepAlive: false });
    try {
      await session.login({ clientId, clientSecret, oidcIssuer, tokenType: 'DPoP' });
    } catch (error: unknown) {
      throw isNetworkError(error) ? error : new CliError(EXIT.login, `The login at ${oidcIssuer} failed: ${messageOf(error)}`);
    }
    if (!session.info.isLoggedIn) {
      throw new CliError(EXIT.login, `The login at ${oidcIssuer} failed`);
    }
    await this.logOut();
    this.session = session;
    this.until = session.info.expirationDate ?? Date.now() + UNSAID;
  }

  public async logOut(): Promise<void> {
    await this.session?.logout();
  }
}

/** Does something as whoever can log in, and logs out again; an API key is enough if `takesKeys`. */
export async function loggedIn(
  { settings, io }: Pick<Context, 'settings' | 'io'>,
  base: string,
  takesKeys: boolean,
  act: (options: RequestOptions) => Promise<void>,
): Promise<void> {
  const login = await logIn(settings, base, takesKeys);
  try {
    await act({ fetch: login.fetch, signal: io.signal });
  } finally {
    await login.logOut();
  }
}

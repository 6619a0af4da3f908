import { Session } from '@inrupt/solid-client-authn-node';
import type { RequestOptions } from '../client';
import { withApiKey } from '../client';
import type { Context } from './command';
import { CliError, EXIT, isNetworkError, messageOf } from './exit';
import type { Settings } from './settings';
import { requireSetting } from './settings';

/** A login with its authenticated `fetch`. */
interface Login {
  readonly fetch: typeof fetch;
  readonly logOut: () => Promise<void>;
}

/** Time before its expiry at which a token is renewed, in milliseconds. */
const RENEWAL_MARGIN = 30_000;
/** Assumed lifetime of a token without an expiry, in milliseconds. */
const DEFAULT_TOKEN_LIFETIME = 300_000;

/**
 * Logs in with client credentials if they are set, otherwise with an API key.
 *
 * @param settings - Contain the credentials.
 * @param base - Base URL below which an API key is sent, ending in `/`.
 * @param acceptsApiKeys - Whether the command accepts API keys.
 *
 * @throws {@link CliError} with code `login` if credentials are missing, not accepted or rejected.
 */
async function logIn(settings: Settings, base: string, acceptsApiKeys: boolean): Promise<Login> {
  const { clientId, apiKey } = settings;
  if (clientId !== undefined) {
    const login = new ClientLogin(
      clientId,
      requireSetting(settings, 'clientSecret', 'client secret'),
      requireSetting(settings, 'issuer', 'issuer (base URL of the identity provider)'),
    );
    await login.renew();
    return { fetch: login.fetch, logOut: async(): Promise<void> => login.logOut() };
  }
  if (apiKey === undefined) {
    throw new CliError(EXIT.login, 'Missing credentials. Set --client-id, --client-secret and --issuer' +
      `${acceptsApiKeys ? ', or --api-key' : ''}, or set them in the environment or the configuration file.`);
  }
  if (!acceptsApiKeys) {
    throw new CliError(EXIT.login, 'This command does not accept API keys, which are for publishing and subscribing only. ' +
      'Set --client-id, --client-secret and --issuer.');
  }
  return { fetch: withApiKey(apiKey, base), logOut: async(): Promise<void> => undefined };
}

/**
 * Login with client credentials. Renews its access token before it expires.
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
    if (Date.now() > this.until - RENEWAL_MARGIN) {
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
      throw new CliError(EXIT.login, `The login at ${oidcIssuer} failed. Check the client id and secret.`);
    }
    await this.logOut();
    this.session = session;
    this.until = session.info.expirationDate ?? Date.now() + DEFAULT_TOKEN_LIFETIME;
  }

  public async logOut(): Promise<void> {
    await this.session?.logout();
  }
}

/** Logs in, runs an action with the authenticated `fetch`, and logs out. `acceptsApiKeys` permits API keys. */
export async function withLogin(
  { settings, io }: Pick<Context, 'settings' | 'io'>,
  base: string,
  acceptsApiKeys: boolean,
  act: (options: RequestOptions) => Promise<void>,
): Promise<void> {
  const login = await logIn(settings, base, acceptsApiKeys);
  try {
    await act({ fetch: login.fetch, signal: io.signal });
  } finally {
    await login.logOut();
  }
}

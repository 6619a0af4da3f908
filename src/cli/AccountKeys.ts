import type { RequestOptions } from '../client';
import { RequestFailed } from '../client';
import { asObject, getJson, postJson, request } from '../client/request';
import { CliError, EXIT } from './exit';

/** Name, owner and limits of a new API key. */
export interface KeyRequest {
  readonly name: string;
  /** WebID that the key authenticates. It must be linked to the account. */
  readonly webId: string;
  /** Expiry, in ISO 8601. Default: never. */
  readonly expires?: string;
  /** Base URLs of the pods to which the key is limited. Default: all. */
  readonly pods?: readonly string[];
  /** Topic patterns to which the key is limited. Default: all. */
  readonly topics?: readonly string[];
  /** Scopes of the key: `publish`, `subscribe`, `manage`, `read`. Default: `publish` and `subscribe`. */
  readonly scopes?: readonly string[];
}

/** A new API key, including its secret, which is returned only once. */
export interface CreatedKey {
  readonly id: string;
  readonly key: string;
  readonly resource: string;
}

/** An API key of the account, without its secret. */
export interface ListedKey extends KeyRequest {
  readonly id: string;
  readonly created: string;
  readonly lastUsed?: string;
  readonly resource: string;
}

/**
 * Client of the API keys in the account API of the server.
 *
 * @see https://communitysolidserver.github.io/CommunitySolidServer/7.x/usage/account/json-api/
 */
export class AccountKeys {
  private constructor(private readonly url: string, private readonly options: RequestOptions) {}

  /**
   * Logs in to an account with its password.
   *
   * @param server - Base URL of the server, ending in `/`.
   *
   * @throws {@link CliError} with code `login` if the login fails, or `failed` if the server has no API keys.
   */
  public static async open(server: string, email: string, password: string): Promise<AccountKeys> {
    const account = `${server}.account/`;
    // Redirects are refused, so that credentials never reach another server.
    const sameServer: RequestOptions = {
      fetch: async(input, init): Promise<Response> => fetch(input, { ...init, redirect: 'error' }),
    };
    const login = control(await getJson(account, sameServer), server, 'password', 'login');
    let token: unknown;
    try {
      token = asObject(await postJson(login, { email, password }, sameServer)).authorization;
    } catch (error: unknown) {
      if (error instanceof RequestFailed && error.status < 500) {
        throw new CliError(EXIT.login, `The login at ${server} failed: ${error.serverMessage || error.message}`);
      }
      throw error;
    }
    if (typeof token !== 'string') {
      throw new CliError(EXIT.login, `The login at ${server} failed`);
    }
    const headers = { authorization: `CSS-Account-Token ${token}` };
    const options: RequestOptions = {
      fetch: async(input, init): Promise<Response> =>
        sameServer.fetch!(input, { ...init, headers: { ...init?.headers as object, ...headers }}),
    };
    return new AccountKeys(control(await getJson(account, options), server, 'account', 'apiKeys'), options);
  }

  /** Creates a key. */
  public async create(key: KeyRequest): Promise<CreatedKey> {
    return await postJson(this.url, key, this.options) as CreatedKey;
  }

  /** Lists the keys of the account. */
  public async list(): Promise<ListedKey[]> {
    const { apiKeys } = asObject(await getJson(this.url, this.options));
    return Array.isArray(apiKeys) ? apiKeys as ListedKey[] : [];
  }

  /**
   * Revokes a key immediately.
   *
   * @param id - Id or URL of the key.
   *
   * @throws {@link CliError} if the account has no such key.
   */
  public async revoke(id: string): Promise<void> {
    const found = (await this.list()).find((key): boolean => key.id === id || key.resource === id);
    if (!found) {
      throw new CliError(EXIT.failed, `The account has no API key ${id}. Run "keys list" for the existing keys.`);
    }
    await request(assertSameOrigin(found.resource, this.url), { method: 'DELETE' }, this.options);
  }
}

/** Returns the URL of a control of the account API. */
function control(answer: unknown, server: string, group: string, name: string): string {
  const url = asObject(asObject(asObject(answer).controls)[group])[name];
  if (typeof url !== 'string') {
    throw new CliError(EXIT.failed, `The account API of ${server} has no control ${group}.${name}. ` +
      'Check that --server is the base URL of a Community Solid Server with solid-pod-events and its API keys.');
  }
  return assertSameOrigin(url, server);
}

/** Throws if a URL is on another origin, so that account credentials are never sent there. */
function assertSameOrigin(url: string, server: string): string {
  if (!URL.canParse(url) || new URL(url).origin !== new URL(server).origin) {
    throw new CliError(EXIT.failed, `The account API names ${url}, which is on another server. Check --server.`);
  }
  return url;
}

import type { RequestOptions } from '../client';
import { RequestFailed } from '../client';
import { asObject, getJson, postJson, request } from '../client/request';
import { CliError, EXIT } from './exit';

/** What a new API key may do. */
export interface KeyRequest {
  readonly name: string;
  /** The WebID that the key stands for; one of the account's. */
  readonly webId: string;
  /** When it ends, in ISO 8601. */
  readonly expires?: string;
  /** The base URLs of the only pods that it is for. */
  readonly pods?: readonly string[];
  /** The only topics that it is for, as patterns. */
  readonly topics?: readonly string[];
}

/** A new API key; this is the only time that it is shown. */
export interface CreatedKey {
  readonly id: string;
  readonly key: string;
  readonly resource: string;
}

/** An API key of the account, without the key itself. */
export interface ListedKey extends KeyRequest {
  readonly id: string;
  readonly created: string;
  readonly lastUsed?: string;
  readonly resource: string;
}

/**
 * The API keys of an account, by the account API of the server.
 *
 * @see https://communitysolidserver.github.io/CommunitySolidServer/7.x/usage/account/json-api/
 */
export class AccountKeys {
  private constructor(private readonly url: string, private readonly options: RequestOptions) {}

  /**
   * Logs in to an account by its password.
   *
   * @param server - The base URL of the server, ending in `/`.
   *
   * @throws {@link CliError} with the code of a failed login, or if the server has no API keys.
   */
  public static async open(server: string, email: string, password: string): Promise<AccountKeys> {
    const account = `${server}.account/`;
    // What is sent to the server is not carried on to another one.
    const staying: RequestOptions = {
      fetch: async(input, init): Promise<Response> => fetch(input, { ...init, redirect: 'error' }),
    };
    const login = control(await getJson(account, staying), server, 'password', 'login');
    let token: unknown;
    try {
      token = asObject(await postJson(login, { email, password }, staying)).authorization;
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
        staying.fetch!(input, { ...init, headers: { ...init?.headers as object, ...headers }}),
    };
    return new AccountKeys(control(await getJson(account, options), server, 'account', 'apiKeys'), options);
  }

  /** Makes a key. */
  public async create(key: KeyRequest): Promise<CreatedKey> {
    return await postJson(this.url, key, this.options) as CreatedKey;
  }

  /** The keys of the account. */
  public async list(): Promise<ListedKey[]> {
    const { apiKeys } = asObject(await getJson(this.url, this.options));
    return Array.isArray(apiKeys) ? apiKeys as ListedKey[] : [];
  }

  /**
   * Revokes a key, at once.
   *
   * @param id - Its id, or its URL.
   *
   * @throws {@link CliError} if the account has no such key.
   */
  public async revoke(id: string): Promise<void> {
    const found = (await this.list()).find((key): boolean => key.id === id || key.resource === id);
    if (!found) {
      throw new CliError(EXIT.failed, `The account has no API key ${id}; "keys list" shows those that it has`);
    }
    await request(assertSameOrigin(found.resource, this.url), { method: 'DELETE' }, this.options);
  }
}

/** The URL of a control of the account API. */
function control(answer: unknown, server: string, group: string, name: string): string {
  const url = asObject(asObject(asObject(answer).controls)[group])[name];
  if (typeof url !== 'string') {
    throw new CliError(EXIT.failed, `The server at ${server} has no ${group}.${name} in its account API: ` +
      'is this the base URL of a Community Solid Server with this plugin, in a version with API keys?');
  }
  return assertSameOrigin(url, server);
}

/** Credentials of the account go nowhere else. */
function assertSameOrigin(url: string, server: string): string {
  if (!URL.canParse(url) || new URL(url).origin !== new URL(server).origin) {
    throw new CliError(EXIT.failed, `The account API names ${url}, which is on another server`);
  }
  return url;
}

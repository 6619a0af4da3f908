import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EVENTS, Session } from '@inrupt/solid-client-authn-node';
import { custom } from 'openid-client';
import { FORMER_SCOPES } from '../../src/identity/scopes';

// The client of the identity provider gives up after 3.5 seconds, which a busy machine exceeds.
custom.setHttpOptionsDefaults({ timeout: 300_000 });

export const PASSWORD = 'correct horse battery staple';
export const emailOf = (pod: string): string => `${pod}@example.com`;

/** Writes the seed file for accounts with one pod each, and returns its path. */
export async function seedFile(folder: string, pods: readonly string[]): Promise<string> {
  const path = join(folder, 'seed.json');
  await writeFile(path, JSON.stringify(pods.map((name): object =>
    ({ email: emailOf(name), password: PASSWORD, pods: [{ name }]}))));
  return path;
}

/** A pod and its owner, logged in as an app would be. */
export interface TestAgent {
  /** Name of the account, by which {@link emailOf} gives its e-mail address. */
  readonly name: string;
  readonly pod: string;
  readonly webId: string;
  readonly inbox: string;
  readonly fetch: typeof fetch;
  readonly logout: () => Promise<void>;
}

export interface ClientCredentials { readonly id: string; readonly secret: string }

type Send = (method: string, url: string, body?: object) => Promise<any>;

/** Returns a function that sends JSON with a token of an account, and throws for a refusal. */
function sender(token?: string): Send {
  return async(method, url, body): Promise<any> => {
    const response = await fetch(url, {
      method,
      headers: { ...body && { 'content-type': 'application/json' }, ...token && { authorization: `CSS-Account-Token ${token}` }},
      ...body && { body: JSON.stringify(body) },
    });
    const json: any = await response.json();
    if (!response.ok) {
      throw new Error(`${method} ${url}: ${response.status} ${json.message}`);
    }
    return json;
  };
}

/** What the owner of a seeded pod can do with its account. */
async function openAccount(baseUrl: string, name: string): Promise<{ controls: any; send: Send }> {
  const index = await sender()('GET', `${baseUrl}.account/`);
  const { authorization } = await sender()('POST', index.controls.password.login, { email: emailOf(name), password: PASSWORD });
  const send = sender(authorization);
  return { controls: (await send('GET', `${baseUrl}.account/`)).controls.account, send };
}

/** Client credentials, and how they are deleted. */
export interface TestCredentials extends ClientCredentials { readonly revoke: () => Promise<void> }

/** Makes client credentials for the owner of a seeded pod. */
export async function createCredentials(baseUrl: string, name: string, webId: string): Promise<TestCredentials> {
  const { controls, send } = await openAccount(baseUrl, name);
  const { id, secret, resource } = await send('POST', controls.clientCredentials, { name: 'test', webId });
  return { id, secret, revoke: async(): Promise<void> => send('DELETE', resource) };
}

/** An API key, and how it is revoked. */
export interface TestKey { readonly key: string; readonly revoke: () => Promise<void> }

/** Creates an API key for the owner of the seeded pod of a WebID, with all scopes but `read`. */
export async function createApiKey(baseUrl: string, webId: string, limits: object = {}): Promise<TestKey> {
  const { controls, send } = await openAccount(baseUrl, webId.slice(baseUrl.length).split('/')[0]);
  const { key, resource } = await send('POST', controls.apiKeys, { name: 'test', webId, scopes: FORMER_SCOPES, ...limits });
  return { key, revoke: async(): Promise<void> => send('DELETE', resource) };
}

/** Creates an account with a pod, as the owner of a seeded pod has one; its address can be that of another name. */
export async function createAccount(baseUrl: string, name: string, address = name): Promise<void> {
  const { authorization } = await sender()('POST', `${baseUrl}.account/account/`, {});
  const send = sender(authorization);
  const { controls } = await send('GET', `${baseUrl}.account/`);
  await send('POST', controls.password.create, { email: emailOf(address), password: PASSWORD });
  await send('POST', controls.account.pod, { name });
}

/** Unlinks a WebID from the account of its seeded pod; returns what links it again. */
export async function unlinkWebId(baseUrl: string, webId: string): Promise<() => Promise<unknown>> {
  const { controls, send } = await openAccount(baseUrl, webId.slice(baseUrl.length).split('/')[0]);
  const { webIdLinks } = await send('GET', controls.webId);
  await send('DELETE', webIdLinks[webId]);
  return async(): Promise<unknown> => send('POST', controls.webId, { webId });
}

/** A token lives for ten minutes; tests that take longer get another one in time, as apps do. */
const TOKEN_USE = 5 * 60_000;

/** Logs the owner of a seeded pod in, with a DPoP-bound token or a Bearer token. */
export async function logIn(baseUrl: string, name: string, tokenType: 'DPoP' | 'Bearer' = 'DPoP', pod = `${baseUrl}${name}/`, address = name): Promise<TestAgent> {
  const webId = `${pod}profile/card#me`;
  const { id, secret } = await createCredentials(baseUrl, address, webId);
  const open = async(): Promise<Session> => {
    const session = new Session();
    // The session sets a timer for the end of its token, which otherwise keeps a process alive for ten minutes.
    session.events.on(EVENTS.TIMEOUT_SET as 'timeoutSet', (timer: unknown): unknown => (timer as NodeJS.Timeout).unref());
    await session.login({ clientId: id, clientSecret: secret, oidcIssuer: baseUrl, tokenType });
    return session;
  };
  let session = await open();
  let since = performance.now();
  const authenticated = async(input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    if (performance.now() - since > TOKEN_USE) {
      const old = session;
      session = await open();
      since = performance.now();
      await old.logout();
    }
    return session.fetch(input, init);
  };
  const logout = async(): Promise<void> => session.logout();
  return { name: address, pod, webId, inbox: `${pod}inbox/`, fetch: readingAgain(authenticated), logout };
}

/** Reads again where the server closed an idle connection just as it was used, as browsers do. */
function readingAgain(fetcher: typeof fetch): typeof fetch {
  return async(input, init): Promise<Response> => {
    try {
      return await fetcher(input, init);
    } catch (error: unknown) {
      if (![ 'GET', 'HEAD' ].includes(init?.method ?? 'GET') || !/other side closed|socket hang up/u.test(`${String((error as Error).cause)} ${String(error)}`)) {
        throw error;
      }
      return fetcher(input, init);
    }
  };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Session } from '@inrupt/solid-client-authn-node';

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
  readonly pod: string;
  readonly webId: string;
  readonly inbox: string;
  readonly fetch: typeof fetch;
  readonly logout: () => Promise<void>;
}

export interface ClientCredentials { readonly id: string; readonly secret: string }

/** What the owner of a seeded pod can do with its account. */
async function openAccount(baseUrl: string, name: string): Promise<{ controls: any; send: (method: string, url: string, body?: object) => Promise<any> }> {
  const sender = (headers: object) => async(method: string, url: string, body?: object): Promise<any> => (await fetch(url, {
    method, headers: { ...headers, ...body && { 'content-type': 'application/json' }}, ...body && { body: JSON.stringify(body) },
  })).json();
  const index = await sender({})('GET', `${baseUrl}.account/`);
  const { authorization } = await sender({})('POST', index.controls.password.login, { email: emailOf(name), password: PASSWORD });
  const send = sender({ authorization: `CSS-Account-Token ${authorization}` });
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

/** Makes an API key for the owner of the seeded pod of a WebID. */
export async function createApiKey(baseUrl: string, webId: string, limits: object = {}): Promise<TestKey> {
  const { controls, send } = await openAccount(baseUrl, webId.slice(baseUrl.length).split('/')[0]);
  const { key, resource } = await send('POST', controls.apiKeys, { name: 'test', webId, ...limits });
  return { key, revoke: async(): Promise<void> => send('DELETE', resource) };
}

/** Logs the owner of a seeded pod in, with a DPoP-bound token or a Bearer token. */
export async function logIn(baseUrl: string, name: string, tokenType: 'DPoP' | 'Bearer' = 'DPoP', pod = `${baseUrl}${name}/`): Promise<TestAgent> {
  const webId = `${pod}profile/card#me`;
  const { id, secret } = await createCredentials(baseUrl, name, webId);
  const session = new Session();
  await session.login({ clientId: id, clientSecret: secret, oidcIssuer: baseUrl, tokenType });
  const logout = async(): Promise<void> => session.logout();
  return { pod, webId, inbox: `${pod}inbox/`, fetch: readingAgain(session.fetch), logout };
}

/** Reads again where the server closed an idle connection just as it was used, as browsers do. */
function readingAgain(fetcher: typeof fetch): typeof fetch {
  return async(input, init): Promise<Response> => {
    try {
      return await fetcher(input, init);
    } catch (error: unknown) {
      if (![ 'GET', 'HEAD' ].includes(init?.method ?? 'GET') || !String((error as Error).cause).includes('other side closed')) {
        throw error;
      }
      return fetcher(input, init);
    }
  };
}

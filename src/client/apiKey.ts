import { assertContainer } from './request';

/**
 * Creates a `fetch` that authenticates requests with an API key.
 *
 * The header `x-api-key` is sent only to URLs at or below `base`. Redirects of these requests fail instead of being
 * followed, so the key never reaches another server.
 * API keys are accepted for publishing, subscribing and managing, within the scopes of the key. With the scope `read`,
 * a key also reads `inbox/` and `publish/` of pods that its WebID owns, with their members, and deletes members of
 * `inbox/`. Access control documents, `topics/` and all other resources require a Solid-OIDC access token.
 *
 * @param key - The API key, `spe_…`, as shown at its creation.
 * @param base - Base URL of a pod or of the server, ending in `/`.
 * @param fetcher - Sends the requests. Default: `globalThis.fetch`.
 *
 * @throws TypeError if the key has characters that a header cannot carry, or the base URL is invalid. The message never
 * contains the key.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.4
 */
export function withApiKey(key: string, base: string, fetcher: typeof fetch = globalThis.fetch): typeof fetch {
  if (!/^[\u0021-\u007E]+$/u.test(key)) {
    throw new TypeError('Invalid API key: expected printable ASCII characters without spaces');
  }
  const { origin, pathname } = new URL(assertContainer(base, 'base URL'));
  return async(input, init): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin || !url.pathname.startsWith(pathname)) {
      return fetcher(input, init);
    }
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set('x-api-key', key);
    return fetcher(input, { ...init, headers, redirect: 'error' });
  };
}

import { assertContainer } from './request';

/**
 * A `fetch` that identifies its caller by an API key.
 *
 * The key goes as `x-api-key` with requests to URLs at or below `base`, and with no other; a redirect of such a request
 * fails instead of being followed, so the key never reaches another server.
 * API keys are for publishing and subscribing (`publish/`, `subscriptions/`, `__event`); inboxes and `topics/` take a
 * Solid-OIDC access token.
 *
 * @param key - The key, as it was shown when it was made, `spe_…`.
 * @param base - The base URL of a pod or of the server, ending in `/`.
 * @param fetcher - Makes the requests; default `globalThis.fetch`.
 *
 * @throws TypeError if the key cannot be sent, or the base URL is none; it never quotes the key.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.4
 */
export function withApiKey(key: string, base: string, fetcher: typeof fetch = globalThis.fetch): typeof fetch {
  if (!/^[\u0021-\u007E]+$/u.test(key)) {
    throw new TypeError('Invalid API key: it is empty, or has characters that no key has');
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

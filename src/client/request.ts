import { RequestFailed } from './RequestFailed';

/**
 * Options of all functions of the client.
 */
export interface RequestOptions {
  /** Sends the requests with the credentials of an agent. Default: `globalThis.fetch`, unauthenticated. */
  readonly fetch?: typeof fetch;
  /** Aborts pending requests. */
  readonly signal?: AbortSignal;
}

/**
 * Sends a request.
 *
 * @param url - Request URL.
 * @param init - The request. `accepted` lists error statuses that the caller handles.
 * @param options - Provides `fetch` and the abort signal.
 *
 * @throws {@link RequestFailed} if the response has any other error status. Errors of `fetch` if there is no response.
 */
export async function request(
  url: string,
  { accepted = [], ...init }: RequestInit & { accepted?: readonly number[] },
  options: RequestOptions,
): Promise<Response> {
  const method = init.method ?? 'GET';
  const { fetch: fetcher = globalThis.fetch, signal } = options;
  const response = await fetcher(url, { ...signal && { signal }, ...init, method });
  if (!response.ok && !accepted.includes(response.status)) {
    throw await RequestFailed.of(response, method, url);
  }
  return response;
}

/** Creates a `fetch` for functions of solid-client that throws the errors of {@link request}. */
export function throwingFetch(options: RequestOptions, accepted: readonly number[] = []): typeof fetch {
  return async(input, init): Promise<Response> =>
    request(input instanceof Request ? input.url : input.toString(), { ...init, accepted }, options);
}

/** Sends a value as JSON with POST, and parses the response as JSON. */
export async function postJson(
  url: string,
  value: unknown,
  options: RequestOptions,
  headers?: Readonly<Record<string, string>>,
): Promise<unknown> {
  return postText(url, JSON.stringify(value), options, headers);
}

/** Sends serialized JSON with POST, and parses the response as JSON. */
export async function postText(
  url: string,
  body: string,
  options: RequestOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const all = { 'content-type': 'application/json', accept: 'application/ld+json, application/json', ...headers };
  return parsedBody(await request(url, { method: 'POST', headers: all, body }, options), 'POST', url);
}

/** Requests and parses JSON. */
export async function getJson(url: string, options: RequestOptions): Promise<unknown> {
  return parsedBody(await request(url, { headers: { accept: 'application/json' }}, options), 'GET', url);
}

/**
 * Parses the body of a response as JSON.
 *
 * @throws {@link RequestFailed} if the body is not JSON.
 */
export async function parsedBody(response: Response, method: string, url: string): Promise<unknown> {
  try {
    return JSON.parse(await response.text()) as unknown;
  } catch {
    throw unexpected(response.status, method, url);
  }
}

/** Creates the error of a response that does not follow the API of this plugin. */
export function unexpected(status: number, method: string, url: string): RequestFailed {
  return new RequestFailed(status, method, url, 'The response is not that of a Solid server with solid-pod-events');
}

/** Returns an object unchanged, and an empty object for any other value. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}

/**
 * Validates the base URL of a pod, and returns it.
 *
 * @throws TypeError if it is not an absolute http(s) URL that ends in `/`.
 */
export function assertPod(pod: string): string {
  return assertContainer(pod, 'pod');
}

/** Validates the URL of a container, and returns it. The error message calls the parameter `name`. */
export function assertContainer(url: string, name: string): string {
  if (!/^https?:\/\/[^?#]+\/$/u.test(url) || !URL.canParse(url)) {
    throw new TypeError(`Invalid ${name} "${url}": expected an absolute http(s) URL that ends in /`);
  }
  return url;
}

import { RequestFailed } from './RequestFailed';

/**
 * What every function of the client takes.
 */
export interface RequestOptions {
  /** Makes the requests, as whoever is logged in; default `globalThis.fetch`, which is the public. */
  readonly fetch?: typeof fetch;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
}

/**
 * Makes a request.
 *
 * @param url - Where to.
 * @param init - The request; `accepted` are statuses beside those of success that the caller deals with.
 * @param options - Who makes it.
 *
 * @throws {@link RequestFailed} if the answer has another status, and what `fetch` throws if there is no answer.
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

/** A `fetch` for functions of solid-client, that fails as {@link request} does. */
export function throwingFetch(options: RequestOptions, accepted: readonly number[] = []): typeof fetch {
  return async(input, init): Promise<Response> =>
    request(input instanceof Request ? input.url : input.toString(), { ...init, accepted }, options);
}

/** POSTs a value as JSON, and reads the answer as JSON. */
export async function postJson(
  url: string,
  value: unknown,
  options: RequestOptions,
  headers?: Readonly<Record<string, string>>,
): Promise<unknown> {
  return postText(url, JSON.stringify(value), options, headers);
}

/** POSTs what is written as JSON already, and reads the answer as JSON. */
export async function postText(
  url: string,
  body: string,
  options: RequestOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const all = { 'content-type': 'application/json', accept: 'application/ld+json, application/json', ...headers };
  return json(await request(url, { method: 'POST', headers: all, body }, options), 'POST', url);
}

/** GETs JSON. */
export async function getJson(url: string, options: RequestOptions): Promise<unknown> {
  return json(await request(url, { headers: { accept: 'application/json' }}, options), 'GET', url);
}

async function json(response: Response, method: string, url: string): Promise<unknown> {
  try {
    return JSON.parse(await response.text()) as unknown;
  } catch {
    throw unexpected(response.status, method, url);
  }
}

/** An answer that is not what this server would give. */
export function unexpected(status: number, method: string, url: string): RequestFailed {
  return new RequestFailed(status, method, url, 'The answer is not of a Solid server with events');
}

/** A value as an object, whatever it is, so that its members can be looked at. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}

/**
 * The base URL of a pod, checked.
 *
 * @throws TypeError that says what a base URL is.
 */
export function assertPod(pod: string): string {
  return assertContainer(pod, 'pod');
}

/** The URL of a container, checked; `what` it is of is said in the error. */
export function assertContainer(url: string, what: string): string {
  if (!/^https?:\/\/[^?#]+\/$/u.test(url) || !URL.canParse(url)) {
    throw new TypeError(`Invalid ${what} "${url}": it is an absolute http(s) URL that ends in /`);
  }
  return url;
}

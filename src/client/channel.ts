import {
  getLinkedResourceUrlAll,
  getSolidDataset,
  getThingAll,
  getUrlAll,
  responseToResourceInfo,
} from '@inrupt/solid-client';
import type { RequestOptions } from './request';
import { asObject, postJson, request, throwingFetch, unexpected } from './request';

const NOTIFY = 'http://www.w3.org/ns/solid/notifications#';
const CHANNEL = `${NOTIFY}WebSocketChannel2023`;
const STORAGE_DESCRIPTION = 'http://www.w3.org/ns/solid/terms#storageDescription';

/** The used subset of WebSocket, common to browsers, Node 22 and the package `ws`. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  close: () => void;
}

/** Constructor of a WebSocket for a `ws:` or `wss:` URL. */
export type WebSocketClass = new(url: string) => WebSocketLike;

/**
 * A change of a container, or of the state of its channel: `closed` by the server, `aborted` by the caller, or `quiet`
 * if nothing arrived in time.
 */
export type Notice =
  | { readonly kind: 'added' | 'removed'; readonly url: string } |
  { readonly kind: 'changed' | 'closed' | 'quiet' | 'aborted' };

/** A notification channel of one container. */
export interface Channel {
  /** Returns the next notice, or `quiet` after the given number of milliseconds without one. */
  readonly next: (milliseconds: number) => Promise<Notice>;
  /** Closes the connection and deletes the notification subscription. */
  readonly close: () => Promise<void>;
}

/** Time limit for opening a WebSocket, in milliseconds. */
const OPEN_TIMEOUT = 20_000;

/**
 * Opens a WebSocketChannel2023 for a container. The channel reports all changes after this function has resolved.
 *
 * @throws Error if the server offers no such channel; {@link RequestFailed} if it refuses the subscription.
 *
 * @see https://solidproject.org/TR/notifications-protocol#discovery
 * @see https://solidproject.org/TR/websocket-channel-2023
 */
export async function openChannel(
  container: string,
  options: RequestOptions & { readonly WebSocket?: WebSocketClass },
): Promise<Channel> {
  const service = await discover(container, options);
  const answer = asObject(await postJson(service, {
    '@context': [ 'https://www.w3.org/ns/solid/notification/v1' ],
    type: CHANNEL,
    topic: container,
  }, options, { 'content-type': 'application/ld+json' }));
  const { id, receiveFrom } = answer;
  if (typeof receiveFrom !== 'string' || !/^wss?:\/\//u.test(receiveFrom)) {
    throw unexpected(200, 'POST', service);
  }
  const end = async(): Promise<void> => {
    if (typeof id === 'string' && URL.canParse(id) && new URL(id).origin === new URL(service).origin) {
      // A failure is harmless: the server ends unused channels itself.
      await request(id, { method: 'DELETE', signal: AbortSignal.timeout(5_000) }, { ...options, signal: undefined })
        .catch((): void => undefined);
    }
  };
  try {
    return await connect(new (options.WebSocket ?? await socketClass())(receiveFrom), container, options.signal, end);
  } catch (error: unknown) {
    await end();
    throw error;
  }
}

async function discover(container: string, options: RequestOptions): Promise<string> {
  const links = getLinkedResourceUrlAll(responseToResourceInfo(await request(container, { method: 'HEAD' }, options)));
  for (const url of links[STORAGE_DESCRIPTION] ?? []) {
    const service = getThingAll(await getSolidDataset(url, { fetch: throwingFetch(options) }))
      .find((thing): boolean => getUrlAll(thing, `${NOTIFY}channelType`).includes(CHANNEL));
    if (service) {
      return service.url;
    }
  }
  throw new Error(`The server of ${container} offers no WebSocketChannel2023: read the inbox periodically instead`);
}

async function socketClass(): Promise<WebSocketClass> {
  const own = (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  return own ?? (await import('ws')).WebSocket;
}

async function connect(
  socket: WebSocketLike,
  container: string,
  signal: AbortSignal | undefined,
  end: () => Promise<void>,
): Promise<Channel> {
  const notices: Notice[] = [];
  let wake: (() => void) | undefined;
  const push = (notice: Notice): void => {
    notices.push(notice);
    wake?.();
  };
  const abort = (): void => push({ kind: 'aborted' });
  signal?.addEventListener('abort', abort);
  const close = async(): Promise<void> => {
    signal?.removeEventListener('abort', abort);
    socket.onclose = null;
    socket.close();
    await end();
  };
  socket.onmessage = (event: { data?: unknown }): void => push(toNotice(event.data, container));
  try {
    await new Promise<void>((resolve, reject): void => {
      const fail = (): void => {
        clearTimeout(timer);
        reject(new ConnectionLost(container));
      };
      const timer = setTimeout(fail, OPEN_TIMEOUT);
      if (signal?.aborted) {
        fail();
        return;
      }
      signal?.addEventListener('abort', fail, { once: true });
      socket.onerror = fail;
      socket.onclose = fail;
      socket.onopen = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', fail);
        resolve();
      };
    });
  } catch (error: unknown) {
    signal?.removeEventListener('abort', abort);
    socket.close();
    throw error;
  }
  socket.onclose = (): void => push({ kind: 'closed' });
  const next = async(milliseconds: number): Promise<Notice> => {
    if (notices.length === 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve): void => {
        wake = resolve;
        timer = setTimeout(resolve, milliseconds);
      });
      clearTimeout(timer);
    }
    return notices.shift() ?? { kind: 'quiet' };
  };
  return { next, close };
}

/** Error of a WebSocket that could not be opened. */
export class ConnectionLost extends Error {
  public constructor(container: string) {
    super(`The WebSocket for notifications of ${container} could not be opened`);
    this.name = 'ConnectionLost';
  }
}

/** Converts a notification. Unknown notifications become `changed`, which makes the reader list the container again. */
function toNotice(data: unknown, container: string): Notice {
  try {
    const { type, object } = asObject(JSON.parse(String(data)));
    const types = [ type ].flat();
    const kind = types.includes('Add') ? 'added' : types.includes('Remove') ? 'removed' : 'changed';
    return kind !== 'changed' && typeof object === 'string' && isMember(object, container) ?
      { kind, url: object } :
      { kind: 'changed' };
  } catch {
    return { kind: 'changed' };
  }
}

/** Checks that a URL is a direct member of a container. */
export function isMember(url: string, container: string): boolean {
  return url.startsWith(container) && /^[^/?#]+\/?$/u.test(url.slice(container.length));
}

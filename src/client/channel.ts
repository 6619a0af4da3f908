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

/** The part of a WebSocket that is used; that of browsers, of Node 22 and of the package `ws` all have it. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  close: () => void;
}

/** Connects to a `ws:` or `wss:` URL. */
export type WebSocketClass = new(url: string) => WebSocketLike;

/** What has happened in a container that is listened to. */
export type Notice =
  | { readonly kind: 'added' | 'removed'; readonly url: string } |
  { readonly kind: 'changed' | 'closed' | 'quiet' | 'aborted' };

/** A connection over which a container tells of its changes. */
export interface Channel {
  /** The next notice; `quiet` after some milliseconds without any. */
  readonly next: (milliseconds: number) => Promise<Notice>;
  /** Ends the connection, and the subscription behind it. */
  readonly close: () => Promise<void>;
}

/** How long a WebSocket may take to open, in ms. */
const OPEN = 20_000;

/**
 * Listens to a container by a WebSocketChannel2023. What changes after this resolves is told.
 *
 * @throws Error if the server offers no such channel; {@link RequestFailed} if it refuses.
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
      // The server ends channels by itself in time, so it does not matter if this fails.
      await request(id, { method: 'DELETE', signal: AbortSignal.timeout(5_000) }, { ...options, signal: undefined })
        .catch((): void => undefined);
    }
  };
  try {
    return await connect(new (options.WebSocket ?? await webSocket())(receiveFrom), container, options.signal, end);
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
  throw new Error(`The server of ${container} offers no WebSocketChannel2023; read the inbox now and then instead`);
}

async function webSocket(): Promise<WebSocketClass> {
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
      const timer = setTimeout(fail, OPEN);
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

/** A WebSocket that could not be opened. */
export class ConnectionLost extends Error {
  public constructor(container: string) {
    super(`The WebSocket that tells of changes of ${container} could not be opened`);
    this.name = 'ConnectionLost';
  }
}

/** What a notification says; anything that is not understood is a reason to look again. */
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

/** Whether a URL is directly in a container. */
export function isMember(url: string, container: string): boolean {
  return url.startsWith(container) && /^[^/?#]+\/?$/u.test(url.slice(container.length));
}

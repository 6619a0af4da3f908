import { parseEventStream } from './eventStream';
import type { EventDocument } from './inboxItem';
import { isTransient, nextDelay, RECONNECT_DELAY } from './reconnection';
import type { RequestOptions } from './request';
import { assertContainer, request, unexpected } from './request';

/**
 * Options of {@link listen}.
 */
export interface ListenOptions extends RequestOptions {
  /** Begin of the stream: a time, or the `position` of an earlier event, which is not repeated. Default: now. */
  readonly from?: Date | string;
  /** Topics, or patterns such as `realestate/*`. Default: all topics. */
  readonly topics?: readonly string[];
  /** Filters in the form of the CloudEvents Subscriptions API. An event has to match all of them. Default: none. */
  readonly filters?: readonly object[];
  /** Called after each lost connection, with its error if there is one. */
  readonly onReconnect?: (error?: unknown) => void;
  /**
   * Maximum time without a message from the server, in seconds, before the connection counts as lost. The server sends
   * one every 20 seconds. Default: 60.
   */
  readonly timeout?: number;
}

/**
 * An event as a CloudEvent in JSON, see the documentation of webhooks.
 */
export interface CloudEventDocument {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** URL of the event. */
  readonly eventurl: string;
  readonly time?: string;
  /** The published data. It can be any JSON value: validate it before use. */
  readonly data?: unknown;
  /** Other attributes. */
  readonly [attribute: string]: unknown;
}

/**
 * An event of a stream.
 */
export interface StreamedEvent<T = CloudEventDocument> {
  /** Position after the event. As `from`, it continues the stream. */
  readonly position: string;
  readonly event: T;
}

/**
 * Iterates over the events of a container as they arrive. With `from`, earlier events come first.
 *
 * After a lost connection, the stream continues at its position: no event is missed, and none is repeated. Returns
 * without an error when `signal` aborts.
 *
 * @param container - URL of `{pod}publish/` or `{pod}inbox/`.
 * @param options - `fetch` sends the requests as an agent with read access, or with an API key with the scope `read`.
 *   `format: 'document'` yields the JSON-LD documents of events in place of CloudEvents.
 *
 * @throws {@link RequestFailed} if the server refuses. After the first connection, transient failures (no connection,
 * 429, 502 to 504) are retried instead.
 */
export function listen(
  container: string,
  options: ListenOptions & { readonly format: 'document' },
): AsyncGenerator<StreamedEvent<EventDocument>, void, undefined>;
export function listen(
  container: string,
  options?: ListenOptions & { readonly format?: 'cloudevents' },
): AsyncGenerator<StreamedEvent, void, undefined>;
export async function* listen(
  container: string,
  options: ListenOptions & { readonly format?: string } = {},
): AsyncGenerator<StreamedEvent<never>, void, undefined> {
  const { signal, onReconnect } = options;
  const url = streamUrl(container, options);
  let position: string | undefined;
  let delay = RECONNECT_DELAY.first;
  for (let connected = false; !signal?.aborted;) {
    let failure: unknown;
    try {
      for await (const { id, data } of connect(url, position, options)) {
        connected = true;
        delay = RECONNECT_DELAY.first;
        position = id ?? position;
        if (data !== undefined && position !== undefined) {
          yield { position, event: JSON.parse(data) as never };
        }
      }
    } catch (error: unknown) {
      if (signal?.aborted) {
        return;
      }
      if (!connected || !isTransient(error)) {
        throw error;
      }
      failure = error;
    }
    if (!signal?.aborted) {
      onReconnect?.(failure);
      delay = await nextDelay(delay, signal);
    }
  }
}

function streamUrl(
  container: string,
  { from, topics = [], filters, format }: ListenOptions & { readonly format?: string },
): string {
  const isLog = assertContainer(container, 'container').endsWith('/publish/');
  const query = [
    ...isLog ? [] : [ 'stream' ],
    ...from === undefined ? [] : [ `from=${encodeURIComponent(from instanceof Date ? from.toISOString() : from)}` ],
    ...topics.map((topic): string => `topic=${encodeURIComponent(topic)}`),
    ...filters === undefined ? [] : [ `filter=${encodeURIComponent(JSON.stringify(filters))}` ],
    ...format === undefined ? [] : [ `format=${encodeURIComponent(format)}` ],
  ].join('&');
  return `${container}${isLog ? 'stream' : ''}${query === '' ? '' : `?${query}`}`;
}

/** Reads the messages of one connection. */
async function* connect(
  url: string,
  position: string | undefined,
  options: ListenOptions,
): AsyncGenerator<{ readonly id?: string; readonly data?: string }> {
  const lost = new AbortController();
  const end = (): void => lost.abort();
  options.signal?.addEventListener('abort', end);
  const isLate = (): void => lost.abort(new TypeError('The server sends nothing any more'));
  let timer = setTimeout(isLate, (options.timeout ?? 60) * 1_000);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(isLate, (options.timeout ?? 60) * 1_000);
  };
  try {
    const headers = { accept: 'text/event-stream', ...position !== undefined && { 'last-event-id': position }};
    const response = await request(url, { headers, cache: 'no-store', signal: lost.signal }, options);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
      await response.body?.cancel();
      throw unexpected(response.status, 'GET', url);
    }
    yield* parseEventStream(chunksOf(response.body, alive));
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', end);
    lost.abort();
  }
}

/** Yields the chunks of a body. Reads it with a reader, because not all browsers can iterate over it. */
async function* chunksOf(body: ReadableStream<Uint8Array>, onChunk: () => void): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    onChunk();
    yield chunk.value;
  }
}

import type { Channel, WebSocketClass } from './channel';
import { ConnectionLost, openChannel } from './channel';
import type { InboxEvent } from './inboxItem';
import { readItem } from './inboxItem';
import { list } from './listing';
import type { RequestOptions } from './request';
import { assertContainer, request } from './request';
import { RequestFailed } from './RequestFailed';

/**
 * How an inbox is read.
 */
export interface InboxOptions extends RequestOptions {
  /** Whether to wait for new copies when all that are there have been read, until `signal` says so. Default false. */
  readonly wait?: boolean;
  /** Connects to the server's notifications; default that of the platform, or of the package `ws`. */
  readonly WebSocket?: WebSocketClass;
  /** How often to look even if nothing was told, in seconds; a notice that was lost costs no more. Default 300. */
  readonly refresh?: number;
  /** Is told of what lies in the inbox and is no event, with the reason. It is left where it is. */
  readonly onSkip?: (url: string, reason: string) => void;
}

/** How long to wait before a connection is tried again, in ms; doubled each time, up to the longest. */
const RETRY = { first: 500, longest: 60_000 };

/**
 * Reads the events in an inbox, oldest first; with `wait`, goes on with each that arrives.
 *
 * Each copy that is in the inbox is read at least once, and in one run not twice. With `wait`, a connection that breaks
 * is made again, and what came in between is read then. What is no event (others may leave anything in an inbox) is
 * skipped and left there. Ends quietly when `signal` aborts.
 *
 * That a document has the form of an event does not prove that this server made it: whoever may append to an inbox can
 * leave one there. Have copies delivered to a container to which nobody else may append, if that matters.
 *
 * @param inbox - The URL of the container, ending in `/`.
 * @param options - `fetch` makes the requests, as somebody who may read the inbox. API keys do not work here.
 *
 * @throws {@link RequestFailed} if the server refuses; while waiting, what passes (no connection, 429, 502 to 504) is
 * tried again instead. Error if the server cannot tell of changes.
 *
 * @see https://www.w3.org/TR/ldn/#consumer
 * @see https://solidproject.org/TR/websocket-channel-2023
 */
export async function* readInbox(
  inbox: string,
  options: InboxOptions = {},
): AsyncGenerator<InboxEvent, void, undefined> {
  const { signal } = options;
  const reader = new Reader(assertContainer(inbox, 'inbox'), options);
  let delay = RETRY.first;
  for (let connected = false; !signal?.aborted;) {
    try {
      if (!options.wait) {
        yield* reader.readAll();
        return;
      }
      // Listening begins before looking, so nothing falls in between.
      const channel = await openChannel(inbox, options);
      try {
        connected = true;
        yield* reader.follow(channel, (): void => {
          delay = RETRY.first;
        });
      } finally {
        await channel.close();
      }
    } catch (error: unknown) {
      if (signal?.aborted) {
        return;
      }
      if (!connected || !isPassing(error)) {
        throw error;
      }
    }
    // Readers that all lost one server do not come back all at once.
    await sleep(delay * (0.5 + Math.random() / 2), signal);
    delay = Math.min(delay * 2, RETRY.longest);
  }
}

/**
 * Gives each event in an inbox to a handler, oldest first and one at a time, and deletes the copy when the handler has
 * succeeded; with `wait`, goes on with each that arrives.
 *
 * Each event is handled at least once: if the handler throws, or the process ends before the copy is deleted, the copy
 * stays, and is handled again in another run. So a handler should be able to meet an event twice; `event.id` tells.
 *
 * @param inbox - The URL of the container, ending in `/`.
 * @param handler - Does what is to be done with an event; what it throws ends the run.
 * @param options - As for {@link readInbox}; `fetch` may delete in the inbox too.
 *
 * @returns How many events were handled.
 *
 * @throws What the handler throws, and what {@link readInbox} throws.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-9.3.5
 */
export async function handleInbox(
  inbox: string,
  handler: (item: InboxEvent) => unknown,
  options: InboxOptions = {},
): Promise<number> {
  let handled = 0;
  for await (const item of readInbox(inbox, options)) {
    await handler(item);
    await remove(item.url, options);
    handled += 1;
  }
  return handled;
}

/** Reads one inbox, and knows what it has read. */
class Reader {
  private seen = new Set<string>();

  public constructor(private readonly inbox: string, private readonly options: InboxOptions) {}

  /** All that is there and has not been read. */
  public async* readAll(): AsyncGenerator<InboxEvent, void, undefined> {
    const urls = await list(this.inbox, this.options);
    const there = new Set(urls);
    this.seen = new Set([ ...this.seen ].filter((url): boolean => there.has(url)));
    for (const url of urls) {
      yield* this.read(url);
    }
  }

  /** All that is there, and then what a channel tells of; ends when the channel is closed. */
  public async* follow(channel: Channel, onSuccess: () => void): AsyncGenerator<InboxEvent, void, undefined> {
    yield* this.readAll();
    onSuccess();
    while (!this.options.signal?.aborted) {
      const notice = await channel.next((this.options.refresh ?? 300) * 1_000);
      if (notice.kind === 'closed' || notice.kind === 'aborted') {
        return;
      }
      if (notice.kind === 'added') {
        yield* this.read(notice.url);
      } else if (notice.kind === 'removed') {
        this.seen.delete(notice.url);
      } else {
        yield* this.readAll();
      }
    }
  }

  private async* read(url: string): AsyncGenerator<InboxEvent, void, undefined> {
    if (this.seen.has(url) || this.options.signal?.aborted) {
      return;
    }
    const reading = await readItem(url, this.options);
    if (!reading) {
      return;
    }
    if ('item' in reading) {
      this.seen.add(url);
      yield reading.item;
    } else {
      if (!reading.again) {
        this.seen.add(url);
      }
      this.options.onSkip?.(url, reading.skipped);
    }
  }
}

/** Deletes a copy, whatever else is to end: its handler has succeeded. */
async function remove(url: string, { fetch }: InboxOptions): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await request(url, { method: 'DELETE', accepted: [ 404, 410 ]}, { fetch });
      return;
    } catch (error: unknown) {
      if (attempt === 4 || !isPassing(error)) {
        throw error;
      }
      await sleep(RETRY.first * attempt);
    }
  }
}

/** Whether a failure may be over when one tries again. */
function isPassing(error: unknown): boolean {
  if (error instanceof RequestFailed) {
    return [ 429, 502, 503, 504 ].includes(error.status);
  }
  // By name, as fetch may be of another realm, see https://fetch.spec.whatwg.org/#fetch-method
  return error instanceof ConnectionLost || (error as Error | undefined)?.name === 'TypeError';
}

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) {
    return;
  }
  await new Promise<void>((resolve): void => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}

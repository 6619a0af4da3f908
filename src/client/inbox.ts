import type { Channel, WebSocketClass } from './channel';
import { openChannel } from './channel';
import type { InboxEvent } from './inboxItem';
import { readItem } from './inboxItem';
import { listMembers } from './listing';
import type { RequestOptions } from './request';
import { assertContainer, request } from './request';
import { isTransient, nextDelay, RECONNECT_DELAY, sleep } from './reconnection';

/**
 * Options of {@link readInbox} and {@link handleInbox}.
 */
export interface InboxOptions extends RequestOptions {
  /** Whether to wait for new copies after the existing ones, until `signal` aborts. Default: false. */
  readonly wait?: boolean;
  /** WebSocket constructor for notifications. Default: that of the platform, otherwise the package `ws`. */
  readonly WebSocket?: WebSocketClass;
  /**
   * Maximum time between two listings of the inbox while waiting, in seconds. It bounds the delay after a lost
   * notification. Default: 300.
   */
  readonly refresh?: number;
  /** Called for each resource in the inbox that is not an event, with the reason. The resource is left in place. */
  readonly onSkip?: (url: string, reason: string) => void;
}

/**
 * Iterates over the events in an inbox, oldest first. With `wait`, continues with each new event.
 *
 * Each copy is read at least once, and never twice in one run. With `wait`, a lost connection is reopened, and the
 * events that arrived in between are read. Resources that are not events (inboxes accept anything) are skipped and left
 * in place. Returns without an error when `signal` aborts.
 *
 * The form of an event does not prove its origin: every agent with append access to an inbox can add such a document.
 * If that matters, use a container to which no other agent can append.
 *
 * @param inbox - URL of the container, ending in `/`.
 * @param options - `fetch` sends the requests as an agent with read access to the inbox. API keys are not accepted.
 *
 * @throws {@link RequestFailed} if the server refuses. While waiting, transient failures (no connection, 429, 502 to
 * 504) are retried instead. Error if the server offers no notifications.
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
  let delay = RECONNECT_DELAY.first;
  for (let connected = false; !signal?.aborted;) {
    try {
      if (!options.wait) {
        yield* reader.readAll();
        return;
      }
      // The channel opens before the first listing, so that no copy is missed.
      const channel = await openChannel(inbox, options);
      try {
        connected = true;
        yield* reader.follow(channel, (): void => {
          delay = RECONNECT_DELAY.first;
        });
      } finally {
        await channel.close();
      }
    } catch (error: unknown) {
      if (signal?.aborted) {
        return;
      }
      if (!connected || !isTransient(error)) {
        throw error;
      }
    }
    delay = await nextDelay(delay, signal);
  }
}

/**
 * Calls a handler for each event in an inbox, and deletes the copy after the handler has succeeded.
 *
 * Events are handled one at a time, oldest first. With `wait`, continues with each new event.
 * Each event is handled at least once: if the handler throws, or the process ends before the copy is deleted, the copy
 * is handled again in the next run. Handlers should therefore be idempotent; `event.id` identifies the event.
 *
 * @param inbox - URL of the container, ending in `/`.
 * @param handler - Processes one event. An error ends the run.
 * @param options - As for {@link readInbox}; `fetch` must also be allowed to delete in the inbox.
 *
 * @returns The number of handled events.
 *
 * @throws The errors of the handler and of {@link readInbox}.
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
    await deleteCopy(item.url, options);
    handled += 1;
  }
  return handled;
}

/** Reads one inbox and remembers the URLs that it has read. */
class Reader {
  private seen = new Set<string>();

  public constructor(private readonly inbox: string, private readonly options: InboxOptions) {}

  /** Reads all unread members. */
  public async* readAll(): AsyncGenerator<InboxEvent, void, undefined> {
    const urls = await listMembers(this.inbox, this.options);
    const there = new Set(urls);
    this.seen = new Set([ ...this.seen ].filter((url): boolean => there.has(url)));
    for (const url of urls) {
      yield* this.read(url);
    }
  }

  /** Reads all unread members, then those that a channel reports, until the channel closes. */
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

/** Deletes a handled copy, independently of the abort signal. */
async function deleteCopy(url: string, { fetch }: InboxOptions): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await request(url, { method: 'DELETE', accepted: [ 404, 410 ]}, { fetch });
      return;
    } catch (error: unknown) {
      if (attempt === 4 || !isTransient(error)) {
        throw error;
      }
      await sleep(RECONNECT_DELAY.first * attempt);
    }
  }
}

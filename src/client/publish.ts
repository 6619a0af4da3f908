import type { RequestOptions } from './request';
import { asObject, assertPod, postText, unexpected } from './request';

/**
 * What to publish.
 */
export interface EventToPublish {
  /** The WebIDs whose pods get it, 1 to 100. */
  readonly recipient: string | readonly string[];
  /** The WebIDs of those who took part in what happened; their pods get it too. */
  readonly source?: string | readonly string[];
  /** `{domain}/{topic}#{action}`, such as `realestate/contact#add`; at most 1,024 bytes and 16 segments. */
  readonly topic: string;
  /** Any JSON value but `null`, at most 64 levels deep. */
  readonly data: unknown;
}

/**
 * What was published.
 */
export interface Published {
  /** The URL of the event; of several, that of the first. */
  readonly id: string;
  /** The URLs of all events, in the order in which they were given. */
  readonly ids: readonly string[];
}

/**
 * How to publish.
 */
export interface PublishOptions extends RequestOptions {
  /** Names the request, such as by a UUID, so that it can be made again within 24 hours and makes its events once. */
  readonly key?: string;
}

/**
 * What would come of publishing an event.
 */
export type Forecast = {
  readonly accepted: true;
  /** How many subscriptions, of all pods of the server that would forward it, would get it. */
  readonly subscriptions: number;
  /** The recipients and sources on other servers, who decide for themselves. */
  readonly elsewhere: readonly string[];
  /** Those of them to whom nothing can be delivered now, and why; absent if there are none. */
  readonly unreachable?: readonly { readonly agent: string; readonly reason: string }[];
} | {
  readonly accepted: false;
  /** The HTTP status with which it would be refused. */
  readonly status: number;
  readonly error: string;
};

/**
 * Publishes one event, or several, through a pod.
 *
 * When it resolves the events are stored durably, all of them; when it is refused, none is. Copies follow a moment
 * later. If the connection breaks before the answer, the events may be stored all the same. With a `key` the same can
 * then be published again, with the same answer as if it had not broken; without one that makes new events.
 *
 * @param pod - The base URL of the producing pod, ending in `/`; it takes `acl:Append` on its `publish/`.
 * @param events - One event, or at most 1,000.
 * @param options - `fetch` makes the request, as the publisher.
 *
 * @throws {@link RequestFailed} if the server refuses; the message says why.
 */
export async function publish(
  pod: string,
  events: EventToPublish | readonly EventToPublish[],
  options: PublishOptions = {},
): Promise<Published> {
  return publishText(pod, JSON.stringify(events), options);
}

/**
 * Tells what would come of publishing, for each event; nothing is stored.
 *
 * @param pod - The base URL of the producing pod, as for {@link publish}.
 * @param events - One event, or at most 1,000.
 * @param options - `fetch` makes the request, as the publisher.
 *
 * @throws {@link RequestFailed} if the server refuses to say.
 */
export async function checkPublish(
  pod: string,
  events: EventToPublish | readonly EventToPublish[],
  options: RequestOptions = {},
): Promise<Forecast[]> {
  return checkText(pod, JSON.stringify(events), options);
}

/** Tells what would come of publishing what is written as JSON already. */
export async function checkText(pod: string, text: string, options: RequestOptions): Promise<Forecast[]> {
  const url = `${assertPod(pod)}publish/check`;
  const { events } = asObject(await postText(url, text, options));
  if (!Array.isArray(events)) {
    throw unexpected(200, 'POST', url);
  }
  return events.map((event: { accepted?: boolean }): Forecast =>
    ({ ...event.accepted && { elsewhere: []}, ...event }) as Forecast);
}

/** Publishes what is written as JSON already, to the byte. */
export async function publishText(pod: string, text: string, { key, ...options }: PublishOptions): Promise<Published> {
  const url = `${assertPod(pod)}publish/`;
  const named: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const { id, ids = [ id ] } = asObject(await postText(url, text, options, named));
  if (typeof id !== 'string' || !Array.isArray(ids)) {
    throw unexpected(201, 'POST', url);
  }
  return { id, ids: ids as string[] };
}

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
 * Publishes one event, or several, through a pod.
 *
 * When it resolves the events are stored durably, all of them; when it is refused, none is. Copies follow a moment
 * later. If the connection breaks before the answer, the events may be stored all the same, and publishing them again
 * makes new ones.
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
  options: RequestOptions = {},
): Promise<Published> {
  return publishText(pod, JSON.stringify(events), options);
}

/** Publishes what is written as JSON already, to the byte. */
export async function publishText(pod: string, text: string, options: RequestOptions): Promise<Published> {
  const url = `${assertPod(pod)}publish/`;
  const { id, ids = [ id ] } = asObject(await postText(url, text, options));
  if (typeof id !== 'string' || !Array.isArray(ids)) {
    throw unexpected(201, 'POST', url);
  }
  return { id, ids: ids as string[] };
}

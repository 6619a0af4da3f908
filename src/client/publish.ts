import type { RequestOptions } from './request';
import { asObject, assertPod, postText, unexpected } from './request';

/**
 * An event to publish.
 */
export interface EventToPublish {
  /** WebIDs of the recipients, 1 to 100. The event is delivered to their pods. */
  readonly recipient: string | readonly string[];
  /** WebIDs of the participants. The event is delivered to their pods too. */
  readonly source?: string | readonly string[];
  /** `{domain}/{topic}#{action}`, such as `realestate/contact#add`; at most 1,024 bytes and 16 segments. */
  readonly topic: string;
  /** Any JSON value but `null`, at most 64 levels deep. */
  readonly data: unknown;
}

/**
 * Result of a publish request.
 */
export interface Published {
  /** URL of the first event. */
  readonly id: string;
  /** URLs of all events, in the order of the request. */
  readonly ids: readonly string[];
}

/**
 * Options of {@link publish}.
 */
export interface PublishOptions extends RequestOptions {
  /**
   * Idempotency key of the request, such as a UUID. A request repeated with the same key within 24 hours returns the
   * first response and publishes nothing.
   */
  readonly key?: string;
}

/**
 * Result of the dry run of one event.
 */
export type DryRunResult = {
  readonly accepted: true;
  /** Number of subscriptions that would receive the event, over all pods of the server that would forward it. */
  readonly subscriptions: number;
  /** Number of subscriptions with filters that exclude the event. */
  readonly excluded: number;
  /** Recipients and sources on other servers. Their servers decide whether to accept the event. */
  readonly elsewhere: readonly string[];
  /** Agents of `elsewhere` that are currently unreachable, with the reason. Absent if all are reachable. */
  readonly unreachable?: readonly { readonly agent: string; readonly reason: string }[];
} | {
  readonly accepted: false;
  /** HTTP status of the refusal. */
  readonly status: number;
  readonly error: string;
};

/**
 * Publishes one or several events through a pod, atomically.
 *
 * When the promise resolves, all events are stored durably; when the server refuses, none is. Copies are delivered
 * afterwards. If the connection is lost before the response, the events may be stored. With a `key`, the request can
 * then be repeated safely and returns the original response; without one, the repetition creates new events.
 *
 * @param pod - Base URL of the producing pod, ending in `/`. The publisher needs `acl:Append` on its `publish/`.
 * @param events - One event, or an array of at most 1,000.
 * @param options - `fetch` sends the request as the publisher.
 *
 * @throws {@link RequestFailed} if the server refuses. The message contains the reason.
 */
export async function publish(
  pod: string,
  events: EventToPublish | readonly EventToPublish[],
  options: PublishOptions = {},
): Promise<Published> {
  return publishJson(pod, JSON.stringify(events), options);
}

/**
 * Runs a dry run of a publish request: returns one result for each event and stores nothing.
 *
 * @param pod - Base URL of the producing pod, as for {@link publish}.
 * @param events - One event, or an array of at most 1,000.
 * @param options - `fetch` sends the request as the publisher.
 *
 * @throws {@link RequestFailed} if the server refuses the dry run itself.
 */
export async function checkPublish(
  pod: string,
  events: EventToPublish | readonly EventToPublish[],
  options: RequestOptions = {},
): Promise<DryRunResult[]> {
  return checkPublishJson(pod, JSON.stringify(events), options);
}

/** Like {@link checkPublish}, for serialized JSON. */
export async function checkPublishJson(pod: string, text: string, options: RequestOptions): Promise<DryRunResult[]> {
  const url = `${assertPod(pod)}publish/check`;
  const { events } = asObject(await postText(url, text, options));
  if (!Array.isArray(events)) {
    throw unexpected(200, 'POST', url);
  }
  return events.map((event: { accepted?: boolean }): DryRunResult =>
    ({ ...event.accepted && { elsewhere: []}, ...event }) as DryRunResult);
}

/** Like {@link publish}, for serialized JSON, which is sent unchanged. */
export async function publishJson(pod: string, text: string, { key, ...options }: PublishOptions): Promise<Published> {
  const url = `${assertPod(pod)}publish/`;
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const { id, ids = [ id ] } = asObject(await postText(url, text, options, headers));
  if (typeof id !== 'string' || !Array.isArray(ids)) {
    throw unexpected(201, 'POST', url);
  }
  return { id, ids: ids as string[] };
}

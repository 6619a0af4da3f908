import type { RequestOptions } from './request';
import { asObject, assertPod, getJson, postJson, unexpected } from './request';

/**
 * What became of a delivery: it waits for its next attempt, was made, failed for good,
 * was not made because the subscriber may not receive it any more, or because nobody asks for it any more.
 */
export type DeliveryState = 'waiting' | 'delivered' | 'dead' | 'refused' | 'ended';

/**
 * One attempt to deliver.
 */
export interface DeliveryAttempt {
  /** When it began, in ISO 8601. */
  readonly at: string;
  /** How long it took, in milliseconds. */
  readonly duration: number;
  /** The HTTP status of the answer, if there was one. */
  readonly status?: number;
  /** What went wrong. */
  readonly reason?: string;
}

/**
 * The delivery of one event to one target that is not on the pod's server, or is a webhook.
 */
export interface PodDelivery {
  /** Its URL, by which it is repeated. */
  readonly id: string;
  readonly state: DeliveryState;
  /** The URL of the event. */
  readonly event: string;
  readonly topic: string;
  /** The URL of the subscription; absent where it is for a recipient of the event. */
  readonly subscription?: string;
  readonly kind: 'inbox' | 'webhook' | 'recipient';
  /** The URL of the inbox or webhook, or the WebID of the recipient. */
  readonly target: string;
  /** The WebID of the subscriber, or the recipient. */
  readonly agent: string;
  /** When it came into being, or was last asked for again, in ISO 8601. */
  readonly created: string;
  /** When it is tried next, in ISO 8601, if it waits. */
  readonly due?: string;
  /** The URL of the copy, if the inbox has told it. */
  readonly copy?: string;
  /** Oldest first. */
  readonly attempts: readonly DeliveryAttempt[];
}

/**
 * Which deliveries to read.
 */
export interface DeliveryOptions extends RequestOptions {
  /** The event, by its URL or id. */
  readonly event?: string;
  /** The subscription, by its URL or id. */
  readonly subscription?: string;
  readonly state?: DeliveryState;
  /** Those made, or asked for again, at this moment or later; in ISO 8601. */
  readonly since?: string;
  /** Those of before this moment. */
  readonly until?: string;
  /** The most to read with one request, 1 to 1,000. Default 100. */
  readonly pageSize?: number;
}

/**
 * Which events to replay.
 */
export interface ReplayRange {
  /** Those published at this moment or later; in ISO 8601. */
  readonly since: string;
  /** Those published before this moment; default now. */
  readonly until?: string;
}

/**
 * The deliveries of a pod that one may see, newest first: all, for whoever may read `{pod}deliveries/`; otherwise those
 * for oneself. They are read page by page, as they are taken.
 *
 * @param pod - The base URL of the pod, ending in `/`.
 * @param options - Which of them; `fetch` makes the requests.
 *
 * @throws {@link RequestFailed} if the server refuses.
 */
export async function* deliveries(
  pod: string,
  options: DeliveryOptions = {},
): AsyncGenerator<PodDelivery, void, undefined> {
  const log = `${assertPod(pod)}deliveries/`;
  const { event, subscription, state, since, until, pageSize } = options;
  const query = new URLSearchParams();
  for (const [ name, value ] of Object.entries({ event, subscription, state, since, until, limit: pageSize })) {
    if (value !== undefined) {
      query.set(name, `${value}`);
    }
  }
  const first = `${log}?${query.toString()}`.replace(/\?$/u, '');
  for (let url: string | undefined = first; url !== undefined;) {
    const { contains, next } = asObject(await getJson(url, options));
    // Another page of the same log, so that whoever is logged in goes nowhere else.
    if (!Array.isArray(contains) || (next !== undefined && !(typeof next === 'string' && next.startsWith(`${log}?`)))) {
      throw unexpected(200, 'GET', url);
    }
    for (const item of contains) {
      yield toDelivery(item, url);
    }
    url = next;
  }
}

/**
 * Makes a delivery again, whatever became of it. The event keeps its id; a target that has had it gets it twice.
 *
 * @param url - The URL of the delivery, its `id`.
 * @param options - `fetch` makes the request, as the subscriber, or as somebody who may write `{pod}deliveries/`.
 *
 * @returns The delivery, which waits.
 *
 * @throws {@link RequestFailed} if the server refuses: 403 if the subscriber may not read the topic any more,
 *         409 if nothing is sent to the target any more.
 */
export async function redeliver(url: string, options: RequestOptions = {}): Promise<PodDelivery> {
  const target = `${url}/redeliver`;
  return toDelivery(await postJson(target, {}, options), target);
}

/**
 * Delivers to a subscription again what its pod has forwarded and still holds, as far as the subscriber may read it.
 *
 * An inbox on the pod's server gets the copies that it does not have, also those that were deleted; any other target
 * gets each event, with its id, also if it has had it.
 *
 * @param subscription - The URL of the subscription.
 * @param range - Which events.
 * @param options - `fetch` makes the requests, as the subscriber, or as somebody who may write `{pod}subscriptions/`.
 *
 * @returns How many events there are.
 *
 * @throws {@link RequestFailed} if the server refuses; what had been begun before goes on.
 */
export async function replay(
  subscription: string,
  { since, until = new Date().toISOString() }: ReplayRange,
  options: RequestOptions = {},
): Promise<number> {
  const url = `${subscription}/replay`;
  let sum = 0;
  for (let cursor: unknown; ;) {
    const answer = asObject(await postJson(url, { since, until, cursor }, options));
    if (typeof answer.events !== 'number') {
      throw unexpected(202, 'POST', url);
    }
    sum += answer.events;
    ({ cursor } = answer);
    if (cursor === undefined) {
      return sum;
    }
  }
}

function toDelivery(value: unknown, url: string): PodDelivery {
  const { id, state, event, topic, subscription, kind, target, agent, created, due, copy, attempts } = asObject(value);
  const texts = [ id, state, event, topic, kind, target, agent, created ];
  if (!texts.every((item): boolean => typeof item === 'string') || !Array.isArray(attempts)) {
    throw unexpected(200, 'GET', url);
  }
  const optional = Object.entries({ subscription, due, copy })
    .filter(([ , item ]): boolean => typeof item === 'string');
  return {
    id, state, event, topic, kind, target, agent, created,
    ...Object.fromEntries(optional),
    attempts: attempts.map(toAttempt),
  } as PodDelivery;
}

function toAttempt(value: unknown): DeliveryAttempt {
  const { at, duration, status, reason } = asObject(value);
  return {
    at: String(at),
    duration: Number(duration),
    ...typeof status === 'number' && { status },
    ...typeof reason === 'string' && { reason },
  };
}

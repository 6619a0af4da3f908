import type { RequestOptions } from './request';
import { asObject, assertPod, getJson, postJson, unexpected } from './request';

/**
 * State of a delivery.
 *
 * - `waiting`: the next attempt is due.
 * - `delivered`: the target has accepted the event.
 * - `dead`: failed permanently (dead letter).
 * - `refused`: cancelled, because the subscriber is not allowed to receive the event any more.
 * - `ended`: cancelled, because the subscription has ended.
 */
export type DeliveryState = 'waiting' | 'delivered' | 'dead' | 'refused' | 'ended';

/**
 * One attempt of a delivery, with its outcome.
 */
export interface DeliveryAttempt {
  /** Start time, in ISO 8601. */
  readonly at: string;
  /** Duration, in milliseconds. */
  readonly duration: number;
  /** HTTP status of the response. Absent if there was no response. */
  readonly status?: number;
  /** Reason of the failure. */
  readonly reason?: string;
}

/**
 * Delivery of one event to a webhook, or to a target on another server.
 */
export interface PodDelivery {
  /** URL of the delivery, for {@link redeliver}. */
  readonly id: string;
  readonly state: DeliveryState;
  /** URL of the event. */
  readonly event: string;
  readonly topic: string;
  /** URL of the subscription. Absent if the delivery is for a recipient of the event. */
  readonly subscription?: string;
  readonly kind: 'inbox' | 'webhook' | 'recipient';
  /** URL of the inbox or webhook, or WebID of the recipient. */
  readonly target: string;
  /** WebID of the subscriber or recipient. */
  readonly agent: string;
  /** Time of creation or of the last redelivery request, in ISO 8601. */
  readonly created: string;
  /** Time of the next attempt, in ISO 8601. Only in state `waiting`. */
  readonly due?: string;
  /** URL of the copy, if the inbox has returned it. */
  readonly copy?: string;
  /** Id of the batch of the last attempt, which is its `webhook-id`. */
  readonly batch?: string;
  /** Attempts, oldest first. */
  readonly attempts: readonly DeliveryAttempt[];
}

/**
 * Filter and page size of {@link deliveries}.
 */
export interface DeliveryOptions extends RequestOptions {
  /** URL or id of the event. */
  readonly event?: string;
  /** URL or id of the subscription. */
  readonly subscription?: string;
  readonly state?: DeliveryState;
  /** Earliest value of `created`, inclusive, in ISO 8601. */
  readonly since?: string;
  /** Latest value of `created`, exclusive, in ISO 8601. */
  readonly until?: string;
  /** Maximum number of deliveries in one response, 1 to 1,000. Default: 100. */
  readonly pageSize?: number;
}

/**
 * Range of publication times of the events to replay.
 */
export interface ReplayRange {
  /** Earliest publication time, inclusive, in ISO 8601. */
  readonly since: string;
  /** Latest publication time, exclusive, in ISO 8601. Default: now. */
  readonly until?: string;
}

/**
 * Iterates over the deliveries of a pod, newest first. Pages are requested on demand.
 *
 * Agents with `acl:Read` on `{pod}deliveries/` see all deliveries, other agents only their own.
 *
 * @param pod - Base URL of the pod, ending in `/`.
 * @param options - Filter and page size; `fetch` sends the requests.
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
    // Only pages of the same log are followed, so that credentials are never sent elsewhere.
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
 * Repeats a delivery in any state. The event keeps its id. A target that has already received it receives it again.
 *
 * @param url - URL of the delivery, its `id`.
 * @param options - `fetch` sends the request as the subscriber, or as an agent with `acl:Write` on `{pod}deliveries/`.
 *
 * @returns The delivery, in state `waiting`.
 *
 * @throws {@link RequestFailed} if the server refuses: 403 if the subscriber has lost read access to the topic,
 *         409 if the target is disabled or its subscription has ended.
 */
export async function redeliver(url: string, options: RequestOptions = {}): Promise<PodDelivery> {
  const target = `${url}/redeliver`;
  return toDelivery(await postJson(target, {}, options), target);
}

/**
 * Delivers the retained events of a pod to a subscription again, as far as the subscriber is allowed to read them.
 *
 * An inbox on the pod's server receives the missing copies, including deleted ones. Any other target receives every
 * event with its original id, even if it has already received it.
 *
 * @param subscription - URL of the subscription.
 * @param range - Range of publication times.
 * @param options - `fetch` sends the requests as the subscriber, or as an agent with `acl:Write` on
 * `{pod}subscriptions/`.
 *
 * @returns The number of replayed events.
 *
 * @throws {@link RequestFailed} if the server refuses. Deliveries of earlier requests of the same replay continue.
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

import type { RequestOptions } from './request';
import { asObject, assertPod, getJson, parsedBody, postJson, request, unexpected } from './request';

/**
 * A filter of the CloudEvents Subscriptions API, in one dialect.
 *
 * @see https://github.com/cloudevents/spec/blob/main/subscriptions/spec.md#324-filters
 */
export type EventFilter =
  { readonly exact: Readonly<Record<string, string>> } |
  { readonly prefix: Readonly<Record<string, string>> } |
  { readonly suffix: Readonly<Record<string, string>> } |
  { readonly all: readonly EventFilter[] } |
  { readonly any: readonly EventFilter[] } |
  { readonly not: EventFilter } |
  { readonly sql: string };

/**
 * Topic and target of a new subscription.
 */
export interface SubscriptionRequest {
  /** `realestate/contact#add`, `realestate/contact` (all its actions), `realestate/*` (all below) or `*` (all). */
  readonly topic: string;
  /**
   * URL of the inbox that receives the copies. A container on the pod's server, ending in `/`, requires `acl:Write` or
   * `acl:Control` on it. An inbox on another server must be the `ldp:inbox` of the subscriber's profile.
   */
  readonly inbox?: string;
  /** The https URL of a webhook that receives signed CloudEvents instead. The server requests its consent first. */
  readonly webhook?: string;
  /** Content mode of the webhook. Default: `structured`. */
  readonly mode?: 'structured' | 'binary';
  /** Limits of batches of the webhook. Without them, each event is one request. */
  readonly batch?: BatchLimits;
  /** Filters of the events; an event has to match all of them. Default: every event of the topic. */
  readonly filters?: readonly EventFilter[];
}

/**
 * Access token with which the server sends requests to a webhook. It is never returned.
 */
export interface SinkCredential {
  readonly credentialtype: 'ACCESSTOKEN';
  readonly accesstoken: string;
  /** Time at which the token expires, in ISO 8601. */
  readonly accesstokenexpiresutc: string;
  readonly accesstokentype: 'Bearer';
}

/**
 * Limits of the batches that a webhook receives.
 */
export interface BatchLimits {
  /** Maximum number of events, from 1 to 100. */
  readonly maxEvents: number;
  /** Maximum time that an event waits for further ones, in milliseconds, from 0 to 60,000. */
  readonly maxWaitMs: number;
}

/**
 * Change of a subscription. Absent members stay as they are.
 */
export interface SubscriptionChange {
  /** The new topic, as in {@link SubscriptionRequest}. */
  readonly topic?: string;
  /** The new filters; `[]` removes them. */
  readonly filters?: readonly EventFilter[];
}

/**
 * A subscription of an agent to a topic of a pod.
 */
export interface PodSubscription extends SubscriptionRequest {
  /** URL of the subscription, for {@link unsubscribe}. */
  readonly id: string;
  /** WebID of the subscriber. */
  readonly agent: string;
  /** Time of creation, in ISO 8601. */
  readonly created: string;
  /** `disabled` if delivery has stopped, because the target was gone or failed for too long. Otherwise absent. */
  readonly state?: 'disabled';
}

/**
 * Result of {@link subscribe}.
 */
export interface NewSubscription extends PodSubscription {
  /** Secret that signs deliveries to the webhook. Returned once, if the webhook is new to the server. */
  readonly secret?: string;
}

/**
 * Topic and target of a new subscription, with the credential of a webhook.
 */
export interface SubscriptionDraft extends SubscriptionRequest {
  /** Access token of requests to the webhook; `null` removes a stored one. */
  readonly sinkcredential?: SinkCredential | null;
}

/**
 * Subscribes an inbox or webhook to a topic of a pod.
 *
 * Each event of the topic is delivered while the subscriber is allowed to read the topic. A repeated request for the
 * same topic, target and filters returns the existing subscription, and resumes it if it was disabled.
 *
 * @param pod - Base URL of the pod that publishes the events, ending in `/`.
 * @param subscription - The topic, and the inbox or webhook.
 * @param options - `fetch` sends the request as the subscriber.
 *
 * @throws {@link RequestFailed} if the server refuses. The message contains the reason.
 */
export async function subscribe(
  pod: string,
  { topic, inbox, webhook, filters, ...more }: SubscriptionDraft,
  options: RequestOptions = {},
): Promise<NewSubscription> {
  const url = `${assertPod(pod)}subscriptions/`;
  const answer = await postJson(url, { ...more, topic, inbox, webhook, filters }, options);
  const { secret } = asObject(answer);
  return { ...toSubscription(answer, 'POST', url), ...typeof secret === 'string' && { secret }};
}

/**
 * Changes the topic or the filters of a subscription.
 *
 * Events that were accepted before are delivered by the former ones.
 *
 * @param url - URL of the subscription, its `id`.
 * @param change - The changed members.
 * @param options - `fetch` sends the request as the subscriber.
 *
 * @throws {@link RequestFailed} if the server refuses. The message contains the reason.
 */
export async function changeSubscription(
  url: string,
  { topic, filters }: SubscriptionChange,
  options: RequestOptions = {},
): Promise<PodSubscription> {
  const headers = { 'content-type': 'application/merge-patch+json', accept: 'application/ld+json, application/json' };
  const body = JSON.stringify({ topic, filters });
  const response = await request(url, { method: 'PATCH', headers, body }, options);
  return toSubscription(await parsedBody(response, 'PATCH', url), 'PATCH', url);
}

/**
 * Deletes a subscription. No further events are delivered for it.
 *
 * @param url - URL of the subscription, its `id`.
 * @param options - `fetch` sends the request as the subscriber, or as an agent with `acl:Write` on
 * `{pod}subscriptions/`.
 *
 * @throws {@link RequestFailed} if the server refuses or the subscription does not exist.
 */
export async function unsubscribe(url: string, options: RequestOptions = {}): Promise<void> {
  await request(url, { method: 'DELETE' }, options);
}

/**
 * Lists the subscriptions of a pod.
 *
 * Agents with `acl:Read` on `{pod}subscriptions/` see all subscriptions, other agents only their own. All pages are
 * read at once; {@link eachSubscription} reads them on demand.
 *
 * @param pod - Base URL of the pod that publishes the events, ending in `/`.
 * @param options - `fetch` sends the requests.
 *
 * @throws {@link RequestFailed} if the server refuses.
 *
 * @see https://www.w3.org/TR/ldp/#ldpbc
 */
export async function subscriptions(pod: string, options: RequestOptions = {}): Promise<PodSubscription[]> {
  const all: PodSubscription[] = [];
  for await (const subscription of eachSubscription(pod, options)) {
    all.push(subscription);
  }
  return all;
}

/**
 * Iterates over the subscriptions of a pod, oldest first. Pages are requested on demand.
 *
 * Returns the same subscriptions as {@link subscriptions}.
 *
 * @param pod - Base URL of the pod that publishes the events, ending in `/`.
 * @param options - `fetch` sends the requests. `pageSize` is the maximum number of subscriptions in one response, 1 to
 * 1,000. Default: 100.
 *
 * @throws {@link RequestFailed} if the server refuses.
 */
export async function* eachSubscription(
  pod: string,
  options: RequestOptions & { readonly pageSize?: number } = {},
): AsyncGenerator<PodSubscription, void, undefined> {
  const list = `${assertPod(pod)}subscriptions/`;
  const first = options.pageSize === undefined ? list : `${list}?limit=${options.pageSize}`;
  for (let url: string | undefined = first; url !== undefined;) {
    const { contains, next } = asObject(await getJson(url, options));
    // Only pages of the same list are followed, so that credentials are never sent elsewhere.
    if (!Array.isArray(contains) || (next !== undefined && !(typeof next === 'string' && next.startsWith(`${list}?`)))) {
      throw unexpected(200, 'GET', url);
    }
    for (const item of contains) {
      yield toSubscription(item, 'GET', url);
    }
    url = next;
  }
}

function toSubscription(value: unknown, method: string, url: string): PodSubscription {
  const { id, topic, inbox, webhook, mode, batch, filters, agent, created, state } = asObject(value);
  if (![ id, topic, webhook ?? inbox, agent, created ].every((item): boolean => typeof item === 'string')) {
    throw unexpected(200, method, url);
  }
  return {
    id,
    topic,
    ...webhook === undefined ? { inbox } : { webhook },
    ...mode !== undefined && { mode },
    ...batch !== undefined && { batch },
    ...filters !== undefined && { filters },
    agent,
    created,
    ...state !== undefined && { state },
  } as PodSubscription;
}

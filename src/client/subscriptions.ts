import type { RequestOptions } from './request';
import { asObject, assertPod, getJson, postJson, request, unexpected } from './request';

/**
 * What to follow.
 */
export interface SubscriptionRequest {
  /** `realestate/contact#add`, `realestate/contact` (all its actions), `realestate/*` (all below) or `*` (all). */
  readonly topic: string;
  /**
   * The URL of the inbox that gets the copies. A container of the pod's server, ending in `/`, takes `acl:Write` or
   * `acl:Control` on it; an inbox of another server has to be the `ldp:inbox` of one's own profile.
   */
  readonly inbox?: string;
  /** The https URL of the webhook that gets them instead, as signed CloudEvents; it is asked whether it agrees. */
  readonly webhook?: string;
}

/**
 * A subscription: an agent follows a topic of a pod.
 */
export interface PodSubscription extends SubscriptionRequest {
  /** Its URL, by which it is ended. */
  readonly id: string;
  /** The WebID of the subscriber. */
  readonly agent: string;
  /** When it was made, in ISO 8601. */
  readonly created: string;
  /** `disabled` where nothing is sent to the target any more, because it was gone or failed for too long. */
  readonly state?: 'disabled';
}

/**
 * A subscription that was made.
 */
export interface NewSubscription extends PodSubscription {
  /** What signs deliveries to the webhook. It is told once, where the webhook is new to the server. */
  readonly secret?: string;
}

/**
 * Follows a topic of a pod: each event of it is delivered to the inbox or webhook, as long as one may read the topic.
 *
 * Who asks again for the same topic and target gets the subscription that is there; it is resumed if it was disabled.
 *
 * @param pod - The base URL of the pod that is followed, ending in `/`.
 * @param subscription - The topic, and the inbox or webhook.
 * @param options - `fetch` makes the request, as the subscriber.
 *
 * @throws {@link RequestFailed} if the server refuses; the message says why.
 */
export async function subscribe(
  pod: string,
  { topic, inbox, webhook, ...more }: SubscriptionRequest,
  options: RequestOptions = {},
): Promise<NewSubscription> {
  const url = `${assertPod(pod)}subscriptions/`;
  const answer = await postJson(url, { ...more, topic, inbox, webhook }, options);
  const { secret } = asObject(answer);
  return { ...toSubscription(answer, 'POST', url), ...typeof secret === 'string' && { secret }};
}

/**
 * Ends a subscription: no more copies are made for it.
 *
 * @param url - The URL of the subscription, its `id`.
 * @param options - `fetch` makes the request, as the subscriber, or as somebody who may write `{pod}subscriptions/`.
 *
 * @throws {@link RequestFailed} if the server refuses, or there is no such subscription.
 */
export async function unsubscribe(url: string, options: RequestOptions = {}): Promise<void> {
  await request(url, { method: 'DELETE' }, options);
}

/**
 * The subscriptions of a pod that one may see: all, for whoever may read `{pod}subscriptions/`; otherwise one's own.
 * All pages are read; {@link eachSubscription} reads them as they are needed.
 *
 * @param pod - The base URL of the pod that is followed, ending in `/`.
 * @param options - `fetch` makes the requests.
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
 * The same subscriptions, oldest first, read page by page as they are taken.
 *
 * @param pod - The base URL of the pod that is followed, ending in `/`.
 * @param options - `fetch` makes the requests; `pageSize` is the most to read with one, 1 to 1,000. Default 100.
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
    // Another page of the same list, so that whoever is logged in goes nowhere else.
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
  const { id, topic, inbox, webhook, agent, created, state } = asObject(value);
  if (![ id, topic, webhook ?? inbox, agent, created ].every((item): boolean => typeof item === 'string')) {
    throw unexpected(200, method, url);
  }
  return {
    id,
    topic,
    ...webhook === undefined ? { inbox } : { webhook },
    agent,
    created,
    ...state !== undefined && { state },
  } as PodSubscription;
}

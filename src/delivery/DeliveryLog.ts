import { announce } from './announce';
import type { CopyListener } from './CopyListener';
import { publishContainer } from '../event/Event';
import { parseTopic, topicPath } from '../event/Topic';
import { isWebUrl } from '../url/webUrl';
import { nextTimeSlice } from '../event/timeSlices';
import type { Caller } from '../identity/Caller';
import { hasScope } from '../identity/Caller';
import type { DeliveryFilter, DeliveryHistory, StoredEvent, LoggedSubscriptions } from './DeliveryLogStore';
import type { DeliveryRecord } from '../store/deliveries';
import type { EventFilters } from '../subscription/FilterMatcher';
import type { Subscription } from '../subscription/Subscription';
import { subscriptionsContainer } from '../subscription/Subscription';
import { Conflict } from '../event/Conflict';
import { controlsInbox } from '../access/consent';
import { NotAuthorized } from '../event/NotAuthorized';
import type { Access, Mode, Pods } from '../access/ports';
import type { Outbox } from '../publish/ports';
import { coversTopic } from '../access/topicAccess';
import { MAX_HOPS } from '../publish/maxHops';
import { podInbox } from '../publish/recipients';

/**
 * A page of the delivery log.
 */
export interface DeliveryPage {
  /** Deliveries, newest first. */
  readonly deliveries: readonly DeliveryRecord[];
  /** Cursor of the next page; absent on the last page. */
  readonly next?: number;
}

/**
 * Range of the events of a replay; times are in milliseconds since 1970.
 */
export interface ReplayRange {
  /** Only events published at this time or later. */
  readonly since: number;
  /** Only events published before this time. Default: the current time. */
  readonly until?: number;
  /** Cursor returned by the previous replay of the same range. */
  readonly after?: number;
}

/**
 * Result of a replay.
 */
export interface Replay {
  /** Number of requested deliveries, or of written copies. */
  readonly events: number;
  /** Cursor of the next replay; absent if no event remains. */
  readonly next?: number;
}

/**
 * Dependencies and limits of {@link DeliveryLog}.
 */
export interface DeliveryLogArgs {
  /** Subscriptions. */
  store: LoggedSubscriptions;
  /** Storage of the delivery log. */
  deliveries: DeliveryHistory;
  /** Access decisions about callers and subscribers. */
  access: Access;
  /** Evaluates the filters of subscriptions. */
  filters: EventFilters;
  /** Finds the pods of addressees. */
  pods: Pods;
  /** Wakes the delivery worker. */
  outbox: Outbox;
  /** Receive copies in watched containers. */
  listeners: CopyListener[];
  /** Number of hops from which on an event is not forwarded. Default {@link MAX_HOPS}. */
  maxHops?: number;
  /** Maximum number of events that one replay examines. Default 100,000. */
  maxEvents?: number;
}

/** Maximum number of events of one step; an event can have megabytes. */
const CHUNK = 50;

/** Cursor before the newest delivery. */
const NEWEST = Number.MAX_SAFE_INTEGER;

/** The URL of a pod's delivery log. It has no resource; its access rules decide access to the whole log. */
export function deliveriesContainer(pod: string): string {
  return `${pod}deliveries/`;
}

/** The URL of a delivery of a pod. */
export function deliveryUrl(pod: string, { id }: Pick<DeliveryRecord, 'id'>): string {
  return `${deliveriesContainer(pod)}${id}`;
}

/**
 * The delivery log of each pod: lists deliveries, redelivers them, and replays events to subscriptions.
 *
 * Each redelivery and replay checks the subscriber's current access; earlier deliveries do not count.
 */
export class DeliveryLog {
  private readonly store: LoggedSubscriptions;
  private readonly deliveries: DeliveryHistory;
  private readonly access: Access;
  private readonly filters: EventFilters;
  private readonly pods: Pods;
  private readonly outbox: Outbox;
  private readonly listeners: readonly CopyListener[];
  private readonly maxHops: number;
  private readonly maxEvents: number;
  private readonly replaying = new Set<string>();

  /**
   * @param args - Dependencies and limits.
   */
  public constructor(args: DeliveryLogArgs) {
    this.store = args.store;
    this.deliveries = args.deliveries;
    this.access = args.access;
    this.filters = args.filters;
    this.pods = args.pods;
    this.outbox = args.outbox;
    this.listeners = args.listeners;
    this.maxHops = args.maxHops ?? MAX_HOPS;
    this.maxEvents = args.maxEvents ?? 100_000;
  }

  /**
   * Lists the deliveries of a pod that the caller can see: all with read access to `{pod}deliveries/`, otherwise the
   * caller's own. A limited API key shows only deliveries of its topics.
   *
   * @param pod - Base URL of the pod.
   * @param caller - The caller.
   * @param filter - Filter of the log.
   * @param cursor - Value of `next` of the previous page; absent for the first page.
   * @param limit - Maximum number of deliveries of the page.
   *
   * @throws {@link NotAuthorized} if the caller is not authenticated and the public has no read access to
   * `{pod}deliveries/`.
   */
  public async list(
    pod: string,
    caller: Caller,
    filter: DeliveryFilter,
    cursor: number | undefined,
    limit: number,
  ): Promise<DeliveryPage> {
    const { agent, limits } = caller;
    const mayReadAll = await this.may(caller, deliveriesContainer(pod), 'read');
    if (!mayReadAll && agent === undefined) {
      throw new NotAuthorized(`Not authorized to see the deliveries of ${pod}`);
    }
    const visible = { ...filter, ...!mayReadAll && { agent }, ...limits?.topics && { topics: limits.topics }};
    const found = await this.deliveries.listDeliveries(pod, visible, cursor ?? NEWEST, limit + 1);
    const deliveries = found.slice(0, limit);
    return { deliveries, ...found.length > limit && { next: deliveries.at(-1)!.id }};
  }

  /**
   * Returns one delivery, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller cannot see it, or could not see it if it existed.
   */
  public async get(pod: string, caller: Caller, id: number): Promise<DeliveryRecord | undefined> {
    return this.getIf(pod, caller, id, 'read');
  }

  /**
   * Requests a delivery again, in any state: the caller's own, or any with write access to `{pod}deliveries/`. The
   * event keeps its id, so the target may receive it twice.
   *
   * @returns The waiting delivery, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller cannot change it, or could not change it if it existed, or the
   * subscriber has no read access to the topic. Changes nothing then.
   * @throws {@link Conflict} if its event was removed, its subscription has ended, or its target is disabled.
   */
  public async redeliver(pod: string, caller: Caller, id: number): Promise<DeliveryRecord | undefined> {
    const delivery = await this.getIf(pod, caller, id, 'write');
    if (!delivery) {
      return undefined;
    }
    await this.assertDeliverable(pod, delivery);
    if (!await this.deliveries.redeliver(pod, id, this.outbox.now())) {
      return undefined;
    }
    this.outbox.wake();
    return this.deliveries.getDelivery(pod, id);
  }

  /**
   * Returns a delivery that the caller may retry and abort. Requires the scope `manage`, and write access to
   * `{pod}deliveries/` or the own delivery; or the scope `publish`, an own event, and `acl:Append` on its topic.
   *
   * @returns The delivery, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller cannot change it, or could not change it if it existed.
   */
  public async toManage(pod: string, caller: Caller, id: number): Promise<DeliveryRecord | undefined> {
    const delivery = await this.deliveries.getDelivery(pod, id);
    const isLimited = delivery !== undefined && !coversTopic(caller, delivery.topic);
    if (isLimited || (!await this.mayManage(pod, caller, delivery) && !await this.isPublisher(pod, caller, delivery))) {
      throw new NotAuthorized('Not authorized to retry or abort this delivery');
    }
    return delivery;
  }

  /**
   * Requests a dead delivery again, once: not if it was requested again before. Of concurrent requests, one succeeds.
   *
   * @returns Whether the delivery was requested.
   *
   * @throws {@link NotAuthorized} if {@link toManage} throws, or the subscriber has no read access to the topic.
   * @throws {@link Conflict} if its event was removed, its subscription has ended, or its target is disabled.
   */
  public async retry(pod: string, caller: Caller, id: number): Promise<boolean> {
    const delivery = await this.toManage(pod, caller, id);
    if (delivery?.state !== 'dead') {
      return false;
    }
    await this.assertDeliverable(pod, delivery);
    const isRequested = await this.deliveries.retry(pod, id, this.outbox.now());
    if (isRequested) {
      this.outbox.wake();
    }
    return isRequested;
  }

  /**
   * Ends a waiting or dead delivery. Of concurrent requests, one succeeds. {@link redeliver} can request it again.
   *
   * @returns Whether the delivery was ended.
   *
   * @throws {@link NotAuthorized} if {@link toManage} throws.
   */
  public async abort(pod: string, caller: Caller, id: number): Promise<boolean> {
    if (!await this.toManage(pod, caller, id)) {
      return false;
    }
    const isEnded = await this.deliveries.abort(pod, id, this.outbox.now());
    if (isEnded) {
      this.outbox.wake();
    }
    return isEnded;
  }

  /**
   * Replays the events that a pod forwarded and a subscription matches: the caller's own subscription, or any with
   * write access to `{pod}subscriptions/`. An inbox on this server gets its missing copies, including deleted ones. Any
   * other target gets each event with its id, including events delivered before.
   *
   * Finds only events in the pod's `publish/` and its own inbox that match the current pattern and filters of the
   * subscription, and that the subscriber can currently read. Replays from
   * the oldest event to the newest, in steps, and checks access again before each step. An error keeps the completed
   * steps.
   *
   * @returns The result, or `undefined` if the subscription does not exist.
   *
   * @throws {@link NotAuthorized} if the caller cannot replay it, or could not replay it if it existed, or the
   * subscriber does not control its inbox.
   * @throws {@link Conflict} if its target is disabled, or a replay of it is in progress.
   */
  public async replay(pod: string, caller: Caller, id: string, range: ReplayRange): Promise<Replay | undefined> {
    const subscription = await this.toReplay(pod, caller, id);
    if (!subscription) {
      return undefined;
    }
    if (subscription.isDisabled) {
      throw disabled(subscription.url, true);
    }
    await this.checkInbox(subscription);
    if (this.replaying.has(id)) {
      throw new Conflict('A replay of this subscription is in progress: retry after it');
    }
    this.replaying.add(id);
    try {
      return await this.replayAll(subscription, range);
    } finally {
      this.replaying.delete(id);
    }
  }

  /**
   * Returns the subscription of a replay, so that access is checked before the body of the request is read.
   *
   * @returns The subscription, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller cannot replay it, or could not replay it if it existed.
   */
  public async toReplay(pod: string, caller: Caller, id: string): Promise<Subscription | undefined> {
    const subscription = await this.store.getSubscription(pod, id);
    const isOwn = caller.agent !== undefined && subscription?.agent === caller.agent;
    const isLimited = subscription !== undefined && !coversTopic(caller, subscription.pattern);
    const mayManage = hasScope(caller, 'manage');
    if (isLimited || (!isOwn && !(mayManage && await this.may(caller, subscriptionsContainer(pod), 'write')))) {
      throw new NotAuthorized(mayManage ?
        'Not authorized to replay this subscription' :
        'Not authorized to replay this subscription: for those of other agents, an API key needs the scope manage');
    }
    return subscription;
  }

  /** @throws {@link NotAuthorized} if the subscriber does not control its inbox on this server. */
  private async checkInbox({ agent, kind, url }: Subscription): Promise<void> {
    if (kind === undefined && !await controlsInbox(this.access, { agent }, url)) {
      throw new NotAuthorized(`Not authorized to have events delivered to ${url}: ` +
        `${agent} needs acl:Write or acl:Control on it`);
    }
  }

  private async replayAll(
    subscription: Subscription,
    { since, until = Date.now() + 1, after = 0 }: ReplayRange,
  ): Promise<Replay> {
    const { pod, id, agent } = subscription;
    const containers = [ publishContainer(pod), podInbox(pod) ];
    const isForwarded = this.isForwardedBy(pod);
    let current: Subscription | undefined = subscription;
    let sum = 0;
    let cursor = after;
    for (let left = this.maxEvents; left > 0; left -= CHUNK) {
      const limit = Math.min(CHUNK, left);
      const range = { pattern: current.pattern, since, until };
      const { events, last } = await this.deliveries.eventsBetween(pod, containers, range, cursor, limit);
      if (last === undefined) {
        return { events: sum };
      }
      const mayReceive = cached(async(topic: string): Promise<boolean> => this.mayReceive(pod, { agent, topic }));
      const keys: number[] = [];
      for (const event of events) {
        if (await isForwarded(event) && await mayReceive(event.topic) && await this.isMatched(current, event)) {
          keys.push(event.event);
        }
      }
      cursor = last;
      if (keys.length > 0) {
        await this.checkInbox(subscription);
        const replayed = await this.deliveries.replay(pod, id, keys, this.outbox.now());
        if (!replayed) {
          return { events: sum };
        }
        sum += replayed.events;
        this.outbox.wake();
        await announce(this.store, this.listeners, replayed.watched);
      }
      await nextTimeSlice();
      current = await this.store.getSubscription(pod, id);
      if (!current) {
        return { events: sum };
      }
    }
    return { events: sum, next: cursor };
  }

  /** Whether the filters of a subscription match an event. */
  private async isMatched({ filters }: Subscription, { event }: StoredEvent): Promise<boolean> {
    const found = filters === undefined ? undefined : await this.deliveries.eventOf(event);
    return filters === undefined ||
      (found !== undefined && (await this.filters.matching(found, [ filters ])).has(filters));
  }

  /**
   * Returns a function that decides whether a pod forwards an event in its containers.
   *
   * Being in a container is not sufficient: `publish/` has events for other pods, and the inbox has copies of the
   * owner's subscriptions elsewhere. An event of this server must be addressed to the pod or to a WebID of the pod. The
   * document of another server is not trusted; such an event must have been received for this pod.
   */
  private isForwardedBy(pod: string): (event: StoredEvent) => Promise<boolean> {
    const isOfPod = cached(async(webId: string): Promise<boolean> => {
      const found = isWebUrl(webId) ? await this.pods.podOf(webId) : {};
      return 'pod' in found && found.pod === pod;
    });
    return async({ hops, isPublishedHere, isReceived, origin, addressees }): Promise<boolean> => {
      if (hops >= this.maxHops) {
        return false;
      }
      if (!isPublishedHere) {
        return isReceived;
      }
      for (const addressee of addressees) {
        if ((addressee === pod && origin === pod) || await isOfPod(addressee)) {
          return true;
        }
      }
      return false;
    };
  }

  private async getIf(pod: string, caller: Caller, id: number, mode: Mode): Promise<DeliveryRecord | undefined> {
    const delivery = await this.deliveries.getDelivery(pod, id);
    const isOwn = caller.agent !== undefined && delivery?.agent === caller.agent;
    const isLimited = delivery !== undefined && !coversTopic(caller, delivery.topic);
    if (isLimited || (!isOwn && !await this.may(caller, deliveriesContainer(pod), mode))) {
      throw new NotAuthorized(`Not authorized to ${mode === 'read' ? 'see' : 'repeat'} this delivery`);
    }
    return delivery;
  }

  /** @throws The errors of {@link redeliver} about a delivery that the caller may change. */
  private async assertDeliverable(pod: string, delivery: DeliveryRecord): Promise<void> {
    if (delivery.isEventRemoved) {
      throw new Conflict('The event of this delivery was removed by retention and cannot be redelivered');
    }
    if (delivery.subscription !== null) {
      if (!await this.store.getSubscription(pod, delivery.subscription)) {
        throw new Conflict('The subscription of this delivery has ended: subscribe again, and replay the missed events');
      }
      if (!await this.mayReceive(pod, delivery)) {
        throw new NotAuthorized(`Not authorized to redeliver: ${delivery.agent} has no read access to ` +
          `topic ${delivery.topic} of ${pod}`);
      }
    }
    if (delivery.isDisabled) {
      throw disabled(delivery.url, delivery.subscription !== null);
    }
  }

  private async mayManage(pod: string, caller: Caller, delivery?: DeliveryRecord): Promise<boolean> {
    const isOwn = caller.agent !== undefined && delivery?.agent === caller.agent;
    return hasScope(caller, 'manage') && (isOwn || await this.may(caller, deliveriesContainer(pod), 'write'));
  }

  private async isPublisher(pod: string, caller: Caller, delivery?: DeliveryRecord): Promise<boolean> {
    return delivery !== undefined && caller.agent !== undefined && hasScope(caller, 'publish') &&
      await this.deliveries.publisherOf(pod, delivery.id) === caller.agent &&
      await this.may(caller, `${pod}${topicPath(parseTopic(delivery.topic))}`, 'append');
  }

  private async mayReceive(pod: string, { agent, topic }: Pick<DeliveryRecord, 'agent' | 'topic'>): Promise<boolean> {
    return this.may({ agent }, `${pod}${topicPath(parseTopic(topic))}`, 'read');
  }

  private async may(caller: Caller, resource: string, mode: Mode): Promise<boolean> {
    return (await this.access.allowed(caller, [ resource ], mode)).has(resource);
  }
}

function disabled(url: string, isSubscribed: boolean): Conflict {
  const advice = isSubscribed ? ': subscribe again to resume' : '';
  return new Conflict(`Deliveries to ${url} are disabled, because it was gone or failed for too long${advice}`);
}

/** Returns a function that caches the answers of another one. */
function cached(ask: (text: string) => Promise<boolean>): (text: string) => Promise<boolean> {
  const known = new Map<string, boolean>();
  return async(text): Promise<boolean> => {
    let answer = known.get(text);
    if (answer === undefined) {
      answer = await ask(text);
      known.set(text, answer);
    }
    return answer;
  };
}

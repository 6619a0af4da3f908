import { announce } from './announce';
import type { CopyListener } from './CopyListener';
import { publishContainer } from '../event/Event';
import { parseTopic, topicPath } from '../event/Topic';
import { isWebUrl } from '../url/webUrl';
import { nextTimeSlice } from '../event/timeSlices';
import type { Caller } from '../identity/Caller';
import type { DeliveryFilter, DeliveryHistory, HeldEvent, LoggedSubscriptions } from './DeliveryLogStore';
import type { DeliveryRecord } from '../store/deliveries';
import type { Subscription } from '../subscription/Subscription';
import { subscriptionsContainer } from '../subscription/Subscription';
import { Conflict } from '../event/Conflict';
import { controlsInbox } from '../access/consent';
import { NotAuthorized } from '../event/NotAuthorized';
import type { Access, Mode, Pods } from '../access/ports';
import type { Outbox } from '../publish/ports';
import { coversTopic } from '../access/topicAccess';
import { podInbox } from '../publish/recipients';

/** A page of the log. */
export interface DeliveryPage {
  /** Newest first. */
  readonly deliveries: readonly DeliveryRecord[];
  /** The place at which the next page begins, if there are more. */
  readonly next?: number;
}

/** Which events are replayed; moments are in milliseconds since 1970. */
export interface ReplayRange {
  /** Those that were published at this moment or later. */
  readonly since: number;
  /** Those that were published before this moment; up to now, if it is absent. */
  readonly until?: number;
  /** The place at which an earlier replay of the same range ended. */
  readonly after?: number;
}

/** What came of a replay. */
export interface Replay {
  /** How many events are delivered again, or were copied. */
  readonly events: number;
  /** The place at which the next one goes on, if this one has looked at as many events as it may. */
  readonly next?: number;
}

/** How many events are looked at, and replayed, in one step; each may be of megabytes. */
const CHUNK = 50;

/** The place behind the newest delivery. */
const NEWEST = Number.MAX_SAFE_INTEGER;

/** The path of a pod's log, which is no container: who may see all of it follows from what access to it would be. */
export function deliveriesContainer(pod: string): string {
  return `${pod}deliveries/`;
}

/** The URL of a delivery of a pod. */
export function deliveryUrl(pod: string, { id }: Pick<DeliveryRecord, 'id'>): string {
  return `${deliveriesContainer(pod)}${id}`;
}

/**
 * The rules by which agents see what became of deliveries, and have events delivered again.
 *
 * Nothing is delivered again to somebody who may not receive it now, whatever was delivered before.
 */
export class DeliveryLog {
  private readonly store: LoggedSubscriptions;
  private readonly deliveries: DeliveryHistory;
  private readonly access: Access;
  private readonly pods: Pods;
  private readonly outbox: Outbox;
  private readonly listeners: readonly CopyListener[];
  private readonly maxHops: number;
  private readonly maxEvents: number;
  private readonly replaying = new Set<string>();

  /**
   * @param store - Where subscriptions are kept.
   * @param deliveries - Where deliveries are kept.
   * @param access - Decides who may see and repeat what, and who may still receive it.
   * @param pods - Finds the pods of those to whom events are addressed.
   * @param outbox - Makes the deliveries.
   * @param listeners - Are told of copies in watched containers.
   * @param maxHops - From how many hops on an event is not forwarded, as for the receiving side. Default 3.
   * @param maxEvents - The most events that one replay looks at, be they replayed or not. Default 100,000.
   */
  public constructor(
    store: LoggedSubscriptions,
    deliveries: DeliveryHistory,
    access: Access,
    pods: Pods,
    outbox: Outbox,
    listeners: CopyListener[],
    maxHops = 3,
    maxEvents = 100_000,
  ) {
    this.store = store;
    this.deliveries = deliveries;
    this.access = access;
    this.pods = pods;
    this.outbox = outbox;
    this.listeners = listeners;
    this.maxHops = maxHops;
    this.maxEvents = maxEvents;
  }

  /**
   * The deliveries of a pod that an agent may see: all if it may read `{pod}deliveries/`, otherwise those for itself;
   * with a limited API key only those of its topics.
   *
   * @param pod - The base URL of the pod.
   * @param caller - Who asks.
   * @param filter - Which of them.
   * @param place - The `next` of the page before; the newest ones, if it is absent.
   * @param limit - The most deliveries of the page.
   *
   * @throws {@link NotAuthorized} if nobody is logged in, and the public may not read `{pod}deliveries/`.
   */
  public async list(
    pod: string,
    caller: Caller,
    filter: DeliveryFilter,
    place: number | undefined,
    limit: number,
  ): Promise<DeliveryPage> {
    const { agent, limits } = caller;
    const mayAll = await this.may(caller, deliveriesContainer(pod), 'read');
    if (!mayAll && agent === undefined) {
      throw new NotAuthorized(`Not authorized to see the deliveries of ${pod}`);
    }
    const seen = { ...filter, ...!mayAll && { agent }, ...limits?.topics && { topics: limits.topics }};
    const found = await this.deliveries.listDeliveries(pod, seen, place ?? NEWEST, limit + 1);
    const deliveries = found.slice(0, limit);
    return { deliveries, ...found.length > limit && { next: deliveries.at(-1)!.id }};
  }

  /**
   * One delivery that an agent may see.
   *
   * @returns The delivery, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's.
   */
  public async get(pod: string, caller: Caller, id: number): Promise<DeliveryRecord | undefined> {
    return this.getIf(pod, caller, id, 'read');
  }

  /**
   * Makes a delivery again, whatever became of it: one for the agent itself, or any if the agent may write
   * `{pod}deliveries/`. The event keeps its id, and who has had it gets it twice.
   *
   * @returns The delivery, which waits, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's, or the subscriber may not receive it now;
   *         then nothing has changed.
   * @throws {@link Conflict} if its subscription has ended, or nothing is sent to its target any more.
   */
  public async redeliver(pod: string, caller: Caller, id: number): Promise<DeliveryRecord | undefined> {
    const delivery = await this.getIf(pod, caller, id, 'write');
    if (!delivery) {
      return undefined;
    }
    if (delivery.isEventRemoved) {
      throw new Conflict('The event of this delivery was removed by retention, so it cannot be delivered any more');
    }
    if (delivery.subscription !== null) {
      if (!await this.store.getSubscription(pod, delivery.subscription)) {
        throw new Conflict('The subscription of this delivery has ended: subscribe again, and replay what was missed');
      }
      if (!await this.mayReceive(pod, delivery)) {
        throw new NotAuthorized(`Not authorized to have this delivered again: ${delivery.agent} may not read ` +
          `topic ${delivery.topic} of ${pod}`);
      }
    }
    if (delivery.isDisabled) {
      throw disabled(delivery.url, delivery.subscription !== null);
    }
    if (!await this.deliveries.redeliver(pod, id, this.outbox.now())) {
      return undefined;
    }
    this.outbox.wake();
    return this.deliveries.getDelivery(pod, id);
  }

  /**
   * Delivers again what a pod forwarded and a subscription follows: one's own, or any if the agent may write
   * `{pod}subscriptions/`. An inbox on this server gets the copies that it does not have, also those that were deleted
   * there; any other target gets each event, with its id, also if it has had it.
   *
   * Only what the pod still holds is found, in its `publish/` or in its own inbox, and only what the subscriber may
   * receive now. It goes from the oldest event to the newest, in steps, before each of which it is asked anew who may
   * receive; what fails midway leaves the steps before.
   *
   * @returns How many, or `undefined` if there is no such subscription.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's, or the subscriber does not control its inbox
   *         now.
   * @throws {@link Conflict} if nothing is sent to its target any more, or it is being replayed already.
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
      throw new Conflict('This subscription is being replayed already: try again when that is done');
    }
    this.replaying.add(id);
    try {
      return await this.replayAll(subscription, range);
    } finally {
      this.replaying.delete(id);
    }
  }

  /** @throws {@link NotAuthorized} if the subscriber does not control its inbox on this server. */
  /**
   * The subscription that a caller may replay, so that this can be checked before a request's body is read.
   *
   * @returns The subscription, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's.
   */
  public async toReplay(pod: string, caller: Caller, id: string): Promise<Subscription | undefined> {
    const subscription = await this.store.getSubscription(pod, id);
    const isOwn = caller.agent !== undefined && subscription?.agent === caller.agent;
    const isLimited = subscription !== undefined && !coversTopic(caller, subscription.pattern);
    if (isLimited || (!isOwn && !await this.may(caller, subscriptionsContainer(pod), 'write'))) {
      throw new NotAuthorized('Not authorized to replay this subscription');
    }
    return subscription;
  }

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
    const { pod, id, agent, pattern } = subscription;
    const containers = [ publishContainer(pod), podInbox(pod) ];
    const isForwarded = this.forwardedBy(pod);
    const wanted = { pattern, since, until };
    let sum = 0;
    let place = after;
    for (let left = this.maxEvents; left > 0; left -= CHUNK) {
      const most = Math.min(CHUNK, left);
      const { events, last } = await this.deliveries.eventsBetween(pod, containers, wanted, place, most);
      if (last === undefined) {
        return { events: sum };
      }
      const mayReceive = remembering(async(topic: string): Promise<boolean> => this.mayReceive(pod, { agent, topic }));
      const keys: number[] = [];
      for (const event of events) {
        if (await isForwarded(event) && await mayReceive(event.topic)) {
          keys.push(event.event);
        }
      }
      place = last;
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
    }
    return { events: sum, next: place };
  }

  /**
   * Tells whether a pod forwards an event that it holds.
   *
   * That it holds it is not enough: what is published through a pod is for others too, and what lies in its inbox may
   * be a copy of what its owner follows elsewhere. So an event of this server has to be addressed to the pod itself, or
   * to a WebID that has the pod. The document of another server says what that server likes; of such an event it
   * counts that it was taken for this pod.
   */
  private forwardedBy(pod: string): (event: HeldEvent) => Promise<boolean> {
    const isOfPod = remembering(async(webId: string): Promise<boolean> => {
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

  private async mayReceive(pod: string, { agent, topic }: Pick<DeliveryRecord, 'agent' | 'topic'>): Promise<boolean> {
    return this.may({ agent }, `${pod}${topicPath(parseTopic(topic))}`, 'read');
  }

  private async may(caller: Caller, resource: string, mode: Mode): Promise<boolean> {
    return (await this.access.allowed(caller, [ resource ], mode)).has(resource);
  }
}

function disabled(url: string, isSubscribed: boolean): Conflict {
  const advice = isSubscribed ? ': subscribe again to resume' : '';
  return new Conflict(`Nothing is sent to ${url} any more, because it was gone or failed for too long${advice}`);
}

/** Asks once for each text. */
function remembering(ask: (text: string) => Promise<boolean>): (text: string) => Promise<boolean> {
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

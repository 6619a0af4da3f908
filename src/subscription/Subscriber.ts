import { v7 } from 'uuid';
import { Conflict } from '../event/Conflict';
import { NotAuthorized } from '../event/NotAuthorized';
import { coversTopic } from '../access/topicAccess';
import type { Access } from '../access/ports';
import type {
  AcceptedTarget,
  AddedSubscription,
  OtherSubscription,
  RemoteTarget,
  SecretStore,
  SubscribableTargets,
  SubscriptionBounds,
  SubscriptionContent,
  SubscriptionListener,
  SubscriptionStore,
} from './ports';
import type { Caller } from '../identity/Caller';
import { DuplicateRequest } from '../store/DuplicateRequest';
import type { IdempotencyKey } from '../store/idempotency';
import { repeatedResult } from '../store/idempotency';
import type { Subscription, SubscriptionDraft } from './Subscription';
import { subscriptionsContainer, subscriptionUrl } from './Subscription';
import { patternPath } from '../event/TopicPattern';
import { TooMany } from '../event/TooMany';

/** Result of a request to subscribe. */
export interface CreatedSubscription {
  readonly subscription: Subscription;
  /** Secret that signs deliveries; present only if the request created it. */
  readonly secret?: string;
}

/** A page of subscriptions. */
export interface SubscriptionPage {
  readonly subscriptions: readonly Subscription[];
  /** Whether the page covers the subscriptions of all agents. */
  readonly seesAll: boolean;
  /** Start of the next page, if there is one. */
  readonly next?: number;
}

/** Maximum number of attempts to change a subscription that changes at the same time. */
const MAX_ATTEMPTS = 3;
/** Time until the next attempt if changes wait for the fan-out, in seconds. */
const BUSY_RETRY = 5;
/** Time until the next attempt if the maximum number of subscriptions is reached, in seconds. */
const FULL_RETRY = 3_600;

/**
 * Dependencies and limits of {@link Subscriber}.
 */
export interface SubscriberArgs {
  /** Storage of subscriptions. */
  store: SubscriptionStore;
  /** Access decisions about topics and subscriptions. */
  access: Access;
  /** Registered target kinds. */
  targets: SubscribableTargets;
  /** Storage of the secrets of targets. */
  secrets: SecretStore;
  /** Listeners for subscriptions whose target is enabled again. */
  listeners: SubscriptionListener[];
  /** Maximum number of subscriptions of one agent on this server. Default 10,000. */
  maxPerAgent?: number;
  /** Maximum number of subscriptions to one pod. Default 1,000,000. */
  maxPerPod?: number;
  /** Maximum number of distinct filters of the subscriptions to one pod. Default 1,000. */
  maxFilters?: number;
}

/**
 * Creates, lists and ends subscriptions to the topics of pods, within the permissions of the caller.
 */
export class Subscriber {
  private readonly store: SubscriptionStore;
  private readonly access: Access;
  private readonly targets: SubscribableTargets;
  private readonly secrets: SecretStore;
  private readonly listeners: readonly SubscriptionListener[];
  private readonly bounds: Required<SubscriptionBounds>;

  /**
   * @param args - Dependencies and limits.
   */
  public constructor(args: SubscriberArgs) {
    this.store = args.store;
    this.access = args.access;
    this.targets = args.targets;
    this.secrets = args.secrets;
    this.listeners = args.listeners;
    this.bounds = {
      ofAgent: args.maxPerAgent ?? 10_000,
      ofPod: args.maxPerPod ?? 1_000_000,
      filtersOfPod: args.maxFilters ?? 1_000,
    };
  }

  /**
   * Subscribes the caller to the events of a topic pattern of a pod, or to those that match filters. Returns the
   * existing subscription if the caller has one with the same target and filters, and enables a disabled target.
   *
   * @throws {@link InvalidInput} if the target cannot receive events, or does not consent.
   * @throws {@link NotAuthorized} if the caller may not read the topics, or does not control the target.
   * @throws {@link Conflict} if the caller has a subscription with the same target and other filters.
   * @throws {@link TooMany} if the maximum of the agent or the pod is reached, or consent is requested too often.
   */
  public async subscribe(
    pod: string,
    caller: Caller & { agent: string },
    draft: SubscriptionDraft,
  ): Promise<CreatedSubscription> {
    const { pattern, filters, kind, url, settings } = draft;
    const { consent, target } = await this.admit(pod, caller, draft);
    const added = await this.store.addSubscription(
      {
        id: v7(),
        pod,
        agent: caller.agent,
        created: Date.now(),
        pattern,
        ...filters !== undefined && { filters },
        url,
        ...target && { kind },
      },
      this.bounds,
      consent,
      target && { ...target, ...settings },
    );
    return this.stored(pod, added, target);
  }

  /**
   * Changes the topic pattern and the filters of the caller's subscription, under the conditions of a new one. Enables
   * a disabled target. Events that the pod has accepted before are delivered by the former ones.
   *
   * @param pod - Base URL of the pod.
   * @param caller - The subscriber.
   * @param id - Id of the subscription.
   * @param contentOf - Returns the new pattern and filters; called again if the subscription changes meanwhile.
   *
   * @returns The subscription, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the subscription belongs to another agent, as well as for {@link subscribe}.
   * @throws {@link Conflict} if the caller has another subscription with the new pattern and the same target, or the
   * subscription changes too often.
   * @throws {@link TooMany} also if too many changes wait for events.
   */
  public async change(
    pod: string,
    caller: Caller,
    id: string,
    contentOf: (current: Subscription) => Promise<SubscriptionContent>,
  ): Promise<CreatedSubscription | undefined> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const current = await this.toChange(pod, caller, id);
      if (!current) {
        return undefined;
      }
      const content = await contentOf(current);
      const [ kind ] = [ ...this.targets.subscribable() ].find(([ name, { isCopied } ]): boolean =>
        current.kind === undefined ? isCopied : name === current.kind)!;
      const draft = { ...content, kind, url: current.url };
      const admitted = await this.admit(pod, { ...caller, agent: current.agent }, draft);
      const changed = await this.store.changeSubscription(
        { ...current, filters: undefined, ...content },
        current,
        this.bounds,
        admitted.consent,
        admitted.target,
      );
      if (changed === 'busy') {
        throw new TooMany('The last changes of this subscription wait until earlier events are forwarded: try again', BUSY_RETRY);
      }
      if (changed !== 'stale') {
        return changed && this.stored(pod, changed, admitted.target);
      }
    }
    throw new Conflict('The subscription changes at the same time by other requests: read it, and try again');
  }

  /** Returns the caller's subscription, or `undefined` if it does not exist and the caller may know that. */
  private async toChange(pod: string, caller: Caller, id: string): Promise<Subscription | undefined> {
    const subscription = await this.store.getSubscription(pod, id);
    const isOwn = caller.agent !== undefined && subscription?.agent === caller.agent;
    const isChangeable = isOwn && coversTopic(caller, subscription.pattern);
    if (!isChangeable && (subscription !== undefined || !await this.mayAll(pod, caller, 'write'))) {
      throw new NotAuthorized('Not authorized to change this subscription: only its subscriber can');
    }
    return subscription;
  }

  /** Checks whether the caller may subscribe, and obtains the consent of the target. */
  private async admit(
    pod: string,
    caller: Caller & { agent: string },
    { pattern, kind, url }: Pick<SubscriptionDraft, 'kind' | 'pattern' | 'url'>,
  ): Promise<AcceptedTarget> {
    const topics = `${pod}${patternPath(pattern)}`;
    if (!coversTopic(caller, pattern)) {
      throw new NotAuthorized(`This API key is limited to other topics than ${pattern}`);
    }
    if (!(await this.access.allowed(caller, [ topics ], 'read')).has(topics)) {
      throw new NotAuthorized(`Not authorized to subscribe to topic ${pattern} of ${pod}: ` +
        `the owner of the pod has to grant acl:Read on ${topics}`);
    }
    return this.targets.subscribable().get(kind)!.accept(caller, url);
  }

  /** Returns a stored subscription, and notifies listeners. */
  private async stored(
    pod: string,
    added: AddedSubscription | OtherSubscription | keyof SubscriptionBounds,
    target?: RemoteTarget,
  ): Promise<CreatedSubscription> {
    if (typeof added === 'string') {
      throw this.full(pod, added);
    }
    if ('other' in added) {
      throw new Conflict(`You have a subscription to ${added.other.pattern} with this target and ` +
        `${added.other.filters === undefined ? 'no filters' : 'other filters'}: change or end ${subscriptionUrl(added.other)}`);
    }
    const { subscription, isResumed, isSecretNew } = added;
    for (const listener of isResumed ? this.listeners : []) {
      await listener.resumed(subscription);
    }
    return { subscription, ...isSecretNew && { secret: target!.secret }};
  }

  private full(pod: string, reached: keyof SubscriptionBounds): TooMany {
    const { ofAgent, ofPod, filtersOfPod } = this.bounds;
    const messages: Readonly<Record<keyof SubscriptionBounds, string>> = {
      ofAgent: `You have ${ofAgent} subscriptions, which is the maximum: end one that you do not need first`,
      ofPod: `${pod} has ${ofPod} subscriptions, which is the maximum`,
      filtersOfPod: `The subscriptions to ${pod} have ${filtersOfPod} distinct filters, which is the maximum: ` +
        'use the filters of another subscription, or none',
    };
    return new TooMany(messages[reached], FULL_RETRY);
  }

  /**
   * Creates a new secret for the target of the caller's subscription. Former secrets of the last day, five at most,
   * also sign deliveries.
   *
   * @param pod - Base URL of the pod.
   * @param caller - The subscriber.
   * @param id - Id of the subscription.
   * @param named - Idempotency key of the request, if it has one.
   *
   * @returns The secret, or `undefined` if the subscription has none.
   *
   * @throws {@link NotAuthorized} if the subscription belongs to another agent, or does not exist.
   * @throws `Conflict` if another request has the same idempotency key.
   * @throws {@link TooMany} if the secret was replaced too often within a day.
   */
  public async rotateSecret(
    pod: string,
    caller: Caller,
    id: string,
    named?: Pick<IdempotencyKey, 'key' | 'fingerprint'>,
  ): Promise<string | undefined> {
    const subscription = await this.store.getSubscription(pod, id);
    const isOwn = caller.agent !== undefined && subscription?.agent === caller.agent;
    if (!isOwn || !coversTopic(caller, subscription.pattern)) {
      throw new NotAuthorized('Not authorized to change the secret of this subscription');
    }
    const secret = subscription.kind === undefined ?
      undefined :
      this.targets.subscribable().get(subscription.kind)?.newSecret?.();
    if (secret === undefined) {
      return undefined;
    }
    const once = named && { ...named, pod, agent: caller.agent };
    try {
      const rotation = await this.secrets.rotateSecret(pod, id, secret, once);
      if (rotation.outcome === 'full') {
        throw new TooMany(
          'The secret of this target was replaced five times within a day, and each of these secrets still signs: wait',
          Math.max(1, Math.ceil(rotation.wait / 1_000)),
        );
      }
      return rotation.outcome === 'rotated' ? secret : undefined;
    } catch (error: unknown) {
      if (!(error instanceof DuplicateRequest)) {
        throw error;
      }
      return repeatedResult(error.response, once!);
    }
  }

  /**
   * Returns a page of subscriptions of a pod, oldest first: all if the caller may read `{pod}subscriptions/`, otherwise
   * the caller's own.
   *
   * @param pod - Base URL of the pod.
   * @param caller - The requesting agent. Topics outside its limits are omitted, so that a page may be empty.
   * @param place - Start of the page, from an earlier page. Default: the first page.
   * @param limit - Maximum number of subscriptions of the page.
   */
  public async list(pod: string, caller: Caller, place = 0, limit = 100): Promise<SubscriptionPage> {
    const seesAll = await this.mayAll(pod, caller, 'read');
    if (!seesAll && caller.agent === undefined) {
      return { subscriptions: [], seesAll };
    }
    const { items, next } = await this.store.subscriptionsAfter(pod, place, limit, seesAll ? undefined : caller.agent);
    const subscriptions = items.filter(({ pattern }): boolean => coversTopic(caller, pattern));
    return { subscriptions, seesAll, ...next !== undefined && { next }};
  }

  /**
   * Returns one subscription, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller may see neither this subscription nor all of the pod.
   */
  public async get(pod: string, caller: Caller, id: string): Promise<Subscription | undefined> {
    return this.getIf(pod, caller, id, 'read');
  }

  /**
   * Ends a subscription: the caller's own, or any if the caller may write `{pod}subscriptions/`. Also stops a fan-out
   * that is in progress.
   *
   * @returns Whether the subscription existed.
   *
   * @throws {@link NotAuthorized} if the caller may end neither this subscription nor all of the pod.
   */
  public async end(pod: string, caller: Caller, id: string): Promise<boolean> {
    const subscription = await this.getIf(pod, caller, id, 'write');
    return subscription !== undefined && this.store.removeSubscription(pod, id);
  }

  private async getIf(pod: string, caller: Caller, id: string, mode: 'read' | 'write'): Promise<Subscription | undefined> {
    const subscription = await this.store.getSubscription(pod, id);
    const isOwn = caller.agent !== undefined && subscription?.agent === caller.agent;
    const isLimited = subscription !== undefined && !coversTopic(caller, subscription.pattern);
    if (isLimited || (!isOwn && !await this.mayAll(pod, caller, mode))) {
      throw new NotAuthorized(`Not authorized to ${mode === 'read' ? 'see' : 'end'} this subscription`);
    }
    return subscription;
  }

  private async mayAll(pod: string, caller: Caller, mode: 'read' | 'write'): Promise<boolean> {
    const container = subscriptionsContainer(pod);
    return (await this.access.allowed(caller, [ container ], mode)).has(container);
  }
}

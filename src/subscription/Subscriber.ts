import { v7 } from 'uuid';
import { NotAuthorized } from '../event/NotAuthorized';
import { coversTopic } from '../access/topicAccess';
import type { Access } from '../access/ports';
import type { SecretStore, SubscribableTargets, SubscriptionListener, SubscriptionStore } from './ports';
import type { Caller } from '../identity/Caller';
import { DuplicateRequest } from '../store/DuplicateRequest';
import type { IdempotencyKey } from '../store/idempotency';
import { repeatedResult } from '../store/idempotency';
import type { Subscription, SubscriptionDraft } from './Subscription';
import { subscriptionsContainer } from './Subscription';
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
  private readonly maxPerAgent: number;
  private readonly maxPerPod: number;

  /**
   * @param args - Dependencies and limits.
   */
  public constructor(args: SubscriberArgs) {
    this.store = args.store;
    this.access = args.access;
    this.targets = args.targets;
    this.secrets = args.secrets;
    this.listeners = args.listeners;
    this.maxPerAgent = args.maxPerAgent ?? 10_000;
    this.maxPerPod = args.maxPerPod ?? 1_000_000;
  }

  /**
   * Subscribes the caller to a topic pattern of a pod. Returns the existing subscription if the caller has one with the
   * same target, and enables the target if it was disabled.
   *
   * @throws {@link InvalidInput} if the target cannot receive events, or does not consent.
   * @throws {@link NotAuthorized} if the caller may not read the topics, or does not control the target.
   * @throws {@link TooMany} if the maximum of the agent or the pod is reached, or consent is requested too often.
   */
  public async subscribe(
    pod: string,
    caller: Caller & { agent: string },
    { pattern, kind, url, settings }: SubscriptionDraft,
  ): Promise<CreatedSubscription> {
    const topics = `${pod}${patternPath(pattern)}`;
    if (!coversTopic(caller, pattern)) {
      throw new NotAuthorized(`This API key is limited to other topics than ${pattern}`);
    }
    if (!(await this.access.allowed(caller, [ topics ], 'read')).has(topics)) {
      throw new NotAuthorized(`Not authorized to subscribe to topic ${pattern} of ${pod}: ` +
        `the owner of the pod has to grant acl:Read on ${topics}`);
    }
    const { consent, target } = await this.targets.subscribable().get(kind)!.accept(caller, url);
    const added = await this.store.addSubscription(
      { id: v7(), pod, agent: caller.agent, created: Date.now(), pattern, url, ...target && { kind }},
      { ofAgent: this.maxPerAgent, ofPod: this.maxPerPod },
      consent,
      target && { ...target, ...settings },
    );
    if (typeof added === 'string') {
      throw new TooMany(added === 'ofAgent' ?
        `You have ${this.maxPerAgent} subscriptions, which is the maximum: end one that you do not need first` :
        `${pod} has ${this.maxPerPod} subscriptions, which is the maximum`, FULL_RETRY);
    }
    const { subscription, isResumed, isSecretNew } = added;
    for (const listener of isResumed ? this.listeners : []) {
      await listener.resumed(subscription);
    }
    return { subscription, ...isSecretNew && { secret: target!.secret }};
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

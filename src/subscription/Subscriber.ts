import { v7 } from 'uuid';
import { InvalidInput } from '../event/InvalidInput';
import { publishContainer } from '../event/Event';
import { Conflict } from '../event/Conflict';
import { controlsInbox } from '../access/consent';
import { charge, COSTS } from '../access/costs';
import { NotAuthorized } from '../event/NotAuthorized';
import { coversTopic } from '../access/topicAccess';
import type { Access } from '../access/ports';
import type {
  InboxConsent,
  Containers,
  InboxFinder,
  RemoteTarget,
  SecretStore,
  SubscriptionListener,
  SubscriptionStore,
  WebhookConsent,
} from './ports';
import type { Caller } from '../identity/Caller';
import { DuplicateRequest } from '../store/DuplicateRequest';
import type { IdempotencyKey } from '../store/idempotency';
import type { Subscription, SubscriptionDraft } from './Subscription';
import { subscriptionsContainer } from './Subscription';
import { patternPath } from '../event/TopicPattern';
import { TooMany } from '../event/TooMany';

/** What came of a request to follow a topic. */
export interface CreatedSubscription {
  readonly subscription: Subscription;
  /** What signs deliveries to the webhook; only told when it is made. */
  readonly secret?: string;
}

/** A page of subscriptions. */
export interface SubscriptionPage {
  readonly subscriptions: readonly Subscription[];
  /** Whether they are those of all agents. */
  readonly seesAll: boolean;
  /** The place of the next page, if there is one. */
  readonly next?: number;
}

/** After how many seconds it may be tried again where there are as many subscriptions as there may be. */
const FULL_RETRY = 3_600;

/**
 * The rules by which agents follow the topics of pods.
 */
export class Subscriber {
  private readonly store: SubscriptionStore;
  private readonly access: Access;
  private readonly containers: Containers;
  private readonly profiles: InboxFinder;
  private readonly webhooks: WebhookConsent;
  private readonly deliveries: SecretStore;
  private readonly listeners: readonly SubscriptionListener[];
  private readonly maxPerAgent: number;
  private readonly maxPerPod: number;

  /**
   * @param store - Where subscriptions are kept.
   * @param access - Decides who may follow what, and who may see and end it.
   * @param containers - Knows the inboxes.
   * @param profiles - Tells the inboxes of agents elsewhere.
   * @param webhooks - Asks webhooks whether they agree.
   * @param deliveries - Knows the secrets of webhooks.
   * @param listeners - Are told of subscriptions that are resumed.
   * @param maxPerAgent - The most subscriptions that an agent has on this server. Default 10,000.
   * @param maxPerPod - The most subscriptions to one pod. Default 1,000,000.
   */
  public constructor(
    store: SubscriptionStore,
    access: Access,
    containers: Containers,
    profiles: InboxFinder,
    webhooks: WebhookConsent,
    deliveries: SecretStore,
    listeners: SubscriptionListener[],
    maxPerAgent = 10_000,
    maxPerPod = 1_000_000,
  ) {
    this.store = store;
    this.access = access;
    this.containers = containers;
    this.profiles = profiles;
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.listeners = listeners;
    this.maxPerAgent = maxPerAgent;
    this.maxPerPod = maxPerPod;
  }

  /**
   * Follows a topic of a pod. Who already does, with the same inbox or webhook, gets the subscription that is there;
   * if nothing was sent to its target any more, it is again.
   *
   * @throws {@link InvalidInput} if the inbox is no container of this server, or one that holds published events,
   *         or the webhook does not agree.
   * @throws {@link NotAuthorized} if the agent may not read the topic, or does not control the inbox.
   * @throws {@link TooMany} if the agent, or the pod, has as many subscriptions as there may be, or webhooks are asked
   *         for the agent too often.
   */
  public async subscribe(
    pod: string,
    caller: Caller & { agent: string },
    draft: SubscriptionDraft,
  ): Promise<CreatedSubscription> {
    const { pattern } = draft;
    const { inbox, webhook } = this.canonical(draft);
    const topics = `${pod}${patternPath(pattern)}`;
    if (!coversTopic(caller, pattern)) {
      throw new NotAuthorized(`This API key is limited to other topics than ${pattern}`);
    }
    if (!(await this.access.allowed(caller, [ topics ], 'read')).has(topics)) {
      throw new NotAuthorized(`Not authorized to subscribe to topic ${pattern} of ${pod}`);
    }
    const { consent, target } = inbox === undefined ?
      { target: await this.askWebhook(webhook!, caller.agent) } :
      await this.checkInbox(caller, inbox);
    const added = await this.store.addSubscription(
      { id: v7(), pod, agent: caller.agent, created: Date.now(), pattern, inbox, webhook },
      { ofAgent: this.maxPerAgent, ofPod: this.maxPerPod },
      consent,
      target,
    );
    if (typeof added === 'string') {
      throw new TooMany(added === 'ofAgent' ?
        `You have ${this.maxPerAgent} subscriptions, which is the most: end one that you do not need first` :
        `${pod} has ${this.maxPerPod} subscriptions, which is the most`, FULL_RETRY);
    }
    const { subscription, isResumed, isSecretNew } = added;
    for (const listener of isResumed ? this.listeners : []) {
      await listener.resumed(subscription);
    }
    return { subscription, ...isSecretNew && { secret: target!.secret }};
  }

  /** @throws {@link InvalidInput} that names the URL that would be accepted, if one has no canonical form. */
  private canonical({ inbox, webhook }: SubscriptionDraft): Pick<SubscriptionDraft, 'inbox' | 'webhook'> {
    return {
      ...inbox !== undefined && { inbox: this.containers.canonical(inbox, 'inbox') },
      ...webhook !== undefined && { webhook: this.containers.canonical(webhook, 'webhook') },
    };
  }

  private async askWebhook(url: string, agent: string): Promise<RemoteTarget> {
    charge(COSTS.remote);
    const { rate } = await this.webhooks.request(url, agent);
    const secret = this.webhooks.newSecret();
    return { kind: 'webhook', host: new URL(url).host, secret, ...rate !== undefined && { rate }};
  }

  /** Whether copies may go to an inbox: on this server by access control, elsewhere by the profile of the agent. */
  private async checkInbox(
    caller: Caller & { agent: string },
    inbox: string,
  ): Promise<{ consent?: InboxConsent; target?: RemoteTarget }> {
    if (!this.containers.isHere(inbox)) {
      charge(COSTS.remote);
      if (await this.profiles.inboxOf(caller.agent) !== inbox) {
        throw new NotAuthorized(`Not authorized to have events delivered to ${inbox}: ` +
          `the profile of ${caller.agent} has to name it by ldp:inbox`);
      }
      return { target: { kind: 'inbox', host: new URL(inbox).host }};
    }
    const inboxPod = await this.containers.podOfContainer(inbox);
    if (!inboxPod || !/^[^?]+\/$/u.test(inbox)) {
      throw new InvalidInput(`Inbox ${inbox} is in no pod; name a container of a pod, ending in /`);
    }
    if (inbox === publishContainer(inboxPod)) {
      throw new InvalidInput(`Inbox ${inbox} holds published events; name another container, such as ${inboxPod}inbox/`);
    }
    const consent = { pod: inboxPod, epoch: await this.store.epochOf(inboxPod) };
    // Said before whether it exists, which only those who control it may know.
    if (!await controlsInbox(this.access, caller, inbox)) {
      throw new NotAuthorized(`Not authorized to have events delivered to ${inbox}: that takes acl:Write or acl:Control on it`);
    }
    if (!await this.containers.exists(inbox)) {
      throw new InvalidInput(`There is no container at ${inbox}`);
    }
    return { consent };
  }

  /**
   * Makes a new secret for the webhook of one's own subscription. Deliveries are also signed with each secret that was
   * replaced within the last day, of which there are five at most.
   *
   * @param pod - The base URL of the pod.
   * @param caller - Who asks.
   * @param id - The id of the subscription.
   * @param named - Set if the request makes one secret, however often it is sent.
   *
   * @returns The secret, or `undefined` if there is no such subscription, or it has no webhook.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's.
   * @throws {@link Conflict} if another request was made with the same key.
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
    const secret = this.webhooks.newSecret();
    const once = named && { ...named, pod, agent: caller.agent };
    try {
      const rotation = await this.deliveries.rotateSecret(pod, id, secret, once);
      if (rotation.outcome === 'full') {
        throw new TooMany(
          'The secret of this webhook was replaced five times within a day, and each of these secrets still signs: wait',
          Math.max(1, Math.ceil(rotation.wait / 1_000)),
        );
      }
      return rotation.outcome === 'rotated' ? secret : undefined;
    } catch (error: unknown) {
      if (!(error instanceof DuplicateRequest)) {
        throw error;
      }
      if (error.response.fingerprint !== once!.fingerprint) {
        throw new Conflict('Another request was made with this Idempotency-Key: send a new key with each new request');
      }
      return error.response.result;
    }
  }

  /**
   * A page of the subscriptions of a pod that an agent may see: all if it may read `{pod}subscriptions/`, otherwise its
   * own. Oldest first.
   *
   * @param pod - The base URL of the pod.
   * @param caller - Who asks. Where it is limited to some topics, a page leaves out the others, and may be empty.
   * @param place - Where the page begins, as an earlier page told; at the beginning, if absent.
   * @param limit - Maximum number of subscriptions of the page.
   *
   * @returns The subscriptions, whether the caller may see those of others, and the place of the next page, if there is
   *          one.
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
   * One subscription that an agent may see.
   *
   * @returns The subscription, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's.
   */
  public async get(pod: string, caller: Caller, id: string): Promise<Subscription | undefined> {
    return this.getIf(pod, caller, id, 'read');
  }

  /**
   * Ends a subscription: one's own, or any if the agent may write `{pod}subscriptions/`.
   * Nothing more is copied for it, not even of what is being forwarded.
   *
   * @returns Whether there was such a subscription.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's.
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

import { v7 } from 'uuid';
import { InvalidInput } from '../event/InvalidInput';
import { publishContainer } from '../event/Event';
import { NotAuthorized } from './NotAuthorized';
import type { Access, Containers } from './ports';
import type { EventStore } from '../store/EventStore';
import type { Subscription, SubscriptionDraft } from '../subscription/Subscription';
import { subscriptionsContainer } from '../subscription/Subscription';
import { patternPath } from '../subscription/TopicPattern';

/**
 * The rules by which agents follow the topics of pods.
 */
export class Subscriber {
  private readonly store: EventStore;
  private readonly access: Access;
  private readonly containers: Containers;

  /**
   * @param store - Where subscriptions are kept.
   * @param access - Decides who may follow what, and who may see and end it.
   * @param containers - Knows the inboxes.
   */
  public constructor(store: EventStore, access: Access, containers: Containers) {
    this.store = store;
    this.access = access;
    this.containers = containers;
  }

  /**
   * Follows a topic of a pod. Who already does, with the same inbox, gets the subscription that is there.
   *
   * @throws {@link InvalidInput} if the inbox is no container of this server, or one that holds published events.
   * @throws {@link NotAuthorized} if the agent may not read the topic, or does not control the inbox.
   */
  public async subscribe(pod: string, agent: string, draft: SubscriptionDraft): Promise<Subscription> {
    const { pattern, inbox } = draft;
    const topics = `${pod}${patternPath(pattern)}`;
    if (!(await this.access.allowed(agent, [ topics ], 'read')).has(topics)) {
      throw new NotAuthorized(`Not authorized to subscribe to topic ${pattern} of ${pod}`);
    }
    const inboxPod = await this.containers.podOfContainer(inbox);
    if (!inboxPod) {
      throw new InvalidInput(`Inbox ${inbox} is on another server or in no pod, and this server only delivers to its own pods yet`);
    }
    if (inbox === publishContainer(inboxPod)) {
      throw new InvalidInput(`Inbox ${inbox} holds published events; name another container, such as ${inboxPod}inbox/`);
    }
    // Said before whether it exists, which only those who control it may know.
    if (!await this.controls(agent, inbox)) {
      throw new NotAuthorized(`Not authorized to have events delivered to ${inbox}: that takes acl:Write or acl:Control on it`);
    }
    if (!await this.containers.exists(inbox)) {
      throw new InvalidInput(`There is no container at ${inbox}`);
    }
    return this.store.addSubscription({ id: v7(), pod, agent, created: Date.now(), ...draft });
  }

  /**
   * The subscriptions of a pod that an agent may see: all if it may read `{pod}subscriptions/`, otherwise its own.
   */
  public async list(pod: string, agent: string | undefined): Promise<Subscription[]> {
    if (await this.mayAll(pod, agent, 'read')) {
      return this.store.listSubscriptions(pod);
    }
    return agent === undefined ? [] : this.store.listSubscriptions(pod, agent);
  }

  /**
   * One subscription that an agent may see.
   *
   * @returns The subscription, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's.
   */
  public async get(pod: string, agent: string | undefined, id: string): Promise<Subscription | undefined> {
    return this.getIf(pod, agent, id, 'read');
  }

  /**
   * Ends a subscription: one's own, or any if the agent may write `{pod}subscriptions/`.
   * Nothing more is copied for it, not even of what is being forwarded.
   *
   * @returns Whether there was such a subscription.
   *
   * @throws {@link NotAuthorized} if it is, or could be, somebody else's.
   */
  public async end(pod: string, agent: string | undefined, id: string): Promise<boolean> {
    const subscription = await this.getIf(pod, agent, id, 'write');
    return subscription !== undefined && this.store.removeSubscription(pod, id);
  }

  private async getIf(pod: string, agent: string | undefined, id: string, mode: 'read' | 'write'): Promise<Subscription | undefined> {
    const subscription = await this.store.getSubscription(pod, id);
    if ((agent === undefined || subscription?.agent !== agent) && !await this.mayAll(pod, agent, mode)) {
      throw new NotAuthorized(`Not authorized to ${mode === 'read' ? 'see' : 'end'} this subscription`);
    }
    return subscription;
  }

  private async mayAll(pod: string, agent: string | undefined, mode: 'read' | 'write'): Promise<boolean> {
    const container = subscriptionsContainer(pod);
    return (await this.access.allowed(agent, [ container ], mode)).has(container);
  }

  private async controls(agent: string, inbox: string): Promise<boolean> {
    return (await this.access.allowed(agent, [ inbox ], 'write')).has(inbox) ||
      (await this.access.allowed(agent, [ inbox ], 'control')).has(inbox);
  }
}

import type { ContextLoader } from '../event/ContextLoader';
import { createEvent } from '../event/EventDocument';
import { DeliveryListener } from '../delivery/DeliveryListener';
import type { ServerAgent } from '../identity/ServerAgent';
import type { SubscriptionListener } from '../subscription/ports';
import type { ClaimedDelivery, TargetNews } from '../delivery/ports';
import { ContainerGone } from '../store/ContainerGone';
import type { Subscription } from '../subscription/Subscription';
import { subscriptionUrl } from '../subscription/Subscription';
import type { EventLog } from '../publish/ports';

/** The domain of the topics by which owners are told, and all of these. */
const DOMAIN = 'delivery/';
const TOPICS = new Set([ 'subscription#disabled', 'subscription#dead', 'subscription#resumed', 'recipient#dead', 'inbox#gone' ]
  .map((name): string => `${DOMAIN}${name}`));

/**
 * Tells the owners of pods what becomes of deliveries, by events in their own pods:
 * `delivery/subscription#disabled`, `#dead` and `#resumed`, `delivery/recipient#dead`, and `delivery/inbox#gone`.
 *
 * They name the subscription or delivery, where its target and agent are shown to those who may see them, for who may
 * read the topics of a pod may not. Nothing is told of deliveries of these events themselves.
 */
export class OwnerNotifier extends DeliveryListener implements SubscriptionListener {
  private readonly store: EventLog;
  private readonly contexts: ContextLoader;
  private readonly agent: ServerAgent;

  /**
   * @param store - Where events are kept.
   * @param contexts - The JSON-LD contexts that data may name.
   * @param agent - Is the publisher.
   */
  public constructor(store: EventLog, contexts: ContextLoader, agent: ServerAgent) {
    super();
    this.store = store;
    this.contexts = contexts;
    this.agent = agent;
  }

  public attempted(): void {
    // One attempt is no news.
  }

  public async failed(
    delivery: ClaimedDelivery,
    { subscriptions }: TargetNews,
    what: 'disabled' | 'dead',
    reason: string,
  ): Promise<void> {
    const { topic, pod, delivery: id } = delivery;
    if (TOPICS.has(topic)) {
      return;
    }
    if (delivery.subscription === null) {
      await this.publish(pod, `recipient#${what}`, { delivery: `${pod}deliveries/${id}`, topic, reason });
      return;
    }
    for (const subscription of subscriptions) {
      // The topics of a pod are not the business of the owners of others.
      const of = { subscription: subscriptionUrl(subscription), ...subscription.pod === pod && { topic }};
      await this.publish(subscription.pod, `subscription#${what}`, { ...of, reason });
    }
  }

  public async resumed(subscription: Subscription): Promise<void> {
    await this.publish(subscription.pod, 'subscription#resumed', { subscription: subscriptionUrl(subscription) });
  }

  /**
   * Tells the owner of a pod that nothing is copied any more into a container that does not exist.
   *
   * @param pod - The base URL of the pod.
   * @param container - The URL of the container.
   */
  public async gone(pod: string, container: string): Promise<void> {
    await this.publish(pod, 'inbox#gone', {
      inbox: container,
      reason: 'the container was deleted; events are copied into it again once it is created again',
    });
  }

  private async publish(pod: string, name: string, facts: object): Promise<void> {
    const draft = { topic: `${DOMAIN}${name}`, recipients: [ pod ], sources: [], data: JSON.stringify(facts) };
    const event = await createEvent(draft, pod, this.agent.webId, this.contexts);
    // The fan-out finds it by itself, a moment later.
    try {
      await this.store.accept([{ event, forwards: [{ pod }]}]);
    } catch (error: unknown) {
      // Where the owner has deleted `publish/`, there is no place for news.
      if (!(error instanceof ContainerGone)) {
        throw error;
      }
    }
  }
}

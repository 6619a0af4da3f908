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

/** Domain of the topics of notifications, and all of these topics. */
const DOMAIN = 'delivery/';
const TOPICS = new Set([ 'subscription#disabled', 'subscription#dead', 'subscription#resumed', 'recipient#dead', 'inbox#gone' ]
  .map((name): string => `${DOMAIN}${name}`));

/**
 * Notifies owners of pods of failed deliveries and targets, by events in their own pods:
 * `delivery/subscription#disabled`, `#dead` and `#resumed`, `delivery/recipient#dead`, and `delivery/inbox#gone`.
 *
 * The events name the subscription or delivery, but not its target and agent: topic readers may lack access to the
 * delivery log. Deliveries of these events cause no further events.
 */
export class OwnerNotifier extends DeliveryListener implements SubscriptionListener {
  private readonly store: EventLog;
  private readonly contexts: ContextLoader;
  private readonly agent: ServerAgent;

  /**
   * @param store - Storage of events.
   * @param contexts - JSON-LD contexts of data.
   * @param agent - The publisher of the events.
   */
  public constructor(store: EventLog, contexts: ContextLoader, agent: ServerAgent) {
    super();
    this.store = store;
    this.contexts = contexts;
    this.agent = agent;
  }

  public attempted(): void {
    // A single attempt is not reported.
  }

  public async failed(
    delivery: ClaimedDelivery,
    { subscriptions }: TargetNews,
    failure: 'disabled' | 'dead',
    reason: string,
  ): Promise<void> {
    const { topic, pod, delivery: id } = delivery;
    if (TOPICS.has(topic)) {
      return;
    }
    if (delivery.subscription === null) {
      await this.publish(pod, `recipient#${failure}`, { delivery: `${pod}deliveries/${id}`, topic, reason });
      return;
    }
    for (const subscription of subscriptions) {
      // Topics of a pod are not disclosed to owners of other pods.
      const of = { subscription: subscriptionUrl(subscription), ...subscription.pod === pod && { topic }};
      await this.publish(subscription.pod, `subscription#${failure}`, { ...of, reason });
    }
  }

  public async resumed(subscription: Subscription): Promise<void> {
    await this.publish(subscription.pod, 'subscription#resumed', { subscription: subscriptionUrl(subscription) });
  }

  /**
   * Notifies the owner of a pod that a container does not exist and receives no copies.
   *
   * @param pod - Base URL of the pod.
   * @param container - URL of the container.
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
    // The fan-out finds the event when it polls.
    try {
      await this.store.accept([{ event, forwards: [{ pod }]}]);
    } catch (error: unknown) {
      // Without `publish/`, which the owner deleted, there is no container for the event.
      if (!(error instanceof ContainerGone)) {
        throw error;
      }
    }
  }
}

import type { AccessEpochs, FollowerList } from '../../src/access/ports';
import type {
  DeliveryHistory,
  FanOutStore,
  HostStates,
  QueueCounts,
  WorkerStore,
} from '../../src/delivery/ports';
import type { AccessDependencies, ContainerWatches, OverlayStore, PodRegistry } from '../../src/pod/ports';
import type { EventLog, ReceptionStore } from '../../src/publish/ports';
import type { RetentionStore } from '../../src/server/ports';
import type { Openable } from '../../src/store/Openable';
import type { Subscription } from '../../src/subscription/Subscription';
import type { SecretStore, SubscriptionStore } from '../../src/subscription/ports';

/** All ports of events that an adapter implements. */
export type EventStore = Openable & AccessDependencies & AccessEpochs & ContainerWatches & EventLog & FanOutStore &
  FollowerList & OverlayStore & PodRegistry & ReceptionStore & RetentionStore & SubscriptionStore;

/** All ports of deliveries that an adapter implements. */
export type DeliveryStore = Openable & DeliveryHistory & HostStates & QueueCounts & SecretStore & WorkerStore;

/** All subscriptions of a pod, or those of an agent. */
export async function subscriptionsOf(store: SubscriptionStore, pod: string, agent?: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  for (let place: number | undefined = 0; place !== undefined;) {
    const { items, next }: Awaited<ReturnType<SubscriptionStore['subscriptionsAfter']>> =
      await store.subscriptionsAfter(pod, place, 100, agent);
    found.push(...items);
    place = next;
  }
  return found;
}

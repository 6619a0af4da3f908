import type { DeliveryClock } from './DeliveryClock';
import type { DeliveredEvents, DeliveryQueue, DeliveryRetention } from './DeliveryQueue';

export * from './attempt';
export * from './DeliveryClock';
export * from './DeliveryLogStore';
export * from './DeliveryQueue';
export * from './DeliverySender';
export * from './FanOutQueue';
export * from './RetryRules';
export * from './TargetKind';

/**
 * Storage of the delivery worker.
 */
export interface WorkerStore extends DeliveryQueue, DeliveredEvents, DeliveryClock, DeliveryRetention {
  /** Returns the due time of the next delivery, or `undefined` if none waits. */
  nextDue: () => Promise<number | undefined>;
  /** Returns the number of waiting deliveries, counted up to a limit. */
  countWaiting: (limit: number) => Promise<number>;
}

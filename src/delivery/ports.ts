import type { DeliveryClock } from './DeliveryClock';
import type { DeliveredEvents, DeliveryQueue, DeliveryRetention, QueueBacklog } from './DeliveryQueue';

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
export interface WorkerStore extends DeliveryQueue, DeliveredEvents, DeliveryClock, QueueBacklog, DeliveryRetention {}

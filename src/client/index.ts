export { AccessConflict } from './AccessConflict';
export { RequestFailed } from './RequestFailed';
export { grant, grants, revoke } from './access';
export type { Grant, TopicAccess } from './access';
export { withApiKey } from './apiKey';
export type { WebSocketClass, WebSocketLike } from './channel';
export { deliveries, redeliver, replay } from './deliveries';
export type { DeliveryAttempt, DeliveryOptions, DeliveryState, PodDelivery, ReplayRange } from './deliveries';
export { handleInbox, readInbox } from './inbox';
export type { InboxOptions } from './inbox';
export type { EventDocument, InboxEvent } from './inboxItem';
export { listen } from './listen';
export type { CloudEventDocument, ListenOptions, StreamedEvent } from './listen';
export { checkPublish, publish } from './publish';
export type { DryRunResult, EventToPublish, Published, PublishOptions } from './publish';
export type { RequestOptions } from './request';
export { changeSubscription, eachSubscription, subscribe, subscriptions, unsubscribe } from './subscriptions';
export type {
  BatchLimits,
  EventFilter,
  NewSubscription,
  PodSubscription,
  SinkCredential,
  SubscriptionChange,
  SubscriptionDraft,
  SubscriptionRequest,
} from './subscriptions';
export { topicOf, topicUrl } from './topics';

export { CostBudget } from './access/CostBudget';
export { EpochAccess } from './access/EpochAccess';
export { EpochAudience } from './access/EpochAudience';
export { EpochReaders } from './access/EpochReaders';
export { PublishRate } from './access/PublishRate';
export type {
  Access,
  AccessEpochs,
  AccessScopes,
  Audience,
  FollowerList,
  Locator,
  Pods,
  Readers,
} from './access/ports';
export { Catalogue } from './catalogue/Catalogue';
export type { CatalogueStore } from './catalogue/CatalogueStore';
export { PublishedLog } from './catalogue/PublishedLog';
export type { RequestLog } from './catalogue/RequestLog';
export { PooledSchemas } from './catalogue/checkSchema';
export type { Schemas } from './catalogue/checkSchema';
export type { CopyListener } from './delivery/CopyListener';
export { DeliveryListener } from './delivery/DeliveryListener';
export { DeliveryLog } from './delivery/DeliveryLog';
export type { ClaimedDelivery } from './delivery/DeliveryQueue';
export type { DeliveredEvent } from './delivery/TargetKind';
export { TargetKinds } from './delivery/TargetKinds';
export type { Sent } from './delivery/attempt';
export type {
  ClaimStore,
  DeliveredEvents,
  DeliveryClock,
  DeliveryHistory,
  DeliveryLogStore,
  DeliveryQueue,
  DeliveryRetention,
  DemandStore,
  FanOutQueue,
  FanOutStore,
  FilterDecisionStore,
  HostStates,
  LoggedSubscriptions,
  ManualDeliveries,
  NoticeReceipts,
  NoticeStore,
  OutcomeStore,
  QueueCounts,
  ReaderScopeStore,
  ReplayStore,
  ResponseRules,
  RetryRules,
  TargetKind,
  TargetStateStore,
  WorkerStore,
} from './delivery/ports';
export { ActivityParser } from './dialects/activitystreams/ActivityParser';
export { CloudEventsParser } from './dialects/cloudevents/CloudEventsParser';
export { EventGridProjects } from './dialects/eventgrid/EventGridProjects';
export { PrecheckEndpoint } from './dialects/eventgrid/PrecheckEndpoint';
export { PutEventsEndpoint } from './dialects/eventgrid/PutEventsEndpoint';
export { UnknownResourceEndpoint } from './dialects/eventgrid/UnknownResourceEndpoint';
export { AccessKeyMover } from './dialects/eventhos/AccessKeyMover';
export { CatalogueEndpoint } from './dialects/eventhos/CatalogueEndpoint';
export { EventhosTokenEndpoint } from './dialects/eventhos/EventhosTokenEndpoint';
export { ReceivedEndpoint } from './dialects/eventhos/ReceivedEndpoint';
export { RetryEndpoint } from './dialects/eventhos/RetryEndpoint';
export { SendEndpoint } from './dialects/eventhos/SendEndpoint';
export { SuccessCodes } from './dialects/eventhos/SuccessCodes';
export { CookiePairReader } from './dialects/personium/CookiePairReader';
export { ExternalEventEndpoint } from './dialects/personium/ExternalEventEndpoint';
export { PersoniumTokenEndpoint } from './dialects/personium/PersoniumTokenEndpoint';
export { YodataParser } from './dialects/yodata/YodataParser';
export { Conflict } from './event/Conflict';
export { ContextLoader } from './event/ContextLoader';
export { eventDocument, eventUrl } from './event/Event';
export type { Event, EventDraft } from './event/Event';
export { InvalidInput } from './event/InvalidInput';
export { NotAuthorized } from './event/NotAuthorized';
export { TooMany } from './event/TooMany';
export { isTopic } from './event/Topic';
export { EVENTS } from './event/vocabulary';
export { AccessTokens } from './http/AccessTokens';
export { Authenticator } from './http/Authenticator';
export { BodyBudget } from './http/BodyBudget';
export type { CredentialReader } from './http/CredentialReader';
export type { PresentedCredential, SecretVerifier } from './http/CredentialReader';
export { DpopProofs } from './http/DpopProofs';
export { Endpoint, jsonResponse } from './http/Endpoint';
export type { EndpointResponse, HttpExchange, PassThrough, PathRule } from './http/Endpoint';
export { EventHttpHandler } from './http/EventHttpHandler';
export { HeaderReader } from './http/HeaderReader';
export { AgentEndpoint } from './http/agent/AgentEndpoint';
export { readText } from './http/body';
export { assertMediaType } from './http/contentType';
export { DeliveriesEndpoint } from './http/deliveries/DeliveriesEndpoint';
export { HttpProblem } from './http/errors';
export { unauthorized } from './http/errors';
export { HealthEndpoint } from './http/health/HealthEndpoint';
export type { Readiness } from './http/health/Readiness';
export { InboxEndpoint } from './http/inbox/InboxEndpoint';
export { NotificationCheck } from './http/inbox/NotificationCheck';
export { LdesEndpoint } from './http/ldes/LdesEndpoint';
export type { LdesEndpointArgs } from './http/ldes/LdesEndpoint';
export type { LogPages, RetentionSettings } from './http/ldes/ports';
export { ListingEndpoint } from './http/listing/ListingEndpoint';
export type { ListingEndpointArgs } from './http/listing/ListingEndpoint';
export { ContainerWatch } from './http/listing/ContainerWatch';
export { ListingWaits } from './http/listing/ListingWaits';
export { Listings } from './http/listing/Listings';
export type { ContainerChanges, InboxNotifications, ListingStore } from './http/listing/ports';
export { StreamEndpoint } from './http/stream/StreamEndpoint';
export type { StreamEndpointArgs } from './http/stream/StreamEndpoint';
export { Streams } from './http/stream/Streams';
export type { StreamsArgs } from './http/stream/Streams';
export type { StreamMeter } from './http/stream/ports';
export { OpenApiEndpoint } from './http/openapi/OpenApiEndpoint';
export type { PodNames, RequestedPods } from './http/ports';
export { CheckEndpoint } from './http/publish/CheckEndpoint';
export type { EventParser } from './http/publish/EventParser';
export type { EventRequest, ParsedEvents } from './http/publish/EventParser';
export { PublishBodies } from './http/publish/PublishBodies';
export { PublishEndpoint } from './http/publish/PublishEndpoint';
export { SubscriptionsEndpoint } from './http/subscriptions/SubscriptionsEndpoint';
export { VocabularyEndpoint } from './http/vocabulary/VocabularyEndpoint';
export type { ApiKeyStore } from './identity/ApiKeyStore';
export { ApiKeys } from './identity/ApiKeys';
export type { Caller } from './identity/Caller';
export type { FederationPolicy } from './identity/FederationPolicy';
export { FetchedContexts } from './identity/FetchedContexts';
export { ProfileFederationPolicy } from './identity/ProfileFederationPolicy';
export type { ReplayGuard } from './identity/ReplayGuard';
export { ServerAgent } from './identity/ServerAgent';
export type { SigningAgent } from './identity/SigningAgent';
export type { TokenAuthority } from './identity/TokenAuthority';
export type { TokenSigner } from './identity/TokenSigner';
export type { WebIdLinks } from './identity/WebIdLinks';
export { AccountClients } from './identity/account/AccountClients';
export { AccountWebIdLinks } from './identity/account/AccountWebIdLinks';
export { ApiKeyHandler } from './identity/account/ApiKeyHandler';
export { ApiKeyRoute } from './identity/account/ApiKeyRoute';
export { ApiKeysHandler } from './identity/account/ApiKeysHandler';
export { KeyRevokingWebIdStore } from './identity/account/KeyRevokingWebIdStore';
export { PackagedHtmlViewEntry } from './identity/account/PackagedHtmlViewEntry';
export { SectionTemplateEngine } from './identity/account/SectionTemplateEngine';
export type { LocalDocuments } from './identity/profiles/LocalDocuments';
export { ProfileUnavailable } from './identity/profiles/ProfileUnavailable';
export { Profiles } from './identity/profiles/Profiles';
export { ClientLogin } from './identity/tokens/ClientLogin';
export type { Clients } from './identity/tokens/Clients';
export type { Credential } from './identity/tokens/Credential';
export { EventTokens } from './identity/tokens/EventTokens';
export { PasswordLogin } from './identity/tokens/PasswordLogin';
export type { RefreshTokenStore } from './identity/tokens/RefreshTokenStore';
export { RefreshTokens } from './identity/tokens/RefreshTokens';
export { Metrics } from './metrics/Metrics';
export { AddressGuard } from './outgoing/AddressGuard';
export { GuardedOutgoing } from './outgoing/GuardedOutgoing';
export { OutgoingFailed } from './outgoing/Outgoing';
export type { Outgoing, OutgoingRequest, OutgoingResponse } from './outgoing/Outgoing';
export { ActivityCopyListener } from './pod/ActivityCopyListener';
export type { ApiKeyLdpHandlerArgs } from './pod/ApiKeyLdpHandler';
export { ApiKeyLdpHandler } from './pod/ApiKeyLdpHandler';
export { BackendNotifications } from './pod/BackendNotifications';
export { DataFolderIdentifierStrategy } from './pod/DataFolderIdentifierStrategy';
export { EventOverlayStore } from './pod/EventOverlayStore';
export { EventPodManager } from './pod/EventPodManager';
export { EventStorageDescriber } from './pod/EventStorageDescriber';
export { ExplainingAuthorizer } from './pod/ExplainingAuthorizer';
export { GrantedCredentialsExtractor } from './pod/GrantedCredentialsExtractor';
export { GuardedRdfConverter } from './pod/GuardedRdfConverter';
export { IdentifierUrls } from './pod/IdentifierUrls';
export { PartialCredentialsAcpReader } from './pod/PartialCredentialsAcpReader';
export { PermissionAccess } from './pod/PermissionAccess';
export { PodDirectory } from './pod/PodDirectory';
export { PodLayout } from './pod/PodLayout';
export type { PodLifecycle } from './pod/PodLifecycle';
export { PodListeners } from './pod/PodListeners';
export { PooledJsonLdConverter } from './pod/PooledJsonLdConverter';
export { ProfileETagHandler } from './pod/ProfileETagHandler';
export { ProfilePreferenceParser } from './pod/ProfilePreferenceParser';
export { ReaderClasses } from './pod/ReaderClasses';
export { ServerAccessScopes } from './pod/ServerAccessScopes';
export { ServerContainers } from './pod/ServerContainers';
export { ServerDocuments } from './pod/ServerDocuments';
export { TrackingGroupAccessChecker } from './pod/TrackingGroupAccessChecker';
export { WatchingChannelStorage } from './pod/WatchingChannelStorage';
export type {
  AccessDependencies,
  ContainerWatches,
  EntryStore,
  KnownPods,
  NotificationIndex,
  NotificationRecorder,
  OverlayStore,
  OwnedPods,
  PodRegistrations,
  PodRegistry,
  StoreHealth,
} from './pod/ports';
export { EventFactory } from './publish/EventFactory';
export { FederationReceiver } from './publish/FederationReceiver';
export { NotAdmitted } from './publish/NotAdmitted';
export type { DryRunResult, PublishRequest, Published } from './publish/PublishRequest';
export type { Admission } from './publish/PublishRequest';
export { Publisher } from './publish/Publisher';
export { SourcePolicy } from './publish/SourcePolicy';
export { TopicDryRun } from './publish/TopicDryRun';
export type {
  AcceptMeter,
  EventLog,
  ExistingPods,
  FanOutSignal,
  NamedPods,
  Outbox,
  PodOwners,
  ReceptionStore,
  RecipientOutbox,
  RemoteRecipients,
} from './publish/ports';
export { AliasRepairer } from './server/AliasRepairer';
export { BaseUrlCheck } from './server/BaseUrlCheck';
export { BundledContextLoader } from './server/BundledContextLoader';
export { ClientConnections } from './server/ClientConnections';
export { ConnectionCloser } from './server/ConnectionCloser';
export { Deliveries } from './server/Deliveries';
export { DeliveryGate } from './server/DeliveryGate';
export { EndpointPrinter } from './server/EndpointPrinter';
export { EventStoreLifecycle } from './server/EventStoreLifecycle';
export { FanOut } from './server/FanOut';
export { HiddenResourceReporter } from './server/HiddenResourceReporter';
export { HostBoundServerFactory } from './server/HostBoundServerFactory';
export { LevelLoggerFactory } from './server/LevelLoggerFactory';
export { MetricsServer } from './server/MetricsServer';
export { ListingStopper } from './server/ListingStopper';
export { NotificationRecovery } from './server/NotificationRecovery';
export { OutgoingCloser } from './server/OutgoingCloser';
export { OwnerNotifier } from './server/OwnerNotifier';
export { PodCleanup } from './server/PodCleanup';
export { ProviderTokenSigner } from './server/ProviderTokenSigner';
export { Retention } from './server/Retention';
export { ServerReadiness } from './server/ServerReadiness';
export { StartupLog } from './server/StartupLog';
export { StoreIntegrity } from './server/StoreIntegrity';
export { StreamStopper } from './server/StreamStopper';
export { WorkStopper } from './server/WorkStopper';
export type { PodList, RetentionStore } from './server/ports';
export { FolderLock } from './store-sqlite/FolderLock';
export { SqliteAliases } from './store-sqlite/SqliteAliases';
export { SqliteApiKeyStore } from './store-sqlite/SqliteApiKeyStore';
export { SqliteCatalogueStore } from './store-sqlite/SqliteCatalogueStore';
export { SqliteDeliveryStore } from './store-sqlite/SqliteDeliveryStore';
export { SqliteEventStore } from './store-sqlite/SqliteEventStore';
export { SqlitePodLifecycle } from './store-sqlite/SqlitePodLifecycle';
export { SqliteRefreshTokenStore } from './store-sqlite/SqliteRefreshTokenStore';
export { SqliteReplayGuard } from './store-sqlite/SqliteReplayGuard';
export { SqliteRequestLog } from './store-sqlite/SqliteRequestLog';
export { SqliteSession } from './store-sqlite/SqliteSession';
export { StoreGuard } from './store-sqlite/StoreGuard';
export type { AcceptedEvent } from './store/AcceptedEvent';
export { ContainerGone } from './store/ContainerGone';
export type { CopyMeter } from './store/CopyMeter';
export { DuplicateRequest } from './store/DuplicateRequest';
export type { Openable } from './store/Openable';
export { StorageFull } from './store/StorageFull';
export { StoreUnavailable } from './store/StoreUnavailable';
export type { DeliveryRecord } from './store/deliveries';
export type { IdempotencyKey, StoredResponse } from './store/idempotency';
export type { EventFilters } from './subscription/FilterMatcher';
export { FilterMatcher } from './subscription/FilterMatcher';
export { Subscriber } from './subscription/Subscriber';
export type { Subscription } from './subscription/Subscription';
export type {
  Containers,
  InboxFinder,
  SecretStore,
  SubscribableTargets,
  SubscriptionListener,
  SubscriptionStore,
} from './subscription/ports';
export type { AcceptedTarget, SubscribableTarget } from './subscription/ports';
export { InboxTarget } from './targets/inbox/InboxTarget';
export { RecipientReach } from './targets/recipient/RecipientReach';
export { RecipientTarget } from './targets/recipient/RecipientTarget';
export { WebhookTarget } from './targets/webhook/WebhookTarget';
export { ServerUrls } from './url/ServerUrls';
export type { RequestClients, Work, WorkMeter } from './work/Work';
export { WorkPool } from './work/WorkPool';
export { Busy, ClientDisconnected, TooComplex } from './work/errors';

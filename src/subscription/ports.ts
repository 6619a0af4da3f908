import type { Caller } from '../identity/Caller';
import type { IdempotencyKey } from '../store/idempotency';
import type { Subscription } from './Subscription';
import type { TargetSettings } from './TargetSettings';

export * from './TargetSettings';

/**
 * Containers of this server.
 */
export interface Containers {
  /** Returns the base URL of the pod that holds a container, or `undefined` if no pod does. */
  readonly podOfContainer: (url: string) => Promise<string | undefined>;
  /** Whether a container exists. */
  readonly exists: (url: string) => Promise<boolean>;
  /** Whether a URL belongs to this server, by its form alone. */
  readonly isHere: (url: string) => boolean;
  /**
   * Returns the canonical form of a URL, for comparison and storage. URLs of other servers are unchanged.
   *
   * @param name - Name of the field that holds the URL, for the message.
   *
   * @throws `InvalidInput` with an acceptable URL, if the URL has no canonical form.
   */
  readonly canonical: (url: string, name: string) => string;
}

/**
 * Inboxes of agents.
 */
export interface InboxFinder {
  /** Returns the URL of the inbox in the profile of a WebID, or `undefined` if the profile has none. */
  inboxOf: (webId: string) => Promise<string | undefined>;
}

/**
 * Property of a subscription that holds the URL of its target.
 */
export interface TargetProperty {
  /** Member of the JSON document, and term of its JSON-LD context. */
  readonly name: string;
  /** IRI of the RDF predicate. */
  readonly predicate: string;
}

/**
 * Option of a target kind: a member of the JSON document of a subscription.
 */
export interface TargetOption extends TargetProperty {
  /** Whether its value is a JSON object, which RDF has as a JSON literal. */
  readonly isJson?: boolean;
  /** Whether no document shows its value. */
  readonly isSecret?: boolean;
}

/**
 * Options of a target kind in subscriptions.
 */
export interface TargetOptions {
  /** The options, in the order of their members in documents. */
  readonly properties: readonly TargetOption[];
  /**
   * Checks the options of a request.
   *
   * @param values - JSON values of the given options, by name.
   * @param url - URL of the target.
   *
   * @throws `InvalidInput` with the expected form.
   */
  parse: (values: Readonly<Record<string, unknown>>, url: string) => TargetSettings;
  /** Returns the members of documents for stored settings. */
  members: (settings: string) => Readonly<Record<string, unknown>>;
}

/**
 * Consent of a target to receive events, with the data that deliveries to it need.
 */
export interface AcceptedTarget {
  /** Access decision for a container of this server. */
  readonly consent?: InboxConsent;
  /** Target of deliveries; absent for a container of this server. */
  readonly target?: RemoteTarget;
}

/**
 * The subscription side of a target kind.
 */
export interface SubscribableTarget {
  readonly property: TargetProperty;
  /** Whether the property also holds containers of this server, which receive copies instead of deliveries. */
  readonly isCopied: boolean;
  /** Options in subscriptions; absent if this kind has none. */
  readonly options?: TargetOptions;
  /**
   * Checks the value of the property.
   *
   * @param value - The value; `null` if it is not a string.
   *
   * @returns The URL of the target, as it is stored and compared.
   *
   * @throws `InvalidInput` with the expected form.
   */
  parse: (value: string | null) => string;
  /**
   * Obtains the consent of the target, or of its owner.
   *
   * @param caller - The subscriber.
   * @param url - URL of the target.
   *
   * @throws `InvalidInput` if the target does not exist or does not consent.
   * @throws `NotAuthorized` if the subscriber does not control the target.
   * @throws `TooMany` if the subscriber requested consent too often.
   */
  accept: (caller: Caller & { readonly agent: string }, url: string) => Promise<AcceptedTarget>;
  /** Creates a secret that signs deliveries; absent if deliveries of this kind have no secret. */
  newSecret?: () => string;
}

/**
 * Registered target kinds, for subscriptions.
 */
export interface SubscribableTargets {
  /** Returns the kinds that agents can subscribe with, by name, in the order of their properties in documents. */
  subscribable: () => ReadonlyMap<string, SubscribableTarget>;
}

/**
 * Listener for changes of subscriptions.
 */
export interface SubscriptionListener {
  /** The disabled target of a subscription is enabled again. */
  resumed: (subscription: Subscription) => Promise<void>;
}

/**
 * Target of deliveries of a subscription.
 */
export interface RemoteTarget extends TargetSettings {
  /** Name of the target kind. */
  readonly kind: string;
  /** Name of the host, with its port: deliveries to one host share limits and a circuit breaker. */
  readonly host: string;
  /** Secret that signs deliveries. */
  readonly secret?: string;
  /** Maximum number of deliveries per minute; absent if unlimited. */
  readonly rate?: number;
  /** Whether the URL has the form of a container, so that no other kind has a target with this URL. */
  readonly isContainer?: boolean;
}

/**
 * Result of adding a subscription.
 */
export interface AddedSubscription {
  readonly subscription: Subscription;
  /** Whether the target was disabled before. */
  readonly isResumed: boolean;
  /** Whether the given secret is stored; a known target of the same agent keeps its secret. */
  readonly isSecretNew: boolean;
}

/**
 * Maximum numbers of subscriptions and filters.
 */
export interface SubscriptionBounds {
  /** Of one agent, on this server. */
  readonly ofAgent: number;
  /** To one pod. */
  readonly ofPod: number;
  /** Distinct filters of one pod. Default: no maximum. */
  readonly filtersOfPod?: number;
}

/**
 * Another subscription of the agent with the same pod, pattern and target, and with other filters.
 */
export interface OtherSubscription {
  readonly other: Subscription;
}

/** The values of a subscription that its agent can change. */
export type SubscriptionContent = Pick<Subscription, 'filters' | 'pattern'>;

/**
 * Access decision by which an agent controls an inbox.
 */
export interface InboxConsent {
  /** Base URL of the pod of the inbox. */
  readonly pod: string;
  /** Access epoch of that pod at the decision. */
  readonly epoch: number | undefined;
}

/** Result of a rotation of a secret. */
export type Rotation =
  | { readonly outcome: 'rotated' | 'missing' }
  /**
   * The maximum number of former secrets is reached; `wait` is the remaining lifetime of the oldest, in milliseconds.
   */
  | { readonly outcome: 'full'; readonly wait: number };

/**
 * Storage of subscriptions.
 */
export interface SubscriptionStore {
  /** Returns a subscription of a pod, by its id. */
  getSubscription: (pod: string, id: string) => Promise<Subscription | undefined>;
  /**
   * Adds a subscription, unless the agent already has one of the same pod, pattern and target.
   *
   * @param subscription - The subscription.
   * @param bounds - Maximum numbers of subscriptions.
   * @param consent - Access decision about the inbox; it becomes unconfirmed if access has changed since.
   * @param target - Target of deliveries, which is enabled if it was disabled; absent if the subscriber receives
   *    copies.
   *
   * @returns The stored subscription, the known one if it has other filters, or the name of the reached maximum.
   */
  addSubscription: (
    subscription: Subscription,
    bounds?: SubscriptionBounds,
    consent?: InboxConsent,
    target?: RemoteTarget,
  ) =>
  Promise<AddedSubscription | OtherSubscription | keyof SubscriptionBounds>;
  /**
   * Changes the pattern and the filters of a subscription. Events that its pod has accepted before are forwarded by
   * the former ones.
   *
   * @param subscription - The subscription with its new pattern and filters.
   * @param former - Pattern and filters of which the change was made.
   * @param bounds - Maximum numbers.
   * @param consent - As in {@link addSubscription}.
   * @param target - As in {@link addSubscription}.
   *
   * @returns The stored subscription, or the reason for which nothing has changed: another subscription with the new
   *    pattern, a reached maximum, a former pattern or filters that are no longer current (`stale`), or too many
   *    changes since the oldest event that is not forwarded (`busy`). `undefined` if the subscription does not exist.
   */
  changeSubscription: (
    subscription: Subscription,
    former: SubscriptionContent,
    bounds?: SubscriptionBounds,
    consent?: InboxConsent,
    target?: RemoteTarget,
  ) => Promise<AddedSubscription | OtherSubscription | 'busy' | 'filtersOfPod' | 'stale' | undefined>;
  /**
   * Returns a page of the subscriptions of a pod, oldest first.
   *
   * @param pod - Base URL of the pod.
   * @param place - Start of the page, from an earlier page; 0 for the first page.
   * @param limit - Maximum number of subscriptions.
   * @param agent - Only subscriptions of this agent.
   */
  subscriptionsAfter: (pod: string, place: number, limit: number, agent?: string) =>
  Promise<{ readonly items: readonly Subscription[]; readonly next?: number }>;
  /** Removes a subscription, so that no further copies or deliveries are made for it. Returns whether it existed. */
  removeSubscription: (pod: string, id: string) => Promise<boolean>;
}

/**
 * Storage of the secrets that sign deliveries.
 */
export interface SecretStore {
  /**
   * Replaces the secret of the target of a subscription. The former secret also signs for 24 hours of work time.
   *
   * @param pod - Base URL of the pod.
   * @param subscription - Id of the subscription.
   * @param secret - The new secret.
   * @param once - Idempotency key of the request; the secret is its result.
   *
   * @throws `DuplicateRequest` with the stored secret, if the request is repeated.
   */
  rotateSecret: (pod: string, subscription: string, secret: string, once?: IdempotencyKey) => Promise<Rotation>;
}

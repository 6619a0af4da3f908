import type { AccessEpochs } from '../access/ports';
import type { IdempotencyKey } from '../store/idempotency';
import type { Subscription } from './Subscription';

/**
 * What is known of the containers of this server.
 */
export interface Containers {
  /** The base URL of the pod in which a container of this server lies, if it does. */
  readonly podOfContainer: (url: string) => Promise<string | undefined>;
  /** Whether a container exists. */
  readonly exists: (url: string) => Promise<boolean>;
  /** Whether a URL is one of this server, by its form alone. */
  readonly isHere: (url: string) => boolean;
  /**
   * The canonical form of a URL, which is what is compared and stored. Those of other servers stay as they are.
   *
   * @param name - Name of the field that holds the URL, for the message.
   *
   * @throws `InvalidInput` that names the URL that would be accepted, if the URL has no canonical form.
   */
  readonly canonical: (url: string, name: string) => string;
}

/**
 * Tells the inboxes of agents.
 */
export interface InboxFinder {
  /** The URL of the inbox that the profile of a WebID names, if it does. */
  inboxOf: (webId: string) => Promise<string | undefined>;
}

/**
 * Asks webhooks whether they agree to get events.
 */
export interface WebhookConsent {
  /**
   * Asks a webhook.
   *
   * @param url - Its URL.
   * @param agent - The WebID for whom it is asked.
   *
   * @returns The most deliveries in a minute to which it agrees, if it sets a bound.
   *
   * @throws `InvalidInput` that says what is missing, if it does not agree.
   * @throws `TooMany` if webhooks are asked too often for the agent.
   */
  request: (url: string, agent: string) => Promise<{ readonly rate?: number }>;
  /** What deliveries to a new webhook are signed with. */
  newSecret: () => string;
}

/**
 * Is told what becomes of subscriptions.
 */
export interface SubscriptionListener {
  /** Deliveries for a subscription, which had ended because its target failed, begin again. */
  resumed: (subscription: Subscription) => Promise<void>;
}

/**
 * Where a subscription's events go that is not on this server.
 */
export interface RemoteTarget {
  readonly kind: 'inbox' | 'webhook';
  /** The name, with its port, of the host that is asked. */
  readonly host: string;
  /** What signs deliveries to a webhook. */
  readonly secret?: string;
  /** The most deliveries in a minute that the target allows, if it does not allow any number. */
  readonly rate?: number;
}

/**
 * What came of adding a subscription.
 */
export interface AddedSubscription {
  readonly subscription: Subscription;
  /** Whether nothing had been sent to its target any more, and is again. */
  readonly isResumed: boolean;
  /** Whether its webhook has the secret that was given; that of a known webhook of the same agent stays. */
  readonly isSecretNew: boolean;
}

/**
 * How many subscriptions there may be.
 */
export interface SubscriptionBounds {
  /** Of one agent, on this server. */
  readonly ofAgent: number;
  /** To one pod. */
  readonly ofPod: number;
}

/**
 * When it was found that an agent controls its inbox.
 */
export interface InboxConsent {
  /** The base URL of the pod in which the inbox lies. */
  readonly pod: string;
  /** The access epoch of that pod. */
  readonly epoch: number | undefined;
}

/** Result of a rotation of a secret. */
export type Rotation =
  | { readonly outcome: 'rotated' | 'missing' }
  /** There are as many former secrets as there may be; the oldest ends after so many milliseconds. */
  | { readonly outcome: 'full'; readonly wait: number };

/**
 * Stores the subscriptions of pods.
 */
export interface SubscriptionStore extends AccessEpochs {
  getSubscription: (pod: string, id: string) => Promise<Subscription | undefined>;
  /**
   * Adds a subscription, unless the agent already has one of the same pod, pattern and inbox.
   *
   * @param subscription - What to add.
   * @param bounds - How many there may be.
   * @param consent - When it was found that the agent controls the inbox; it is asked again if that has changed since.
   * @param target - What is known of its target, if that is not on this server; deliveries to it are made again.
   *
   * @returns The one that is there now, or the bound that has been reached.
   */
  addSubscription: (
    subscription: Subscription,
    bounds?: SubscriptionBounds,
    consent?: InboxConsent,
    target?: RemoteTarget,
  ) =>
  Promise<AddedSubscription | keyof SubscriptionBounds>;
  /**
   * A page of the subscriptions of a pod, oldest first.
   *
   * @param pod - The base URL of the pod.
   * @param place - Where the page begins, as an earlier page told; 0 for the beginning.
   * @param limit - Maximum number of subscriptions.
   * @param agent - Only those of this agent.
   */
  subscriptionsAfter: (pod: string, place: number, limit: number, agent?: string) =>
  Promise<{ readonly items: readonly Subscription[]; readonly next?: number }>;
  /** Ends a subscription: nothing more is copied for it. Returns whether it was there. */
  removeSubscription: (pod: string, id: string) => Promise<boolean>;
}

/**
 * Stores the secrets with which deliveries to webhooks are signed.
 */
export interface SecretStore {
  /**
   * Sets the secret of a subscription's webhook. Each secret before stays good for 24 hours of work time.
   *
   * @param pod - The base URL of the pod.
   * @param subscription - The id of the subscription.
   * @param secret - The new secret.
   * @param once - Set if the request is made once; the secret is its result.
   *
   * @throws `DuplicateRequest` if that request was made before, with the secret that it made.
   */
  rotateSecret: (pod: string, subscription: string, secret: string, once?: IdempotencyKey) => Promise<Rotation>;
}

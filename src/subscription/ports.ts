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
  ask: (url: string, agent: string) => Promise<{ readonly rate?: number }>;
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

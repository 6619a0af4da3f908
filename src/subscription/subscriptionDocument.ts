import { AS, EVENTS, LDP, XSD } from '../event/vocabulary';
import type { Subscription } from './Subscription';
import { subscriptionsContainer, subscriptionUrl } from './Subscription';

/** The JSON-LD context of subscriptions, which also holds for JSON-LD that brings none. */
export const SUBSCRIPTION_CONTEXT = {
  '@version': 1.1,
  as: AS,
  events: EVENTS,
  ldp: LDP,
  xsd: XSD,
  id: '@id',
  type: '@type',
  Subscription: 'events:Subscription',
  Container: 'ldp:Container',
  BasicContainer: 'ldp:BasicContainer',
  contains: { '@id': 'ldp:contains', '@type': '@id', '@container': '@set' },
  next: { '@id': 'as:next', '@type': '@id' },
  topic: 'events:topic',
  inbox: { '@id': 'ldp:inbox', '@type': '@id' },
  webhook: { '@id': 'events:webhook', '@type': '@id' },
  state: 'events:state',
  agent: { '@id': 'as:actor', '@type': '@id' },
  created: { '@id': 'as:published', '@type': 'xsd:dateTime' },
} as const;

/** A JSON-LD document about subscriptions. */
export interface SubscriptionJson {
  // eslint-disable-next-line @typescript-eslint/naming-convention -- a keyword of JSON-LD
  readonly '@context': typeof SUBSCRIPTION_CONTEXT;
  readonly [key: string]: unknown;
}

/**
 * A subscription as a JSON-LD document, to be read as plain JSON too.
 */
export function subscriptionDocument(subscription: Subscription): SubscriptionJson {
  return { '@context': SUBSCRIPTION_CONTEXT, ...members(subscription) };
}

/**
 * Subscriptions of a pod, as an LDP container that describes its members.
 *
 * @param pod - The base URL of the pod.
 * @param subscriptions - Those of one page.
 * @param next - The URL of the next page, if there is one.
 *
 * @see https://www.w3.org/TR/ldp/#ldpbc
 */
export function subscriptionListing(
  pod: string,
  subscriptions: readonly Subscription[],
  next?: string,
): SubscriptionJson {
  return {
    '@context': SUBSCRIPTION_CONTEXT,
    id: subscriptionsContainer(pod),
    type: [ 'Container', 'BasicContainer' ],
    contains: subscriptions.map(members),
    next,
  };
}

function members(subscription: Subscription): object {
  return {
    id: subscriptionUrl(subscription),
    type: 'Subscription',
    topic: subscription.pattern,
    inbox: subscription.inbox,
    webhook: subscription.webhook,
    ...subscription.isDisabled && { state: 'disabled' },
    agent: subscription.agent,
    created: new Date(subscription.created).toISOString(),
  };
}

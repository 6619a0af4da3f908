import { AS, EVENTS, LDP, XSD } from '../event/vocabulary';
import type { SubscribableTarget, TargetOption, TargetProperty } from './ports';
import type { Subscription } from './Subscription';
import { subscriptionsContainer, subscriptionUrl } from './Subscription';

const BEFORE_TARGETS = {
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
  filters: { '@id': 'events:filters', '@type': '@json' },
} as const;

const AFTER_TARGETS = {
  state: 'events:state',
  agent: { '@id': 'as:actor', '@type': '@id' },
  created: { '@id': 'as:published', '@type': 'xsd:dateTime' },
} as const;

const PREFIXES = Object.entries({ as: AS, events: EVENTS, ldp: LDP, xsd: XSD });

/** A definition of a term in a JSON-LD context. */
type Definition = string | number | Readonly<Record<string, string>>;

/** A JSON-LD document about subscriptions. */
export interface SubscriptionJson {
  // eslint-disable-next-line @typescript-eslint/naming-convention -- a keyword of JSON-LD
  readonly '@context': Readonly<Record<string, Definition>>;
  readonly [key: string]: unknown;
}

/** Target kinds that agents can subscribe with, by name. */
type Targets = ReadonlyMap<string, SubscribableTarget>;

/** Returns the options of all target kinds. */
export function optionsOf(targets: Targets): readonly TargetOption[] {
  return [ ...targets.values() ].flatMap(({ options }): readonly TargetOption[] => options?.properties ?? []);
}

/**
 * The JSON-LD context of subscriptions, also the default context of requests, with a term for each target kind and each
 * of their options.
 */
export function subscriptionContext(
  properties: readonly TargetProperty[],
  options: readonly TargetOption[] = [],
): Readonly<Record<string, Definition>> {
  const terms = properties.map(({ name, predicate }): [string, Definition] =>
    [ name, { '@id': compact(predicate), '@type': '@id' }]);
  const more = options.map(({ name, predicate, isJson }): [string, Definition] =>
    [ name, isJson ? { '@id': compact(predicate), '@type': '@json' } : compact(predicate) ]);
  return { ...BEFORE_TARGETS, ...Object.fromEntries([ ...terms, ...more ]), ...AFTER_TARGETS };
}

/**
 * A subscription as a JSON-LD document, which is also readable as plain JSON.
 */
export function subscriptionDocument(subscription: Subscription, targets: Targets): SubscriptionJson {
  return { '@context': contextOf(targets), ...subscriptionMembers(subscription, targets) };
}

/**
 * A page of the subscriptions of a pod, as an LDP container that describes its members.
 *
 * @param pod - Base URL of the pod.
 * @param subscriptions - The subscriptions of the page.
 * @param targets - Target kinds, by name.
 * @param next - URL of the next page, if there is one.
 *
 * @see https://www.w3.org/TR/ldp/#ldpbc
 */
export function subscriptionListing(
  pod: string,
  subscriptions: readonly Subscription[],
  targets: Targets,
  next?: string,
): SubscriptionJson {
  return {
    '@context': contextOf(targets),
    id: subscriptionsContainer(pod),
    type: [ 'Container', 'BasicContainer' ],
    contains: subscriptions.map((subscription): object => subscriptionMembers(subscription, targets)),
    next,
  };
}

function contextOf(targets: Targets): SubscriptionJson['@context'] {
  const properties = [ ...targets.values() ].map(({ property }): TargetProperty => property);
  return subscriptionContext(properties, optionsOf(targets).filter(({ isSecret }): boolean => isSecret !== true));
}

/** The members of the document of a subscription, without its context. */
export function subscriptionMembers(subscription: Subscription, targets: Targets): Readonly<Record<string, unknown>> {
  const target = subscription.kind === undefined ?
    [ ...targets.values() ].find(({ isCopied }): boolean => isCopied) :
    targets.get(subscription.kind);
  return {
    id: subscriptionUrl(subscription),
    type: 'Subscription',
    topic: subscription.pattern,
    ...subscription.filters !== undefined && { filters: JSON.parse(subscription.filters) as unknown },
    ...target && { [target.property.name]: subscription.url },
    ...subscription.settings !== undefined && target?.options?.members(subscription.settings),
    ...subscription.isDisabled && { state: 'disabled' },
    agent: subscription.agent,
    created: new Date(subscription.created).toISOString(),
  };
}

function compact(iri: string): string {
  const [ prefix, namespace ] = PREFIXES.find(([ , value ]): boolean => iri.startsWith(value)) ?? [];
  return prefix === undefined ? iri : `${prefix}:${iri.slice(namespace!.length)}`;
}

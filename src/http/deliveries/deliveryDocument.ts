import { AS, EVENTS, LDP, XSD } from '../../event/vocabulary';
import { deliveriesContainer, deliveryUrl } from '../../delivery/DeliveryLog';
import type { Attempt, DeliveryRecord } from '../../store/deliveries';
import { subscriptionUrl } from '../../subscription/Subscription';
import type { OwnDocument } from '../documentQuads';

/** The JSON-LD context of deliveries. */
const DELIVERY_CONTEXT = {
  '@version': 1.1,
  as: AS,
  events: EVENTS,
  ldp: LDP,
  xsd: XSD,
  id: '@id',
  type: '@type',
  Delivery: 'events:Delivery',
  Attempt: 'events:Attempt',
  Container: 'ldp:Container',
  BasicContainer: 'ldp:BasicContainer',
  contains: { '@id': 'ldp:contains', '@type': '@id', '@container': '@set' },
  next: { '@id': 'as:next', '@type': '@id' },
  state: 'events:state',
  event: { '@id': 'events:event', '@type': '@id' },
  topic: 'events:topic',
  subscription: { '@id': 'events:subscription', '@type': '@id' },
  kind: 'events:targetKind',
  target: { '@id': 'as:target', '@type': '@id' },
  agent: { '@id': 'as:actor', '@type': '@id' },
  created: { '@id': 'as:published', '@type': 'xsd:dateTime' },
  due: { '@id': 'events:due', '@type': 'xsd:dateTime' },
  copy: { '@id': 'events:copy', '@type': '@id' },
  batch: 'events:batch',
  attempts: { '@id': 'events:attempt', '@container': '@set' },
  at: { '@id': 'as:startTime', '@type': 'xsd:dateTime' },
  duration: 'events:milliseconds',
  status: 'events:status',
  reason: 'events:reason',
} as const;

/**
 * A delivery as a JSON-LD document, to be read as plain JSON too.
 *
 * @param pod - The base URL of the pod in whose log it is.
 * @param delivery - The delivery.
 */
export function deliveryDocument(pod: string, delivery: DeliveryRecord): OwnDocument {
  return { '@context': DELIVERY_CONTEXT, ...members(pod, delivery) };
}

/**
 * Deliveries of a pod, as an LDP container that describes its members.
 *
 * @param pod - The base URL of the pod.
 * @param deliveries - Those of one page.
 * @param next - The URL of the next page, if there is one.
 *
 * @see https://www.w3.org/TR/ldp/#ldpbc
 */
export function deliveryListing(pod: string, deliveries: readonly DeliveryRecord[], next?: string): OwnDocument {
  return {
    '@context': DELIVERY_CONTEXT,
    id: deliveriesContainer(pod),
    type: [ 'Container', 'BasicContainer' ],
    contains: deliveries.map((delivery): object => members(pod, delivery)),
    next,
  };
}

function members(pod: string, delivery: DeliveryRecord): object {
  const { state, event, topic, subscription, kind, url, agent, created, due, copy, batch, attempts } = delivery;
  return {
    id: deliveryUrl(pod, delivery),
    type: 'Delivery',
    state,
    event,
    topic,
    subscription: subscription === null ? undefined : subscriptionUrl({ pod, id: subscription }),
    kind,
    target: url,
    agent,
    created: new Date(created).toISOString(),
    due: due === null ? undefined : new Date(due).toISOString(),
    copy: copy ?? undefined,
    batch,
    attempts: attempts.map(({ at, ...attempt }: Attempt): object =>
      ({ type: 'Attempt', at: new Date(at).toISOString(), ...attempt })),
  };
}

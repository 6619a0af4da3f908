import { toRDF } from 'jsonld';
import { isomorphic } from 'rdf-isomorphic';
import { Parser } from 'n3';
import { deliveryListing } from '../../../src/http/deliveries/deliveryDocument';
import { documentQuads } from '../../../src/http/documentQuads';
import type { OwnDocument } from '../../../src/http/documentQuads';
import type { DeliveryRecord } from '../../../src/store/deliveries';
import { subscriptionDocument, subscriptionListing } from '../../../src/subscription/subscriptionDocument';
import { targetKinds } from '../../util/kinds';

const POD = 'http://localhost/user/';
const ID = '019b0000-0000-7000-8000-000000000000';

describe('The statements of a document', (): void => {
  const subscription = { id: ID, pod: POD, agent: 'http://a/#me', created: 1_000, pattern: 'a/"b"\\#c' };
  const targets = targetKinds().subscribable();
  const attempts = [{ at: 5, duration: 12, status: 500, reason: 'no\nway' }, { at: 9, duration: 1.5 }];
  const delivery = {
    id: 7, state: 'waiting', event: `${POD}publish/${ID}`, topic: 'a/b#c', subscription: ID, kind: 'webhook',
    url: 'https://hook.example/?a=b', agent: 'http://a/#me', created: 1_000, due: 2_000, copy: null, attempts,
  } as unknown as DeliveryRecord;

  it.each<[string, OwnDocument]>([
    [ 'a subscription', subscriptionDocument({ ...subscription, kind: 'webhook', url: 'https://hook.example/', isDisabled: true }, targets) ],
    [ 'a subscription with batches', subscriptionDocument({
      ...subscription, kind: 'webhook', url: 'https://hook.example/', settings: '{"mode":"structured","batch":{"maxEvents":2,"maxWaitMs":0}}',
    }, targets) ],
    [ 'a subscription with filters', subscriptionDocument({ ...subscription, kind: 'webhook', url: 'https://hook.example/', filters: '[{"not":{"exact":{"type":"b\\n\\"é","subject":"a"}}}]' }, targets) ],
    [ 'no subscriptions', subscriptionListing(POD, [], targets) ],
    [ 'subscriptions', subscriptionListing(POD, [{ ...subscription, url: `${POD}inbox/` }], targets, `${POD}subscriptions/?cursor=7`) ],
    [ 'deliveries', deliveryListing(POD, [ delivery, { ...delivery, id: 8, batch: ID, due: null, subscription: null, attempts: []}], `${POD}deliveries/?cursor=7`) ],
  ])('of %s are those that a JSON-LD processor finds.', async(_, document): Promise<void> => {
    const expected = await toRDF(JSON.parse(JSON.stringify(document)), { format: 'application/n-quads' }) as unknown as string;
    expect(isomorphic([ ...documentQuads(document) ], new Parser({ format: 'N-Quads' }).parse(expected))).toBe(true);
  });
});

import { EVENTS, LDP, RDF } from '../../../src/event/vocabulary';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { readSubscription } from '../../../src/subscription/parseSubscription';
import type { ChangeBody } from '../../../src/subscription/subscriptionChange';
import { MERGE_PATCH, readChange } from '../../../src/subscription/subscriptionChange';
import { subscriptionDocument } from '../../../src/subscription/subscriptionDocument';
import type { Subscription } from '../../../src/subscription/Subscription';
import { targetKinds } from '../../util/kinds';
import { inlineWork } from '../../util/work';

const WEBHOOK = 'https://hook.example/';
const BASE = 'http://localhost/user/subscriptions/';
const FILTERS = [{ any: [{ prefix: { type: 'a"\\é' }}, { not: { exact: { subject: 's' }}}]}];
const targets = targetKinds().subscribable();

describe('A request to subscribe with filters', (): void => {
  const read = async(type: 'application/json' | 'application/ld+json' | 'text/turtle', text: string): Promise<unknown> =>
    readSubscription({ text, type, base: BASE }, targets, inlineWork());

  it.each([
    [ 'application/json', JSON.stringify({ topic: 'a', webhook: WEBHOOK, filters: FILTERS }) ],
    [ 'application/ld+json', JSON.stringify({ topic: 'a', webhook: WEBHOOK, filters: FILTERS }) ],
    [ 'application/ld+json', JSON.stringify({ [`${EVENTS}topic`]: 'a', [`${EVENTS}webhook`]: { '@id': WEBHOOK }, [`${EVENTS}filters`]: { '@type': '@json', '@value': FILTERS }}) ],
    [ 'text/turtle', `[] <${EVENTS}topic> "a"; <${EVENTS}webhook> <${WEBHOOK}>; <${EVENTS}filters> ${JSON.stringify(JSON.stringify(FILTERS))}^^<${RDF}JSON>.` ],
  ] as const)('has the same filters as %s (%#).', async(type, text): Promise<void> => {
    expect(await read(type, text)).toEqual({ pattern: 'a', kind: 'webhook', url: WEBHOOK, filters: JSON.stringify(FILTERS) });
  });

  it.each([ '[]', '[ ]' ])('has none for %s, which matches every event.', async(filters): Promise<void> => {
    expect(await read('application/json', `{"topic":"a","webhook":"${WEBHOOK}","filters":${filters}}`)).not.toHaveProperty('filters');
  });

  it.each([
    'null', '1', '"a"', '{}', '[{}]', '[null]', '[[]]', '[{"exact":{}}]', '[{"exact":{"type":1}}]', '[{"exact":{"Type":"a"}}]', '[{"exact":{"__proto__":"a"}}]',
    '[{"what":{"type":"a"}}]', '[{"constructor":{"type":"a"}}]', '[{"exact":{"type":"a"},"prefix":{"type":"a"}}]', '[{"all":[]}]', '[{"not":[]}]',
    `[{"exact":{"type":"${'a'.repeat(5_000)}"}}]`, `${'[{"not":'.repeat(1)}${'{"not":'.repeat(20)}{"exact":{"type":"a"}}${'}'.repeat(21)}]`,
    JSON.stringify(Array.from({ length: 100 }, (_, index): object => ({ exact: { type: `${index}` }}))),
  ])('is refused for %s.', async(filters): Promise<void> => {
    await expect(read('application/json', `{"topic":"a","webhook":"${WEBHOOK}","filters":${filters}}`)).rejects.toThrow(InvalidInput);
  });

  it.each([
    [ `"{"^^<${RDF}JSON>`, 'not valid JSON' ],
    [ '"[{}]"', 'filters/0' ],
    [ '"[]", "[{}]"', 'More than one' ],
    [ '<http://localhost/>', 'not valid JSON' ],
  ])('is refused for filters %s in Turtle.', async(object, message): Promise<void> => {
    await expect(read('text/turtle', `[] <${EVENTS}topic> "a"; <${EVENTS}webhook> <${WEBHOOK}>; <${EVENTS}filters> ${object}.`)).rejects.toThrow(message);
  });
});

describe('A change of a subscription', (): void => {
  const subscription: Subscription = {
    id: '019b0000-0000-7000-8000-000000000000', pod: 'http://localhost/user/', agent: 'http://a/#me', created: 1_000, pattern: 'a', kind: 'webhook', url: WEBHOOK,
    filters: JSON.stringify(FILTERS),
  };
  const change = async(type: ChangeBody['type'], body: unknown, from = subscription): Promise<unknown> =>
    readChange({ text: typeof body === 'string' ? body : JSON.stringify(body), type, base: `${BASE}${from.id}` }, from, targets, inlineWork());
  const patch = async(body: unknown, from?: Subscription): Promise<unknown> => change(MERGE_PATCH, body, from);
  const put = async(body: unknown): Promise<unknown> => change('application/json', body);
  const { '@context': context, ...members } = subscriptionDocument(subscription, targets);

  it('replaces the members of a patch.', async(): Promise<void> => {
    expect(await patch({})).toEqual({ pattern: 'a', filters: JSON.stringify(FILTERS) });
    expect(await patch({ topic: 'b' })).toEqual({ pattern: 'b', filters: JSON.stringify(FILTERS) });
    expect(await patch({ filters: [{ exact: { type: 'x' }}]})).toEqual({ pattern: 'a', filters: '[{"exact":{"type":"x"}}]' });
    expect(await patch({ filters: null })).toEqual({ pattern: 'a' });
    expect(await patch({ filters: []})).toEqual({ pattern: 'a' });
  });

  it('replaces the subscription by PUT, also by its own document.', async(): Promise<void> => {
    expect(await put({ topic: 'b' })).toEqual({ pattern: 'b' });
    expect(await put({ topic: 'b', webhook: WEBHOOK, filters: FILTERS })).toEqual({ pattern: 'b', filters: JSON.stringify(FILTERS) });
    expect(await put({ '@context': context, ...members })).toEqual({ pattern: 'a', filters: JSON.stringify(FILTERS) });
    expect(await change('application/ld+json', { '@context': context, ...members })).toEqual({ pattern: 'a', filters: JSON.stringify(FILTERS) });
    expect(await change('text/turtle', `<> <${EVENTS}topic> "b"; <${EVENTS}webhook> <${WEBHOOK}>.`)).toEqual({ pattern: 'b' });
  });

  it('patches by the own document, and by the fixed members with their values.', async(): Promise<void> => {
    expect(await patch({ '@context': context, ...members, state: null, topic: 'b' })).toEqual({ pattern: 'b', filters: JSON.stringify(FILTERS) });
  });

  it.each([
    [ MERGE_PATCH, { webhook: 'https://other.example/' }, 'not webhook:' ],
    [ MERGE_PATCH, { webhook: null }, 'not webhook:' ],
    [ MERGE_PATCH, { inbox: 'http://localhost/user/inbox/' }, 'not inbox:' ],
    [ MERGE_PATCH, { agent: 'http://b/#me', created: null, id: 'x' }, /not (?=.*agent)(?=.*created)(?=.*id)/u ],
    [ MERGE_PATCH, { filter: []}, 'not filter:' ],
    [ MERGE_PATCH, '{"__proto__":{"topic":"b"}}', /__proto__|not allowed/u ],
    [ 'application/json', { topic: 'b', state: 'disabled' }, 'not state:' ],
    [ 'application/json', { topic: 'b', secret: 'whsec_x' }, 'not secret:' ],
    [ 'application/ld+json', { topic: 'b', inbox: 'http://localhost/user/inbox/' }, 'not inbox:' ],
    [ 'application/ld+json', { topic: 'b', agent: 'http://b/#me' }, 'not agent:' ],
    [ 'text/turtle', `<> <${EVENTS}topic> "b"; <${LDP}inbox> <http://localhost/user/inbox/>.`, 'not inbox:' ],
  ] as const)('as %s of %j is refused.', async(type, body, message): Promise<void> => {
    await expect(change(type, body)).rejects.toThrow(InvalidInput);
    await expect(change(type, body)).rejects.toThrow(message);
  });

  it.each([ 'null', '[]', '1', '"a"', '{', '' ])('by the patch %s is refused.', async(body): Promise<void> => {
    await expect(patch(body)).rejects.toThrow(InvalidInput);
  });

  it.each([
    [{ topic: null }, 'No topic' ], [{ topic: 1 }, 'Invalid topic' ], [{ topic: 'a*b' }, 'Invalid topic' ], [{ filters: [{}]}, 'filters/0' ], [{ filters: {}}, 'filters' ],
  ])('to %j is refused.', async(body, message): Promise<void> => {
    await expect(patch(body)).rejects.toThrow(message);
  });
});

import { dirname, join } from 'node:path';
import { parseActivity } from '../../../../src/dialects/activitystreams/parseActivity';
import { activityText } from '../../../../src/event/activity';
import { ContextLoader } from '../../../../src/event/ContextLoader';
import { createEvent } from '../../../../src/event/EventDocument';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import { LIMITS } from '../../../../src/event/limits';
import { readMembers } from '../../../../src/event/EventDocument';

const AS2 = 'https://www.w3.org/ns/activitystreams';
const EVENTS = 'https://w3id.org/pod-events#';
const ACTOR = 'https://producer.example/profile/card#me';
const USER = 'https://user.example/profile/card#me';
const OTHER = 'https://other.example/profile/card#me';
const TOPIC = 'realestate/contact#add';
const file = join(dirname(require.resolve('@solid/community-server/package.json')), 'templates/contexts/activitystreams.jsonld');
const loader = new ContextLoader({ [AS2]: file });

const activity = (members: object = {}): string => JSON.stringify({
  '@context': AS2, type: 'Activity', actor: ACTOR, to: USER, 'events:topic': TOPIC, object: { type: 'AddAction' }, ...members,
});
const parse = async(members: object = {}): ReturnType<typeof parseActivity> => parseActivity(activity(members), loader);
const dataOf = async(members: object): Promise<string | undefined> => (await parse(members)).draft.data;

describe('An activity', (): void => {
  it('is an event: actor, to, attributedTo, topic and object.', async(): Promise<void> => {
    expect(await parse({ attributedTo: [ OTHER, USER ]})).toEqual({
      actor: ACTOR, draft: { recipients: [ USER ], sources: [ OTHER ], topic: TOPIC, data: '{"type":"AddAction"}' },
    });
  });

  it.each<[string, object]>([
    [ 'without a context', { '@context': undefined }],
    [ 'with a list of contexts', { '@context': [ AS2 ]}],
    [ 'with both types', { type: [ 'Activity', `${EVENTS}Event` ]}],
    [ 'with objects as references', { actor: { id: ACTOR, type: 'Person', name: 'P' }, to: [{ type: 'Person', id: USER }]}],
    [ 'with the IRI of the topic', { 'events:topic': undefined, [`${EVENTS}topic`]: TOPIC }],
    [ 'with an own name of the topic', { '@context': [ AS2, { t: `${EVENTS}topic` }], 'events:topic': undefined, t: TOPIC }],
    [ 'with an own prefix', { '@context': [ AS2, { x: EVENTS }], 'events:topic': undefined, 'x:topic': TOPIC }],
    [ 'with the former namespace', { 'events:topic': undefined, 'urn:solid-pod-events:vocab:topic': TOPIC }],
    [ 'with the topic as a value object', { 'events:topic': { '@value': TOPIC }}],
    [ 'with an id, times and other members', { id: `${ACTOR}/7`, published: '1999-01-01T00:00:00Z', updated: 'x', summary: 's', origin: OTHER, foo: [{}]}],
    [ 'with an id as keyword', { '@id': 'urn:x' }],
    [ 'with the recipient twice', { to: [ USER, USER ]}],
  ])('can be written %s.', async(_, members): Promise<void> => {
    expect(await parse(members)).toEqual({
      actor: ACTOR, draft: { recipients: [ USER ], sources: [], topic: TOPIC, data: '{"type":"AddAction"}' },
    });
  });

  it('has the text of its object as data, with all digits and white space.', async(): Promise<void> => {
    const object = '{ "n" : 12345678901234567890 , "m":1.0 }';
    expect((await parseActivity(activity().replace('{"type":"AddAction"}', object), loader)).draft.data).toBe(object);
  });

  it.each<[unknown, string]>([
    [ 'https://a.example/1', '{"id":"https://a.example/1"}' ],
    [[ 'https://a.example/1', { a: 1 }], '[{"id":"https://a.example/1"},{"a":1}]' ],
    [[{ a: 1 }, { b: 2 }], '[{"a":1},{"b":2}]' ],
    [{ '@value': 5 }, '5' ],
    [{ '@value': 'x' }, '"x"' ],
    [{ '@value': false }, 'false' ],
    [{ '@value': 5, '@type': 'urn:x' }, '{"@value":5,"@type":"urn:x"}' ],
    [{ '@type': 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON', '@value': ' {"a b":1}' }, '{"a b":1}' ],
    [{ '@context': [ null, {}], a: 1 }, '{"@context":[null,{}],"a":1}' ],
    [{ actor: OTHER, to: OTHER, id: 'urn:x', type: 'Activity', 'events:topic': 'other' }, `{"actor":"${OTHER}","to":"${OTHER}","id":"urn:x","type":"Activity","events:topic":"other"}` ],
  ])('has for the object %j the data %s.', async(object, data): Promise<void> => {
    expect(await dataOf({ object })).toBe(data);
  });

  it.each<[string, object, RegExp]>([
    [ 'no topic', { 'events:topic': undefined }, /No topic found/u ],
    [ 'a topic under another name', { 'events:topic': undefined, topic: TOPIC }, /No topic found/u ],
    [ 'two topics', { 'events:topic': [ TOPIC, 'b' ]}, /Invalid topic/u ],
    [ 'a topic that is an IRI', { 'events:topic': { id: 'urn:x' }}, /Invalid topic/u ],
    [ 'a malformed topic', { 'events:topic': 'a\u0000b' }, /Invalid topic/u ],
    [ 'no recipient', { to: undefined }, /No recipient/u ],
    [ 'a recipient that is no WebID', { to: 'urn:x' }, /Invalid to/u ],
    [ 'a recipient without an IRI', { to: { type: 'Person' }}, /Invalid to/u ],
    [ 'two actors', { actor: [ ACTOR, OTHER ]}, /Invalid actor/u ],
    [ 'a second actor by the IRI of the property', { [`${AS2}#actor`]: { '@id': OTHER }}, /Invalid actor/u ],
    [ 'an actor that is text', { actor: { '@value': ACTOR }}, /Invalid actor/u ],
    [ 'another type', { type: 'Create' }, /Invalid type.*#Create/u ],
    [ 'a second type', { type: [ 'Activity', 'Create' ]}, /Invalid type/u ],
    [ 'no type', { type: undefined }, /Invalid type/u ],
    [ 'recipients that events lack', { cc: OTHER }, /Invalid cc/u ],
    [ 'blind recipients', { bto: OTHER }, /Invalid bto/u ],
    [ 'no object', { object: undefined }, /No object found/u ],
    [ 'null', { object: null }, /Invalid object/u ],
    [ 'a number as object', { object: 5 }, /Invalid object/u ],
    [ 'numbers as objects', { object: [ 1 ]}, /Invalid object/u ],
    [ 'null as data', { object: { type: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON', '@value': 'null' }}, /not null/u ],
    [ 'malformed data', { object: { type: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON', '@value': '{' }}, /Invalid object/u ],
    [ 'several members as data', { object: { type: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON', '@value': '1,"x":2' }}, /Invalid object/u ],
    [ 'data with a key twice', { object: { type: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON', '@value': '{"a":1,"a":2}' }}, /Invalid object/u ],
    [ 'a second object', { 'as:object': { id: 'urn:x' }}, /Invalid object/u ],
    [ 'a context that gives object another meaning', { '@context': [ AS2, { object: 'urn:x' }]}, /No object found/u ],
    [ 'a remote context', { '@context': [ AS2, 'https://evil.example/' ]}, /not bundled/u ],
    [ 'a malformed context', { '@context': 5 }, /not valid JSON-LD/u ],
    [ 'too many recipients', { to: Array.from({ length: LIMITS.recipientsPerEvent + 1 }, (_, index): string => `https://a.example/${index}`) }, /More than/u ],
    [ 'deep data', { object: JSON.parse(`${'{"a":'.repeat(LIMITS.dataDepth + 1)}1${'}'.repeat(LIMITS.dataDepth + 1)}`) }, /levels deep/u ],
  ])('is refused with %s.', async(_, members, reason): Promise<void> => {
    const refused = parse(members);
    await expect(refused).rejects.toThrow(InvalidInput);
    await expect(refused).rejects.toThrow(reason);
  });

  it('is read by its statements, if a context gives its members other meanings.', async(): Promise<void> => {
    const swapped = { '@context': [ AS2, { actor: { '@id': 'as:to', '@type': '@id' }, to: { '@id': 'as:actor', '@type': '@id' }}]};
    expect(await parse(swapped)).toMatchObject({ actor: USER, draft: { recipients: [ ACTOR ]}});
  });

  it.each([ '', '[]', '5', '[{}]', '{"a":1,"a":2}', '{"__proto__":1}', 'null' ])('is no %j.', async(text): Promise<void> => {
    await expect(parseActivity(text, loader)).rejects.toThrow(InvalidInput);
  });

  it.each([
    '5', '"x"', 'true', '[1,"x",{"a":null}]', '[]', '{}', '{"a b":1}', '{"type":"AddAction","id":"https://a.example/1","object":{"@id":"urn:x"}}', '{"@context":{"a":"urn:a"},"a":1}',
    '{"@context":[{"a":"urn:a"}],"a":1}', '{"@context":[{"a":"urn:a"},{"b":"urn:b"}],"a":1}', '{"@context":{"@propagate":false,"a":"urn:a"},"a":1}', '{"@value":5}', '{"@set":[1]}',
    '{"id":"7","type":5}', '{"actor":"x","to":"y","@type":"Activity"}',
  ])('has the same data after GET and POST: %s.', async(data): Promise<void> => {
    const event = await createEvent({ topic: TOPIC, recipients: [ USER, OTHER ], sources: [ 'https://s.example/#me' ], data }, 'https://producer.example/', ACTOR, loader);
    const { draft, actor } = await parseActivity(await activityText(event, loader.bundled()), loader);
    expect({ ...draft, data: JSON.parse(draft.data!), actor })
      .toEqual({ topic: TOPIC, recipients: [ USER, OTHER ], sources: [ 'https://s.example/#me' ], data: JSON.parse(data), actor: ACTOR });
    const again = await createEvent(draft, 'https://producer.example/', actor, loader);
    expect([ again.context, readMembers(again).data ]).toEqual([ event.context, draft.data ]);
  });
});

describe('The activity of a document of other software', (): void => {
  const id = '01920000-0000-7000-8000-000000000000';
  const url = `https://other.example/publish/${id}`;
  const activityOf = async(members: object, context: unknown = {}): Promise<any> => JSON.parse(await activityText(
    { id, pod: 'https://other.example/', context: JSON.stringify(context), members: JSON.stringify({ '@id': url, '@type': [ `${EVENTS}Event`, `${AS2}#Activity` ], ...members }) },
    loader.bundled(),
  ));

  it('has the members of an activity.', async(): Promise<void> => {
    expect(await activityOf({
      [`${EVENTS}topic`]: TOPIC, [`${AS2}#actor`]: { '@id': ACTOR }, [`${AS2}#to`]: { '@id': USER },
      [`${AS2}#published`]: { '@type': 'http://www.w3.org/2001/XMLSchema#dateTime', '@value': '2026-01-01T00:00:00Z' },
      [`${AS2}#object`]: { '@type': 'http://schema.org/AddAction', 'http://schema.org/name': 'x' },
    })).toEqual({
      '@context': [ AS2, { events: EVENTS }], id: url, type: [ `${EVENTS}Event`, 'Activity' ], actor: ACTOR, to: [ USER ], 'events:topic': TOPIC,
      published: '2026-01-01T00:00:00Z', object: { type: 'http://schema.org/AddAction', 'http://schema.org/name': 'x' },
    });
  });

  it.each<[unknown, unknown]>([
    [ 5, { '@value': 5 }], [ 'x', { '@value': 'x' }], [{ '@id': 'urn:x' }, 'urn:x' ],
    [[ 5, { '@id': 'urn:x' }], { '@set': [ 'urn:x', { '@value': 5 }]}],
    [{ '@type': 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON', '@value': '[1]' }, { type: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON', '@value': '[1]' }],
  ])('has for %j the object %j.', async(data, object): Promise<void> => {
    expect((await activityOf({ [`${AS2}#object`]: data })).object).toEqual(object);
  });

  it('has its data as a literal, if a processor cannot read the document.', async(): Promise<void> => {
    expect(await activityOf({ data: { a: 1 }}, 5)).toMatchObject({
      '@context': [ AS2, { events: EVENTS }], id: url, type: [ 'Activity', `${EVENTS}Event` ], object: { '@value': '{"a":1}' },
    });
  });
});

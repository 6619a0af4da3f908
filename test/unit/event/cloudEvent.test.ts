import fc from 'fast-check';
import { cloudEventOf, DATA_ENCODING, dataBytes, toCloudEvent } from '../../../src/event/cloudEvent';
import { ContextLoader } from '../../../src/event/ContextLoader';
import type { Event, EventDraft } from '../../../src/event/Event';
import { eventUrl } from '../../../src/event/Event';
import { createEvent, readMembers } from '../../../src/event/EventDocument';
import { runs } from '../../util/effort';

const POD = 'https://producer.example/';
const PUBLISHER = `${POD}profile/card#me`;
const loader = new ContextLoader();

const make = async(draft: Partial<EventDraft> = {}, publisher: string | undefined = PUBLISHER): Promise<Event> =>
  createEvent({ topic: 'realestate/contact#add', recipients: [], sources: [], ...draft }, POD, publisher, loader);

/** Checks a text against the rules of CloudEvents 1.0.2 and of its JSON format, as far as they are about attributes. */
function checkCloudEvent(text: string): Record<string, unknown> {
  const event = JSON.parse(text) as Record<string, unknown>;
  const attributes = Object.fromEntries(Object.entries(event).filter(([ name ]): boolean => name !== 'data'));
  for (const required of [ 'id', 'source', 'specversion', 'type' ]) {
    expect(Object.keys(attributes)).toContain(required);
  }
  for (const [ name, value ] of Object.entries(attributes)) {
    expect(name).toMatch(/^[a-z0-9]{1,20}$/u);
    expect(typeof value).toBe('string');
    expect(value).not.toBe('');
    expect(value).not.toMatch(/[\u0000-\u001F\u007F-\u009F]|\p{Surrogate}|\p{Noncharacter_Code_Point}/u);
  }
  expect(attributes.specversion).toBe('1.0');
  expect(URL.canParse(attributes.source as string)).toBe(true);
  expect(attributes.time).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/u);
  expect('data_base64' in event).toBe(false);
  expect('datacontenttype' in event).toBe('data' in event);
  expect(attributes.datacontenttype ?? 'application/json').toBe('application/json');
  // The attributes of the authorization context go together.
  expect('authid' in event).toBe('authtype' in event);
  expect([ 'app_user', 'system', undefined ]).toContain(attributes.authtype);
  return event;
}

describe('An event as a CloudEvent', (): void => {
  it('tells all of it.', async(): Promise<void> => {
    const event = await make({
      recipients: [ 'https://user.example/#me', 'https://other.example/#me' ],
      sources: [ 'https://a.example/#me' ],
      annotations: { subject: 'the subject', eventType: 'the type', requestKey: 'the key' },
      data: '{"a":1}',
    });
    expect(checkCloudEvent(toCloudEvent(event))).toEqual({
      specversion: '1.0',
      id: event.id,
      source: POD,
      type: 'realestate/contact#add',
      subject: 'the subject',
      time: new Date(event.published).toISOString(),
      authtype: 'app_user',
      authid: PUBLISHER,
      recipients: 'https://user.example/#me https://other.example/#me',
      participants: 'https://a.example/#me',
      eventtype: 'the type',
      requestkey: 'the key',
      eventurl: eventUrl(event),
      datacontenttype: 'application/json',
      data: { a: 1 },
    });
  });

  it('has the attributes that its producer gave, and the topic beside their type.', async(): Promise<void> => {
    const event = await make({
      annotations: {
        'events:ce-id': 'theirs', 'events:ce-type': 'com.example.added', 'events:ce-time': '2020-02-29T12:00:00+01:00',
        'events:ce-dataschema': 'https://a.example/s', 'events:ce-flag': true, 'events:ce-count': -5, 'events:ce-tenant': 't1',
      },
      data: '1',
    });
    expect(JSON.parse(toCloudEvent(event))).toEqual({
      specversion: '1.0', id: event.id, source: POD, type: 'com.example.added', topic: 'realestate/contact#add',
      time: '2020-02-29T12:00:00+01:00', dataschema: 'https://a.example/s', authtype: 'app_user', authid: PUBLISHER,
      eventurl: eventUrl(event), flag: true, count: -5, tenant: 't1', datacontenttype: 'application/json', data: 1,
    });
  });

  const given = {
    'events:ce-id': 'their id', 'events:ce-source': '/their/source', 'events:ce-type': 'realestate/contact#add',
    'events:ce-datacontenttype': 'text/plain', 'events:ce-tenant': 't1', subject: 'theirs',
  } as const;

  it('keeps what its producer gave, with the own identity in extensions.', async(): Promise<void> => {
    const event = await make({ annotations: given, data: '"<>"' });
    expect(JSON.parse(toCloudEvent(event))).toEqual({
      specversion: '1.0', id: 'their id', source: '/their/source', type: 'realestate/contact#add', subject: 'theirs',
      tenant: 't1', datacontenttype: 'text/plain', data: '<>',
      authtype: 'app_user', authid: PUBLISHER, eventurl: eventUrl(event),
    });
  });

  it.each([
    [ { 'events:ce-datacontenttype': 'text/plain' }, '"a"', { form: 'text', text: 'a' }, 'a' ],
    [ { 'events:ce-datacontenttype': 'text/plain' }, '{"a":1.0}', { form: 'json', text: '{"a":1.0}' }, '{"a":1.0}' ],
    [ { 'events:ce-datacontenttype': 'application/vnd.a+json' }, '"a"', { form: 'json', text: '"a"' }, '"a"' ],
    [ { 'events:ce-datacontenttype': 'image/png', [DATA_ENCODING]: 'base64' }, '"AP8="', { form: 'binary', text: 'AP8=' }, '\0\u00FF' ],
    [ { [DATA_ENCODING]: 'base64' }, '""', { form: 'binary', text: '' }, '' ],
    [ { [DATA_ENCODING]: 'base64' }, '"A"', { form: 'json', text: '"A"' }, '"A"' ],
    [ { [DATA_ENCODING]: 'base64' }, '[1]', { form: 'json', text: '[1]' }, '[1]' ],
    [ {}, '1.10', { form: 'json', text: '1.10' }, '1.10' ],
  ])('has the data of %j with %s in its form.', async(annotations, data, expected, bytes): Promise<void> => {
    const { attributes, data: found } = cloudEventOf(await make({
      annotations: { 'events:ce-id': '1', 'events:ce-source': 'urn:a', ...annotations }, data,
    }));
    expect(found).toEqual(expected);
    expect(dataBytes(found!).toString('latin1')).toBe(bytes);
    expect(attributes.time).toBeUndefined();
  });

  it.each([ [ 'no uri' ], [ '' ], [ 'a:b c' ], [ 'a\u00E9' ], [ '1:2' ], [ 'x'.repeat(2_049) ]])('is its own with the source %j.', async(source): Promise<void> => {
    const event = await make({ annotations: { ...given, 'events:ce-source': source }, data: '1' });
    expect(cloudEventOf(event).attributes).toMatchObject({ id: event.id, source: POD, datacontenttype: 'application/json' });
  });

  it('has no topic of its own if its type is the topic.', async(): Promise<void> => {
    const event = await make({ annotations: { 'events:ce-type': 'realestate/contact#add' }});
    expect(checkCloudEvent(toCloudEvent(event))).not.toHaveProperty('topic');
  });

  it.each([
    [ 'authid', 'https://victim.example/#me' ], [ 'authtype', 'system' ], [ 'authclaims', 'x' ], [ 'eventurl', 'x' ], [ 'recipients', 'x' ],
    [ 'participants', 'x' ], [ 'requestkey', 'x' ], [ 'eventtype', 'x' ], [ 'topic', 'x' ], [ 'specversion', '2.0' ], [ 'id', 'x' ], [ 'source', 'x' ],
    [ 'datacontenttype', 'text/html' ], [ 'data', 'x' ], [ 'subject', 'x' ], [ 'time', '2020-02-30T12:00:00Z' ], [ 'time', 'x' ],
    [ 'dataschema', 'no uri' ], [ 'x', 1.5 ], [ 'x', 2 ** 31 ], [ 'x', '' ], [ 'x', { a: 1 }], [ 'UP', 'x' ], [ 'a-b', 'x' ],
  ])('does not take %s = %j from the document of another server.', async(name, value): Promise<void> => {
    const event = await make({}, undefined);
    const { members } = event;
    const forged = { ...event, members: `${members.slice(0, -1)},${JSON.stringify(`events:ce-${name}`)}:${JSON.stringify(value)}}` };
    expect(toCloudEvent(forged)).toBe(toCloudEvent(event));
  });

  it('names the server\'s own agent as a system.', async(): Promise<void> => {
    const agent = 'https://pods.example/.events/agent#this';
    expect(checkCloudEvent(toCloudEvent(await make({}, agent), agent))).toMatchObject({ authtype: 'system', authid: agent });
    expect(checkCloudEvent(toCloudEvent(await make(), agent))).toMatchObject({ authtype: 'app_user', authid: PUBLISHER });
    expect(checkCloudEvent(toCloudEvent(await make({}, agent)))).toMatchObject({ authtype: 'app_user' });
  });

  it('leaves out what is not known.', async(): Promise<void> => {
    const event = await createEvent({ topic: 'event', recipients: [], sources: [], annotations: { subject: '' }}, POD, undefined, loader);
    expect(Object.keys(checkCloudEvent(toCloudEvent(event)))).toEqual([ 'specversion', 'id', 'source', 'type', 'time', 'eventurl' ]);
  });

  it.each([
    '{ "n": 1.0, "big": 12345678901234567890, "e": 1E400 }', '[1.10]', '"a\\u0000\\ud83d\\ude00"', 'null', 'false', '0', '""',
    '{"data":{"data":1},"x":",\\"data\\":2"}', '{"@context":{"a":"https://a.example/"},"a":1}',
  ])('keeps the text of the data %s.', async(data): Promise<void> => {
    const event = await make({ data, annotations: { subject: ',"data":3}' }});
    const text = toCloudEvent(event);
    expect(text.endsWith(`"datacontenttype":"application/json","data":${data}}`)).toBe(true);
    expect(checkCloudEvent(text).data).toEqual(JSON.parse(data));
  });

  it('finds the data wherever another server has put it.', async(): Promise<void> => {
    const members = '{ "subject" : { "data" : 1 },\n "data" : [ 1.0 ], "recipient": [ "https://a.example/", 5 ], "topic": "x" }';
    const { data, ...values } = JSON.parse(members) as Record<string, unknown>;
    expect(data).toEqual([ 1 ]);
    expect(readMembers({ members })).toEqual({ values, data: '[ 1.0 ]' });
    const text = toCloudEvent({ ...await make(), members });
    expect(text).toContain('"data":[ 1.0 ]}');
    expect(checkCloudEvent(text)).toMatchObject({ type: 'realestate/contact#add', recipients: 'https://a.example/' });
  });

  it('has only characters of CloudEvents in its attributes.', async(): Promise<void> => {
    const event = await make({ topic: 'a\uFFFFb', annotations: { subject: 'a\nb\u0085\uFDD0😀' }, data: '"a\\nb"' });
    expect(checkCloudEvent(toCloudEvent(event))).toMatchObject({ type: 'a\uFFFDb', subject: 'a\uFFFDb\uFFFD\uFFFD😀', data: 'a\nb' });
  });

  it('is valid whatever is published.', async(): Promise<void> => {
    await fc.assert(fc.asyncProperty(
      fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }), fc.json({ maxDepth: 3 }),
      async(topic, subject, data): Promise<void> => {
        const text = toCloudEvent({ ...await make({ annotations: { subject }, data: `{"payload":${data}}` }), topic });
        expect(checkCloudEvent(text).data).toEqual({ payload: JSON.parse(data) });
      },
    ), { numRuns: runs(50) });
  });
});

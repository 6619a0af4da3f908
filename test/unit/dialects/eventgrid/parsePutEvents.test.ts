import fc from 'fast-check';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import { isTopic } from '../../../../src/event/Topic';
import { parsePrecheck } from '../../../../src/dialects/eventgrid/parsePrecheck';
import type { PutEvent } from '../../../../src/dialects/eventgrid/parsePutEvents';
import { parsePutEvents } from '../../../../src/dialects/eventgrid/parsePutEvents';

const EVENT = { specversion: '1.0', id: '1', source: 'contact#add', type: 'added' };

const parse = (events: unknown, channel = 'realestate'): any => parsePutEvents({ text: JSON.stringify({ events }), channel });
const one = (event: object, channel?: string): any => parse([{ ...EVENT, ...event }], channel)[0];

describe('The body of PutEvents', (): void => {
  it('is one draft per event.', (): void => {
    expect(parse([{
      ...EVENT, datacontenttype: 'application/json; charset=UTF-8', dataschema: 'urn:x:y', subject: 's', time: '2026-01-31T12:00:00.5+02:00',
      data: { a: [ 1 ]}, tenant: 't', flag: false, count: 5,
    }, { ...EVENT, id: '2', source: 'offer', data_schema: 'https://a.example/' }])).toEqual([
      {
        id: '1',
        draft: {
          topic: 'realestate/contact#add',
          annotations: {
            subject: 's', 'events:ce-id': '1', 'events:ce-type': 'added', 'events:ce-time': '2026-01-31T12:00:00.5+02:00', 'events:ce-dataschema': 'urn:x:y',
            'events:ce-tenant': 't', 'events:ce-flag': false, 'events:ce-count': 5,
          },
          data: '{"a":[1]}',
        },
      },
      { id: '2', draft: { topic: 'realestate/offer', annotations: { 'events:ce-id': '2', 'events:ce-type': 'added', 'events:ce-dataschema': 'https://a.example/' }}},
    ]);
  });

  it('keeps the text of data, wherever it is.', (): void => {
    const text = '{ "data": 1, "events" : [ {"data": [ 1.0 , 1e400 ] ,"specversion":"1.0","id":"1","source":"a","type":"t"},' +
      '{"specversion":"1.0","id":"2","source":"a","type":"t", "data" : null} ] }';
    const drafts = (parsePutEvents({ text, channel: '' }) as any[]).map(({ draft: { data, topic }}): unknown => [ topic, data ]);
    expect(drafts).toEqual([[ 'a', '[ 1.0 , 1e400 ]' ], [ 'a', 'null' ]]);
  });

  it('takes null as an absent attribute.', (): void => {
    expect(one({ subject: null, time: null, dataschema: null, datacontenttype: null, data_base64: null, tenant: null }).draft)
      .toEqual({ topic: 'realestate/contact#add', annotations: { 'events:ce-id': '1', 'events:ce-type': 'added' }});
  });

  it('takes JSON in base64.', (): void => {
    const encode = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
    expect(one({ data_base64: encode(' {"a": 1.0}\n') }).draft.data).toBe('{"a": 1.0}');
    for (const content of [ encode('{'), encode(''), encode(Uint8Array.of(0xFF)), encode('{"a":1,"a":2}'), '*', 'YQ', 'e30_', 5, encode('['.repeat(65) + ']'.repeat(65)) ]) {
      expect(one({ data_base64: content }).fault).toMatch(/^Invalid data_base64: /u);
    }
    expect(one({ data: 1, data_base64: encode('1') }).fault).toContain('both data and data_base64');
  });

  it.each([
    [{ id: undefined }, 'Invalid id' ], [{ id: '' }, 'Invalid id' ], [{ id: 5 }, 'Invalid id' ], [{ id: null }, 'Invalid id' ], [{ id: 'a\u0000' }, 'Invalid id' ],
    [{ source: undefined }, 'Invalid source' ], [{ source: '' }, 'Invalid source' ], [{ source: '/'.repeat(16) }, 'Invalid source' ],
    [{ source: '\u2028' }, 'Invalid source' ], [{ source: 'ü'.repeat(512) }, 'Invalid source' ],
    [{ specversion: '0.3' }, 'Invalid specversion' ], [{ specversion: 1 }, 'Invalid specversion' ], [{ specversion: undefined }, 'Invalid specversion' ],
    [{ type: [ 'a' ]}, 'Invalid type' ], [{ type: '\uFFFF' }, 'Invalid type' ], [{ subject: '' }, 'Invalid subject' ], [{ subject: {}}, 'Invalid subject' ],
    [{ time: '2026-02-30T00:00:00Z' }, 'Invalid time' ], [{ time: '2026-01-31' }, 'Invalid time' ], [{ time: '2026-01-31T12:00Z' }, 'Invalid time' ],
    [{ time: 1 }, 'Invalid time' ], [{ time: '2026-01-31T12:00:00' }, 'Invalid time' ],
    [{ dataschema: 'relative' }, 'Invalid dataschema' ], [{ dataschema: 5 }, 'Invalid dataschema' ], [{ data_schema: '' }, 'Invalid dataschema' ],
    [{ datacontenttype: 'text/plain' }, 'Invalid datacontenttype' ], [{ datacontenttype: 'application/jsonx' }, 'Invalid datacontenttype' ],
    [{ datacontenttype: 5 }, 'Invalid datacontenttype' ],
    [{ fooBar: 'x' }, 'Invalid attribute "fooBar"' ], [{ 'a-b': 'x' }, 'Invalid attribute "a-b"' ], [{ '': 'x' }, 'Invalid attribute ""' ],
    [{ ext: 1.5 }, 'Invalid attribute "ext"' ], [{ ext: 2 ** 31 }, 'Invalid attribute "ext"' ], [{ ext: {}}, 'Invalid attribute "ext"' ], [{ ext: '' }, 'Invalid attribute "ext"' ],
    [{ authid: 'x' }, 'only the server sets it' ], [{ authtype: 'x' }, 'only the server sets it' ], [{ authclaims: 'x' }, 'only the server sets it' ],
    [{ eventurl: 'x' }, 'only the server sets it' ], [{ recipients: 'x' }, 'only the server sets it' ], [{ topic: 'x' }, 'only the server sets it' ],
    [ Object.fromEntries(Array.from({ length: 51 }, (_, index): [string, number] => [ `a${index}`, 1 ])), '51 extension attributes' ],
  ])('says what is wrong with %j, and takes the others.', (event, fault): void => {
    const [ first, second ] = parse([{ ...EVENT, ...event }, EVENT ]);
    expect(first.fault).toContain(fault);
    expect(second.draft.topic).toBe('realestate/contact#add');
  });

  it.each([
    [ '{', 'not valid JSON' ], [ '', 'No request body' ], [ '[]', 'Invalid events' ], [ 'null', 'Invalid events' ], [ '{}', 'Invalid events' ],
    [ '{"events":{}}', 'Invalid events' ], [ '{"events":[]}', 'Invalid events' ], [ '{"events":[],"events":[{}]}', 'twice' ], [ '{"events":[{"id":"1","id":"2"}]}', 'twice' ],
    [ '{"events":[{"__proto__":1}]}', '__proto__' ], [ `{"events":[{"data":${'['.repeat(65)}${']'.repeat(65)}}]}`, '64 levels' ],
  ])('is refused: %.60s.', (text, message): void => {
    expect((): unknown => parsePutEvents({ text, channel: '' })).toThrow(message);
  });

  it('has data of 64 levels.', (): void => {
    const deep = `${'['.repeat(64)}${']'.repeat(64)}`;
    expect(parsePutEvents({ text: `{"events":[{"specversion":"1.0","id":"1","source":"a","type":"t","data":${deep}}]}`, channel: '' })).toMatchObject([{ draft: { data: deep }}]);
  });

  it('has at most 20 events of 64 KiB, and 256 KiB in all.', (): void => {
    const sized = (bytes: number): string => 'ü'.repeat((bytes - 2) / 2);
    expect(parse(Array.from({ length: 20 }, (): object => EVENT))).toHaveLength(20);
    expect(parse(Array.from({ length: 21 }, (): object => EVENT))).toMatchObject({ exceeded: 'count' });
    expect(parse([ sized(65_536) ])).toHaveLength(1);
    expect(parse([ EVENT, sized(65_538) ])).toMatchObject({ exceeded: 'event', message: expect.stringContaining('events[1]') });
    expect(parse(Array.from({ length: 4 }, (): string => sized(65_536)))).toHaveLength(4);
    expect(parse([ ...Array.from({ length: 4 }, (): string => sized(65_536)), 1 ])).toMatchObject({ exceeded: 'total' });
  });

  it('has the topic that the precheck has for the same channel and source.', (): void => {
    const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('a', 'a/b', 'a#b', '/', 'x'.repeat(600)));
    fc.assert(fc.property(name.filter((text): boolean => text !== ''), name, (channel, source): void => {
      let topic: string | undefined;
      try {
        [{ topic }] = parsePrecheck(JSON.stringify({ sources: [{ channel_id: channel, source_name: source }]}));
      } catch {
        return;
      }
      const put: any = source === '' ? one({ source: channel }, '') : one({ source }, channel);
      expect(put.draft?.topic).toBe(topic);
    }));
  });

  it('is read in full or refused, whatever it is.', (): void => {
    const event = fc.record({
      specversion: fc.constant('1.0'), id: fc.string({ unit: 'binary', minLength: 1 }), source: fc.string({ unit: 'binary' }), type: fc.string({ unit: 'binary' }), data: fc.jsonValue(),
    });
    const body = fc.array(fc.oneof(event, fc.jsonValue()), { minLength: 1, maxLength: 5 }).map((events): string => JSON.stringify({ events }));
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), body), (text): void => {
      let events: PutEvent[];
      try {
        events = parsePutEvents({ text, channel: 'c' }) as PutEvent[];
      } catch (error: unknown) {
        expect(error).toBeInstanceOf(InvalidInput);
        return;
      }
      expect(events).toHaveLength(JSON.parse(text).events.length);
      for (const item of events) {
        expect('draft' in item ? isTopic(item.draft.topic) : item.fault).toBeTruthy();
      }
    }));
  });
});

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Quad } from '@rdfjs/types';
import fc from 'fast-check';
import { ContextLoader } from '../../../src/event/ContextLoader';
import type { EventDraft } from '../../../src/event/Event';
import { eventDocument, eventUrl, isId } from '../../../src/event/Event';
import { createEvent } from '../../../src/event/EventDocument';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { parseJson } from '../../../src/event/json';
import { parseIndependently } from '../../util/rdf';
import { runs } from '../../util/effort';

const POD = 'https://producer.example/';
const PUBLISHER = `${POD}profile/card#me`;
const contextFile = join(tmpdir(), `context-${process.pid}.jsonld`);
writeFileSync(contextFile, JSON.stringify({ '@context': { name: 'http://example.org/name' }}));
const loader = new ContextLoader({ 'https://bundled.example/context': contextFile });

const draft = (data?: string, fields: Partial<EventDraft> = {}): EventDraft =>
  ({ topic: 'realestate/contact#add', recipients: [ 'https://user.example/#me' ], sources: [], data, ...fields });

interface Read { url: string; json: any; quads: Quad[] }

async function read(data?: string, fields: Partial<EventDraft> = {}): Promise<Read> {
  const event = await createEvent(draft(data, fields), POD, PUBLISHER, loader);
  const document = eventDocument(event);
  return {
    url: eventUrl(event),
    json: JSON.parse(document),
    quads: await parseIndependently(document, eventUrl(event)),
  };
}

const valuesOf = (quads: Quad[], predicate: string): string[] =>
  quads.filter((quad): boolean => quad.predicate.value === predicate).map(({ object }): string => object.value);

describe('The document of an event', (): void => {
  it('tells all of the event as JSON.', async(): Promise<void> => {
    const before = Date.now();
    const { url, json } = await read('{"a":1}', {
      sources: [ 'https://a.example/', 'https://b.example/' ],
      annotations: { subject: 's', eventType: 't', requestKey: 'k', 'https://dialect.example/#field': 'f' },
    });
    expect(json).toMatchObject({
      id: url,
      type: [ 'Activity', 'Event' ],
      topic: 'realestate/contact#add',
      publisher: PUBLISHER,
      recipient: 'https://user.example/#me',
      source: [ 'https://a.example/', 'https://b.example/' ],
      origin: POD,
      subject: 's',
      eventType: 't',
      requestKey: 'k',
      'https://dialect.example/#field': 'f',
      data: { a: 1 },
    });
    expect(Date.parse(json.published)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(json.published)).toBeLessThanOrEqual(Date.now());
    expect(isId(url.slice(`${POD}publish/`.length))).toBe(true);
  });

  it('leaves out what is not known.', async(): Promise<void> => {
    const event = await createEvent({ topic: 'event', recipients: [], sources: []}, POD, undefined, loader);
    expect(Object.keys(JSON.parse(event.members))).toEqual([ 'id', 'type', 'topic', 'origin', 'published' ]);
  });

  it('tells all of the event as RDF.', async(): Promise<void> => {
    const { url, quads } = await read('{"type":"AddAction","object":{"type":"Contact","name":"Bruce Wayne"}}');
    const as = 'https://www.w3.org/ns/activitystreams#';
    expect(valuesOf(quads, `${as}actor`)).toEqual([ PUBLISHER ]);
    expect(valuesOf(quads, `${as}to`)).toEqual([ 'https://user.example/#me' ]);
    expect(valuesOf(quads, `${as}origin`)).toEqual([ POD ]);
    expect(valuesOf(quads, 'https://w3id.org/pod-events#topic')).toEqual([ 'realestate/contact#add' ]);
    expect(valuesOf(quads, 'http://schema.org/name')).toEqual([ 'Bruce Wayne' ]);
    expect(valuesOf(quads, 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type').sort()).toEqual([
      'http://schema.org/AddAction', 'http://schema.org/Contact', `${as}Activity`, 'https://w3id.org/pod-events#Event',
    ].sort());
    expect(quads.filter(({ subject }): boolean => subject.value === url)).toHaveLength(8);
  });

  it('takes id as @id where every id is an absolute IRI.', async(): Promise<void> => {
    const iris = await read('{"id":"https://a.example/1","b":{"id":"urn:x:y"}}');
    expect(valuesOf(iris.quads, 'https://www.w3.org/ns/activitystreams#object')).toEqual([ 'https://a.example/1' ]);
    const mixed = await read('{"id":"https://a.example/1","b":{"id":"7"}}');
    expect(valuesOf(mixed.quads, 'http://schema.org/identifier').sort()).toEqual([ '7', 'https://a.example/1' ]);
    const number = await read('{"id":7}');
    expect(valuesOf(number.quads, 'http://schema.org/identifier')).toEqual([ '7' ]);
  });

  it('takes type as @type where every type is a text.', async(): Promise<void> => {
    expect(valuesOf((await read('{"type":["A","B"]}')).quads, 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type'))
      .toEqual(expect.arrayContaining([ 'http://schema.org/A', 'http://schema.org/B' ]));
    expect(valuesOf((await read('{"type":5}')).quads, 'http://schema.org/additionalType')).toEqual([ '5' ]);
  });

  it.each([ '{"constructor":1,"a":{"toString":2}}', '{"@timestamp":"now","@value":{"a":1}}', '{"@id":5}' ])(
    'keeps %s as one literal, for no parser could read it as linked data.',
    async(data): Promise<void> => {
      const { json, quads } = await read(data);
      expect(json.data).toEqual(JSON.parse(data));
      const [ literal ] = valuesOf(quads, 'https://www.w3.org/ns/activitystreams#object');
      expect(JSON.parse(literal)).toEqual(JSON.parse(data));
    },
  );

  it('takes data with a context of its own.', async(): Promise<void> => {
    const inline = await read('{"@context":{"n":"http://example.org/n"},"n":"x"}');
    expect(valuesOf(inline.quads, 'http://example.org/n')).toEqual([ 'x' ]);
    const event = await createEvent(
      draft('{"a":{"@context":"https://bundled.example/context","name":"x"}}'), POD, PUBLISHER, loader,
    );
    const quads = await parseIndependently(eventDocument(event), POD);
    expect(valuesOf(quads, 'http://example.org/name')).toEqual([ 'x' ]);
  });

  it('is refused where no reading of it is RDF.', async(): Promise<void> => {
    await expect(createEvent(draft('[{"@reverse":{"@id":""}}]'), POD, PUBLISHER, loader)).rejects.toThrow('no valid JSON-LD');
  });

  it.each([
    [ '{"@context":"https://schema.org/","name":"x"}', 'remote contexts are never fetched' ],
    [ '{"a":[{"@context":["https://evil.example/",{}]}]}', 'https://evil.example/ is not bundled' ],
    [ '{"@context":{"@version":1.1,"@import":"https://evil.example/"},"a":1}', 'https://evil.example/' ],
    [ '{"@context":{"x":{"@id":"urn:x:y","@context":"https://evil.example/"}},"x":{"y":1}}', 'https://evil.example/' ],
    [ '{"@context":{"constructor":"https://evil.example/"},"constructor":1,"a":{"@context":"//evil.example"}}', '' ],
    [ '{"@context":5}', 'no valid JSON-LD' ],
    [ '{"@context":{},"@id":5}', 'no valid JSON-LD' ],
  ])('is refused for %s.', async(data, message): Promise<void> => {
    await expect(createEvent(draft(data), POD, PUBLISHER, loader)).rejects.toThrow(message);
  });

  it('gives back what was posted, and is always RDF.', async(): Promise<void> => {
    await fc.assert(fc.asyncProperty(fc.jsonValue({ noUnicodeString: false, depthSize: 'medium' }), async(data): Promise<void> => {
      const text = JSON.stringify(data);
      fc.pre(text.isWellFormed() && !text.includes('__proto__') && !/\\u[dD][89a-fA-F]/u.test(text));
      const posted = parseJson(`{"data":${text}}`).data.get(0);
      const { json, quads } = await read(posted);
      // What was posted is the text, which has no negative zero.
      expect(json.data).toEqual(JSON.parse(text));
      expect(quads.length).toBeGreaterThan(6);
    }), { numRuns: runs(500) });
  });

  it('is always RDF for keys that mean something to JSON-LD.', async(): Promise<void> => {
    const key = fc.constantFrom('@id', '@type', '@value', '@list', '@graph', '@language', '@reverse', '@nest', '@index', '@set', '@x',
      'id', 'type', 'constructor', 'a:b', '_:c', '', 'http://x', 'a b', 'topic', 'data', '@included', 'valueOf');
    const { value } = fc.letrec((tie): any => ({
      value: fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null),
        fc.array(tie('value'), { maxLength: 2 }), fc.dictionary(key, tie('value'), { maxKeys: 3 })),
    })) as { value: fc.Arbitrary<unknown> };
    await fc.assert(fc.asyncProperty(value, async(data): Promise<void> => {
      const accepted = await createEvent(draft(JSON.stringify(data)), POD, PUBLISHER, loader).catch((error: unknown): unknown => error);
      fc.pre(!(accepted instanceof InvalidInput));
      const { json, quads } = await read(JSON.stringify(data));
      expect(json.data).toEqual(JSON.parse(JSON.stringify(data)));
      expect(quads.length).toBeGreaterThan(6);
    }), { numRuns: runs(500) });
  });
});

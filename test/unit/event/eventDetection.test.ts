import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ContextLoader } from '../../../src/event/ContextLoader';
import { mayDeclareEvent, mayHaveEventForm } from '../../../src/event/eventDetection';
import { eventsIn } from '../../../src/event/ReceivedDocument';
import { parseJsonLd } from '../../../src/event/rdf';
import { quadInCurrentNamespace, FORMER_EVENTS } from '../../../src/event/formerNamespace';
import { EVENTS } from '../../../src/event/vocabulary';

const CSS = join(__dirname, '../../../node_modules/@solid/community-server/templates/contexts');
const OWN = join(__dirname, '../../../templates/contexts');

/** Cuts of the type's IRI into two parts, as a context puts it together. */
const cutOf = (type: string): fc.Arbitrary<[ string, string ]> =>
  fc.integer({ min: 1, max: type.length - 1 }).map((at): [ string, string ] => [ type.slice(0, at), type.slice(at) ]);

/** Ways to say that something is an event, in a namespace. */
const documentIn = (namespace: string, TYPE: string, cut = cutOf(TYPE)): fc.Arbitrary<object> => fc.oneof(
  fc.constantFrom<object>(
    { '@type': TYPE }, { '@type': [ 'urn:x', TYPE ]}, { '@graph': [{ '@id': 'urn:a', '@type': TYPE }]},
    { '@context': { '@vocab': namespace }, '@type': 'Event' }, { '@context': { E: TYPE, t: '@type' }, t: 'E' },
    { '@context': { rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#' }, 'rdf:type': { '@id': TYPE }},
    { '@context': { is: { '@id': 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type', '@type': '@id' }}, is: TYPE },
    { '@id': TYPE, '@reverse': { 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type': { '@id': 'urn:a' }}},
    { '@context': { by: { '@id': 'urn:by', '@container': '@type' }}, by: { [TYPE]: { '@id': 'urn:a' }}},
    { '@included': [{ '@type': TYPE }]}, { 'urn:x': { 'urn:y': [{ '@type': TYPE }]}},
    { '@context': { u: 'urn:' }, '@type': 'u:solid-pod-events:vocab:Event' },
    { '@context': { a: { '@id': 'urn:s', '@prefix': true }, b: { '@id': 'a:olid-pod', '@prefix': true }}, '@type': 'b:-events:vocab:Event' },
    { '@context': { '@base': 'urn:x' }, '@type': './solid-pod-events:vocab:Event' },
    { '@context': { '@base': TYPE }, '@type': '' }, { '@context': { '@base': 'https://w3id.org/x/y' }, '@type': '../pod-events#Event' },
    { '@context': { '@base': 'https://w3id.org/x/../pod-events' }, '@type': '#Event' },
    { '@context': [{ '@base': 'https://w3id.org/x' }, { '@vocab': 'pod-ev' }], '@type': 'ents#Event' },
    { '@context': { '@base': 'https://w3id.org' }, '@graph': [{ '@type': '/pod-events#Event' }]},
  ),
  cut.map(([ start, end ]): object => ({ '@context': { p: { '@id': start, '@prefix': true }}, '@type': `p:${end}` })),
  cut.map(([ start, end ]): object => ({ '@context': { '@vocab': start }, '@type': end })),
  cut.map(([ start, end ]): object => ({ '@context': { '@vocab': start, T: end }, '@type': 'T' })),
);
const document = fc.oneof(...[ EVENTS, FORMER_EVENTS ].map((namespace): fc.Arbitrary<object> => documentIn(namespace, `${namespace}Event`)));

/** The same JSON with some characters escaped, and perhaps a key twice. */
function disguised(text: string, choices: readonly boolean[]): string {
  let index = 0;
  return text.replaceAll(/[A-Za-z:@/-]/gu, (character): string => {
    index += 1;
    const hex = character.codePointAt(0)!.toString(16).padStart(4, '0');
    return choices[index % choices.length] ? `\\u${index % 2 === 0 ? hex : hex.toUpperCase()}` : character;
  });
}

describe('A claim to be an event', (): void => {
  it('is seen in whatever JSON-LD says so, however it is written.', async(): Promise<void> => {
    let events = 0;
    const disguise = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
    await fc.assert(fc.asyncProperty(document, disguise, async(value, choices): Promise<void> => {
      const text = disguised(JSON.stringify(value), choices);
      const quads = await parseJsonLd(text, new ContextLoader({}), 'https://pod.example/inbox/').catch((): [] => []);
      const isEvent = eventsIn(quads.map(quadInCurrentNamespace)).size > 0;
      events += Number(isEvent);
      expect([ text, mayDeclareEvent(text) || !isEvent ]).toEqual([ text, true ]);
    }), { numRuns: 1_000 });
    expect(events).toBeGreaterThan(100);
    const isLast = { '@type': 'urn:x' };
    expect(mayDeclareEvent(`{"@type":"${EVENTS}Event",${JSON.stringify(isLast).slice(1)}`)).toBe(true);
  });

  it('is not seen in ordinary notifications.', (): void => {
    for (const text of [
      '{"@context":["https://www.w3.org/ns/activitystreams","https://purl.org/coar/notify"],"id":"urn:uuid:0370c0fb-bb78-4a9b-87f5-bed307a509dd","type":"Event"}',
      '{"@context":["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1"],"url":"https://pod.example/"}',
      '{"content":"The plugin solid-pod-events: events for pods"}', '{"url":"https://git.example/solid-pod-events"}', '{"a":"urn","b":"u","c":"urn"}',
    ]) {
      expect([ text, mayDeclareEvent(text) ]).toEqual([ text, false ]);
    }
  });

  it('is looked for in the form of plain JSON, with escapes.', (): void => {
    for (const text of [ '/publish/ Event', String.raw`\/publish\/ Event`, String.raw`\u002fpublish\u002F \u0045vent` ]) {
      expect([ text, mayHaveEventForm(text) ]).toEqual([ text, true ]);
    }
    expect(mayHaveEventForm('/publish/')).toBe(false);
  });

  it('cannot be hidden behind a context that is bundled.', (): void => {
    const files = [ CSS, OWN ].flatMap((folder): string[] => readdirSync(folder).filter((name): boolean => name.endsWith('.jsonld'))
      .map((name): string => join(folder, name)));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      expect(JSON.parse(text)).toHaveProperty('@context');
      expect([ file, mayDeclareEvent(text) ]).toEqual([ file, false ]);
    }
  });

  it('is looked for in time that grows with the length alone.', (): void => {
    const size = 4_000_000;
    for (const text of [
      'x'.repeat(size), `"${'solid-pod-events'.repeat(size / 16)}`, '"s'.repeat(size / 2), String.raw`\u0073`.repeat(size / 6), `"${' '.repeat(size)}`,
      '"urn:x'.repeat(size / 6), '"'.repeat(size),
    ]) {
      expect(mayDeclareEvent(text)).toBe(false);
    }
  });
});

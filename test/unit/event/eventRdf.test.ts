import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Quad } from '@rdfjs/types';
import fc from 'fast-check';
import { activityText } from '../../../src/event/activity';
import { fromActivityObject } from '../../../src/event/activityObject';
import { ContextLoader } from '../../../src/event/ContextLoader';
import type { Event } from '../../../src/event/Event';
import { eventDocument, eventUrl } from '../../../src/event/Event';
import { createEvent } from '../../../src/event/EventDocument';
import { eventRdf, RDF_TYPES } from '../../../src/event/eventRdf';
import { isServedAsStored } from '../../../src/event/eventTasks';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { membersOf, parseJson } from '../../../src/event/json';
import { readStored } from '../../../src/event/documentReading';
import { areIsomorphic, decimalOf, parseIndependently, parseStrictly } from '../../util/rdf';

const NUM_RUNS = Number(process.env.PROPERTY_RUNS ?? 100);
const POD = 'https://producer.example/';
const PUBLISHER = `${POD}profile/card#me`;
const AS = 'https://www.w3.org/ns/activitystreams#';
const DATA = `${AS}object`;
const RDF_JSON = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON';
const contextFile = join(tmpdir(), `bundled-${process.pid}.jsonld`);
const CONTEXT = { name: 'http://example.org/name', Note: `${AS}Note` };
writeFileSync(contextFile, JSON.stringify({ '@context': CONTEXT }));
const BUNDLED = 'https://bundled.example/context';
const AS2 = AS.slice(0, -1);
const AS2_FILE = join(dirname(require.resolve('@solid/community-server/package.json')), 'templates/contexts/activitystreams.jsonld');
const AS2_TERMS = JSON.stringify((JSON.parse(readFileSync(AS2_FILE, 'utf8')) as Record<string, unknown>)['@context']);
const loader = new ContextLoader({ [BUNDLED]: contextFile, [AS2]: AS2_FILE });

async function publish(data: string): Promise<Event> {
  const posted = parseJson(`{"topic":"a","data":${data}}`).data.get(0);
  return createEvent({ topic: 'a/b#c', recipients: [ 'https://user.example/#me' ], sources: [], data: posted }, POD, PUBLISHER, loader);
}

async function textOf(event: Event, mediaType: string): Promise<string> {
  return [ ...await eventRdf(event, mediaType) ].join('');
}

/** Checks that the strings and digits of plain data are in its graph. */
function assertComplete(text: string, graph: readonly Quad[]): void {
  if (text.includes('"@')) {
    return;
  }
  const terms = graph.flatMap(({ predicate, object }): string[] => [ predicate.value, object.value ]);
  const known = new Set(terms.flatMap((term): string[] => [ term, term.replace('http://schema.org/', '') ]));
  const literals = graph.filter(({ object }): boolean => object.termType === 'Literal' && object.datatype.value.endsWith('#JSON'));
  const walk = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [ key, child ] of Object.entries(value)) {
        if (!Array.isArray(value) && child !== null && JSON.stringify(child) !== '[]' && !Array.isArray(child) && key !== 'id' && key !== 'type') {
          expect(known).toContain(key);
        }
        walk(child);
      }
    } else if (typeof value === 'string') {
      expect(known).toContain(value);
    }
  };
  if (literals.length === 0) {
    walk(JSON.parse(text));
    const numbers = graph.flatMap(({ object }): string[] =>
      object.termType === 'Literal' && /#(?:integer|double|decimal)$/u.test(object.datatype.value) ? [ decimalOf(object.value) ] : []);
    for (const [ token ] of text.replaceAll(/"(?:[^"\\]|\\.)*"/gu, '""').matchAll(/-?\d[\d.eE+-]*/gu)) {
      expect(numbers).toContain(decimalOf(token));
    }
  }
}

/**
 * Checks the JSON form of ActivityStreams, for readers without JSON-LD too, and returns its graph.
 *
 * @see https://www.w3.org/TR/activitystreams-core/#object
 */
async function activityGraph(event: Event): Promise<Quad[]> {
  const text = await activityText(event, loader.bundled());
  const activity = JSON.parse(text);
  const { object, '@context': context, published, ...others } = activity;
  expect(context).toEqual([ AS2, { events: 'https://w3id.org/pod-events#' }]);
  expect(others).toEqual({
    id: eventUrl(event), type: [ 'Activity', 'https://w3id.org/pod-events#Event' ], actor: PUBLISHER,
    to: [ 'https://user.example/#me' ], origin: POD, 'events:topic': 'a/b#c',
  });
  expect(published).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u);
  expect([ typeof object, object === null, Array.isArray(object) ]).toEqual([ 'object', false, false ]);
  const data = membersOf(event.members).get('data')!.value;
  const posted = fromActivityObject(membersOf(text).get('object')!.value);
  // The canonical form of a literal has no -0.
  const normal = (json: string): unknown => JSON.parse(json, (_key, value: unknown): unknown => value === 0 ? 0 : value);
  expect(normal(posted)).toEqual(normal(data));
  return parseIndependently(text.replace(`"${AS2}"`, AS2_TERMS), 'https://elsewhere.example/');
}

/** Checks all that holds for every accepted event, and returns its graph. */
async function check(event: Event): Promise<Quad[]> {
  const url = eventUrl(event);
  const independent = await parseIndependently(eventDocument(event), url);
  const elsewhere = await parseIndependently(eventDocument(event), `https://user.example/inbox/${event.id}`);
  const graphs = await Promise.all(RDF_TYPES.map(async(type): Promise<Quad[]> => {
    const text = await textOf(event, type);
    try {
      return parseStrictly(text, type, url);
    } catch (error: unknown) {
      throw new Error(`${type}: ${(error as Error).message}\n${text}`);
    }
  }));
  for (const [ index, graph ] of [ ...graphs, elsewhere, await activityGraph(event) ].entries()) {
    if (!areIsomorphic(graph, independent)) {
      const show = (quads: Quad[]): string => quads.map((each): string =>
        `${each.subject.value} ${each.predicate.value} ${JSON.stringify(each.object)} ${each.graph.value}`).sort().join('\n');
      throw new Error(`${[ ...RDF_TYPES, 'elsewhere', 'activity' ][index]} of ${event.members}\n${show(graph)}\n\n${show(independent)}`);
    }
  }
  expect(graphs[0].every(({ graph }): boolean => graph.termType === 'DefaultGraph')).toBe(true);
  const own = graphs[0].filter(({ subject }): boolean => subject.value.includes(event.id));
  expect(own.filter(({ predicate }): boolean => predicate.value !== DATA)).toHaveLength(7);
  expect(own.every(({ subject }): boolean => subject.value === url)).toBe(true);
  return graphs[0];
}

describe('The RDF of an event', (): void => {
  it.each([
    '1', '"x"', 'true', 'null', '[]', '{}', '[null]', '[[]]', '[1,1,[2,[3]]]', '{"a":null}', '{"a":[]}', '"\\u0000\\u2028\\ufffe"',
    '{"type":"Doc","id":"urn:a","name":"n"}', '{"type":["A","B"]}', '{"type":5}', '{"type":"a b"}', '{"type":"type"}', '{"id":"x"}', '{"id":7}',
    '{"a b":1}', '{"":1}', '{"a\\"b":1}', '{"<a>":1}', '{"a:b":1}', '{"_:b":1}', '{"a,b:c":1}', '{":a":1}', '{"http://x":1}', '{"constructor":1}',
    '{"..":1}', '{"a/../b":1}', '{"a#b":1}', '{"a#b#c":1}', '{"%":1}', '{"%41":1}', '{"[x]":1}', '{"é":1}', '{"\\u00a0":1}', '{"\\ue000":1}',
    '{"n":12345678901234567890}', '{"n":[1e400,-1e400,1e-400,1e21,1e20,1e22,1.5,9.95,0.1,1e-7,-0,0.0,1E2,123456789.123456789123456789]}',
    '[{"id":"urn:a","n":1},{"id":"urn:a","n":[1,2]}]', '{"name":"x","http://schema.org/name":"x"}', '{"type":"A","additionalType":"B"}',
    '{"@timestamp":1}', '{"@id":5}', '{"@value":{"a":1}}', '{"@graph":[{"name":"x"}]}', '{"a":{"@list":[1,2,{"b":[]}]}}', '{"@value":"x","@language":"EN-us"}',
    '{"@included":[{"name":"i"}]}', '{"@reverse":{"knows":{"name":"x"}}}', '{"@type":"@json","@value":{"b":[1,12345678901234567890],"a":1e3}}',
    '{"@context":{"@propagate":false,"a":"http://a.example/"},"a":{"a":1}}'.replace('{"a":1}', '{"http://x/a":1}'),
    '{"@context":{"@vocab":"http://x.example/"},"p":[12345678901234567890,12345678901234567891,12345678901234567168,1e400,9.95]}',
    '{"@context":{"d":{"@id":"urn:d","@type":"http://www.w3.org/2001/XMLSchema#double"}},"d":["1.5",5,7.25,true]}',
    `{"@context":"${BUNDLED}","name":"x","@type":"Note"}`, '{"@context":{"@vocab":""},"a":1}', '{"@context":{"@vocab":"x/"},"a":1}', `{"a":{"@context":["${BUNDLED}",{"b":"urn:b"}],"name":"x","b":1}}`,
    '{"@value":12345678901234567890,"@type":"http://www.w3.org/2001/XMLSchema#double"}', '{"@value":-0.1e1,"@type":"http://www.w3.org/2001/XMLSchema#double"}',
    `{"@type":"${RDF_JSON}","@value":"[1, {\\"b\\":2,\\"a\\":null}]"}`, `{"@type":"${RDF_JSON}","@value":true}`,
    `{"@context":{"t":{"@id":"urn:t","@context":"${BUNDLED}"}},"t":{"name":"x"}}`, `{"@context":[null,"${BUNDLED}"],"name":"\\u0040x"}`,
  ])('is the same in all formats for %s.', async(data): Promise<void> => {
    const event = await publish(data);
    const graph = await check(event);
    expect(graph.some(({ predicate }): boolean => predicate.value === DATA)).toBe(true);
    expect(event.members).not.toContain(BUNDLED);
  });

  it.each([
    '{"@id":""}', `{"@id":"","${AS}actor":{"@id":"https://victim.example/#me"}}`, '{"@graph":[{"@id":"","a":1}]}', '{"@included":[{"@id":"#x"}]}',
    `{"@reverse":{"${AS}actor":{"@id":""}}}`, '{"@context":{"x":{"@id":"urn:x","@type":"@id"}},"x":"./"}', '{"@context":{"@base":"../"},"@id":"x"}',
    '{"@context":{"me":"@id"},"me":"","a":1}', '{"@context":[null,{"@vocab":""}],"a":1}', '{"@context":[null,{"@vocab":"x/"}],"a":1}',
    '{"@context":{"i":{"@id":"urn:i","@container":"@id"}},"i":{"":{"http://a":1}}}', '{"@context":{},"@graph":[{"a":1}]}',
    '{"@context":{"g":{"@id":"urn:g","@container":"@graph"}},"g":{"name":"x"}}', '{"@context":{"i":{"@id":"urn:i","@container":"@index"}},"i":{"a":1}}',
    '{"@context":{"a":null},"a":1}', '{"@context":{"@vocab":null},"a":1}', '{"@context":{"@direction":"rtl"},"a":"x"}', '{"@context":{"@language":"a b"},"a":"x"}',
    '{"@context":{"a":"urn:a b"},"a":1}', '{"@context":{"a":"_:b"},"a":1}', '{"@context":{"@version":1.1,"@import":"https://bundled.example/context"},"a":1}',
    '{"@context":"https://evil.example/"}', '{"@context":{"x":{"@id":"urn:x:y","@context":"//evil"}},"x":1}', '{"@context":{},"@set":[]}',
    '{"@context":{},"@value":null}', '{"@context":5}', '{"constructor":1e400}', '{"a":1e99999}', '{"@context":{},"a":1e99999}',
    '{"@context":{"d":{"@id":"urn:d","@type":"http://www.w3.org/2001/XMLSchema#double"}},"d":"INF"}',
    '{"@context":{},"@value":1e400,"@type":"http://www.w3.org/2001/XMLSchema#double"}', '{"@context":{},"@value":1e-400,"@type":"http://www.w3.org/2001/XMLSchema#double"}',
    '{"@type":"@json","@value":1e400}', '{"@context":{"a":{"@id":"urn:a","@type":"@json"}},"a":[{"b":1e400}]}',
    `{"@context":{},"@type":"${RDF_JSON}","@value":"{"}`, `{"@context":{},"@type":"${RDF_JSON}","@value":""}`, `{"@context":{},"@type":"${RDF_JSON}","@value":"{\\"a\\":1,\\"a\\":2}"}`,
    `{"@context":"${BUNDLED}","a":{"@type":"@json","@value":{"@context":"${BUNDLED}"}}}`,
    '{"@context":{},"@id":"https://other.example/publish/01920000-0000-7000-8000-000000000000","name":"forged"}',
  ])('has no form for %s.', async(data): Promise<void> => {
    await expect(publish(data)).rejects.toThrow(InvalidInput);
  });

  /** Runs a property for generated data; what is refused has a reason. */
  async function holds(data: fc.Arbitrary<string>, least: number): Promise<void> {
    let accepted = 0;
    await fc.assert(fc.asyncProperty(data, async(text): Promise<void> => {
      let event: Event;
      try {
        event = await publish(text);
      } catch (error: unknown) {
        // Also what the JSON parser refuses, as a key that occurs twice.
        expect(error).toBeInstanceOf(InvalidInput);
        return;
      }
      accepted += 1;
      expect(JSON.parse(eventDocument(event)).data).toEqual(JSON.parse(text.replaceAll(`"${BUNDLED}"`, JSON.stringify(CONTEXT))));
      const graph = await check(event);
      assertComplete(text, graph);
    }), { numRuns: NUM_RUNS });
    expect(accepted).toBeGreaterThan(NUM_RUNS * least);
  }

  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map(String),
    fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
    fc.tuple(fc.integer({ min: -99, max: 99 }), fc.stringMatching(/^\d{1,30}$/u), fc.integer({ min: -420, max: 420 }))
      .map(([ whole, fraction, exponent ]): string => `${whole}.${fraction}e${exponent}`),
    fc.constantFrom('0', '-0', '1e400', '-1e400', '1e-400', '1E+2', '9.95', '0.1', '1e21', '1e22', '1e-7', '5e-324', '9007199254740993'),
  );
  const string = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.string({ maxLength: 5 }),
    fc.constantFrom('', 'Doc', 'type', 'id', '@id', '@none', 'urn:a', 'urn:b', '_:b', '_:c', '#x', '.', '..', 'a b', 'en', 'http://a.example/x',
      'https://x.example/publish/01920000-0000-7000-8000-000000000000', '2026-01-01', 'data', 'topic', 'publisher'),
  );
  const quoted = string.map((text): string => JSON.stringify(text));
  const scalar = fc.oneof(number, quoted, fc.constantFrom('true', 'false', 'null', '[]', '{}'));
  /** JSON text of objects, arrays and scalars, with keys of a kind. */
  const json = (key: fc.Arbitrary<string>, member?: fc.Arbitrary<string>, leaf = scalar): fc.Arbitrary<string> => {
    const { value } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
      value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, tie('object'), tie('array')),
      array: fc.array(tie('value'), { maxLength: 4 }).map((items): string => `[${items.join(', ')}]`),
      object: fc.array(fc.oneof(
        { weight: 5, arbitrary: fc.tuple(key, tie('value')).map(([ name, child ]): string => `${JSON.stringify(name)}:${child}`) },
        { weight: member ? 3 : 0, arbitrary: member ?? fc.constant('"a":1') },
      ), { maxLength: 4 }).map((members): string => `{${members.join(', ')}}`),
    }));
    return value;
  };
  const goodKey = fc.constantFrom('name', 'a', 'b', 'c', 'type', 'id', 'knows', 'schema:name', 'urn:p', 'http://schema.org/name', 'ümlaut', 'a-b', '1', 'data', 'topic');
  const iri = fc.constantFrom('"urn:a"', '"urn:b"', '"https://a.example/1"', '"Doc"');

  it('is the same in all formats for JSON with common keys.', async(): Promise<void> => {
    await holds(json(goodKey, fc.tuple(fc.constantFrom('id', 'type'), iri).map(([ key, value ]): string => `"${key}":${value}`)), 0.3);
  });

  it('is the same in all formats for JSON with odd keys.', async(): Promise<void> => {
    await holds(json(fc.oneof(goodKey, string, fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'a:b', '_:x', ':', 'a:', '%', '%20', '#', 'a#b',
      '?', '//x', 'http://', 'x,y:z', '[', '\u00a0', '\u200d', '\ud800', '\ufffe'))), 0.3);
  });

  it('is the same in all formats for typed values and languages.', async(): Promise<void> => {
    const type = fc.oneof(
      fc.constantFrom('double', 'decimal', 'integer', 'boolean', 'string', 'float', 'dateTime').map((name): string => `http://www.w3.org/2001/XMLSchema#${name}`),
      fc.constantFrom('@json', RDF_JSON, 'urn:t', 'a b', '_:b', 'Rel', '', RDF_JSON.replace('JSON', 'langString'), RDF_JSON.replace('JSON', 'HTML')),
    );
    const language = fc.constantFrom('en', 'EN-us', 'de-Latn-x-a', '', 'a b', 'x-', '@none', 'abcdefghi', '5');
    const literal = fc.oneof(scalar, json(goodKey), fc.constantFrom('"1"', '"INF"', '"NaN"', '" 1 "', '"1e5"', '"0x10"', '"+1"', '"[1]"', '"{}"', '"1e400"', '".5"'));
    const value = fc.oneof(
      fc.tuple(literal, type).map(([ text, name ]): string => `{"@value":${text},"@type":${JSON.stringify(name)}}`),
      fc.tuple(literal, language).map(([ text, tag ]): string => `{"@value":${text},"@language":${JSON.stringify(tag)}}`),
      literal.map((text): string => `{"@value":${text}}`),
    );
    const data = fc.oneof(
      value,
      value.map((text): string => `{"name":[${text}],"@id":"_:b1"}`),
      value.map((text): string => `{"@context":{"@vocab":"urn:v:"},"@id":"_:b0","list":{"@list":[${text},${text}]}}`),
      fc.tuple(type, literal).map(([ name, text ]): string => `{"@context":{"a":{"@id":"urn:a","@type":${JSON.stringify(name)}}},"a":${text}}`),
      fc.tuple(language, literal).map(([ tag, text ]): string => `{"@context":{"a":{"@id":"urn:a","@container":"@language"}},"a":{${JSON.stringify(tag)}:${text}}}`),
    );
    await holds(data, 0.2);
  });

  const term = fc.constantFrom('a', 'b', 'c', 'd', 'name', 'me', 'kind');
  const keyword = fc.constantFrom('@id', '@type', '@value', '@list', '@set', '@graph', '@language', '@reverse', '@nest', '@index', '@included',
    '@direction', '@json', '@x', '@none');
  const mapping = fc.oneof(
    fc.constantFrom('"http://a.example/"', '"urn:x:"', '"@id"', '"@type"', '"@nest"', '"as:actor"', `"${AS}actor"`, '"a:b"', 'null', '"@graph"',
      '"@included"', '"@value"', '"@reverse"', '"urn:a b"', '"_:x"', '""'),
    fc.record({
      '@id': fc.constantFrom('urn:x:p', 'http://a.example/q', `${AS}actor`, 'a:b'),
      '@type': fc.option(fc.constantFrom('@id', '@vocab', '@json', '@none', 'http://www.w3.org/2001/XMLSchema#double',
        'http://www.w3.org/2001/XMLSchema#decimal', 'urn:t'), { nil: undefined }),
      '@container': fc.option(fc.constantFrom('@list', '@set', '@index', '@language', '@id', '@type', '@graph', [ '@graph', '@id' ],
        [ '@set', '@index' ], [ '@list', '@set' ]), { nil: undefined }),
      '@language': fc.option(fc.constantFrom('en', 'de-AT', 'a b', null), { nil: undefined, freq: 1 }),
      '@index': fc.option(fc.constantFrom('urn:x:i', 'a'), { nil: undefined, freq: 1 }),
      '@nest': fc.option(fc.constantFrom('@nest', 'a'), { nil: undefined, freq: 1 }),
      '@protected': fc.option(fc.boolean(), { nil: undefined, freq: 1 }),
      '@prefix': fc.option(fc.boolean(), { nil: undefined, freq: 1 }),
      '@context': fc.option(fc.constantFrom<unknown>(null, {}, { '@vocab': 'urn:s:' }, { a: '@id' }, BUNDLED, [ BUNDLED, { b: 'urn:b' }]), { nil: undefined, freq: 1 }),
    }, { requiredKeys: []}).map((value): string => JSON.stringify(value)),
    fc.constantFrom('{"@reverse":"urn:x:r"}', '{"@reverse":"urn:x:r","@type":"@id"}', '{"@id":"@type","@container":"@set"}'),
  );
  const inline = fc.array(fc.oneof(
    { weight: 5, arbitrary: fc.tuple(term, mapping).map(([ name, value ]): string => `"${name}":${value}`) },
    { weight: 2, arbitrary: fc.constantFrom('"@vocab":"http://v.example/"', '"@vocab":""', '"@vocab":null', '"@base":"http://b.example/x/"', '"@base":null',
      '"@base":"../"', '"@language":"en"', '"@version":1.1', '"@propagate":false', '"@propagate":true', '"@protected":true', '"@direction":"ltr"',
      `"@import":"${BUNDLED}"`) },
  ), { maxLength: 4 }).map((members): string => `{${members.join(',')}}`);
  const context = fc.oneof(
    { weight: 6, arbitrary: inline.map((text): string => text.replace('{', text === '{}' ? '{"@vocab":"http://v.example/"' : '{"@version":1.1,')) },
    { weight: 1, arbitrary: fc.constantFrom('null', `"${BUNDLED}"`, `["${BUNDLED}"]`, '"https://evil.example/"', '{"@vocab":"http://v.example/"}') },
    { weight: 1, arbitrary: inline.map((text): string => `["${BUNDLED}",${text}]`) },
  ).map((text): string => `"@context":${text}`);
  const linked = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(keyword, fc.oneof(iri, quoted, scalar, fc.constantFrom('[{"a":1}]', '{"a":"x"}', '[1,"x"]'))).map(([ key, value ]): string => `"${key}":${value}`) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('@id', '@type', 'me', 'kind'), iri).map(([ key, value ]): string => `"${key}":${value}`) },
  );

  it('is the same in all formats for data with keywords.', async(): Promise<void> => {
    await holds(json(fc.oneof(goodKey, keyword), linked), 0.1);
  });

  it('is the same in all formats for data with contexts.', async(): Promise<void> => {
    const inner = json(fc.oneof(term, goodKey), fc.oneof({ weight: 4, arbitrary: linked }, { weight: 1, arbitrary: context }));
    await holds(fc.tuple(context, fc.array(fc.tuple(term, inner), { maxLength: 3 }))
      .map(([ text, members ]): string => `{${[ text, ...members.map(([ name, value ]): string => `"${name}":${value}`) ].join(',')}}`), 0.05);
  });

  it('is the same in all formats for lists, reverse properties and included nodes.', async(): Promise<void> => {
    const node = json(goodKey, fc.tuple(fc.constantFrom('@id', '@type'), iri).map(([ key, value ]): string => `"${key}":${value}`), quoted);
    const special = fc.oneof(
      node.map((text): string => `"@included":[${text}]`),
      node.map((text): string => `"@reverse":{"knows":${text}}`),
      node.map((text): string => `"list":{"@list":[1,${text},{"@list":[2]}]}`),
      node.map((text): string => `"json":{"@type":"@json","@value":${text}}`),
      number.map((text): string => `"typed":{"@type":"http://www.w3.org/2001/XMLSchema#decimal","@value":${text}}`),
    );
    await holds(fc.array(special, { minLength: 1, maxLength: 3 }).map((members): string => `{${members.join(',')}}`), 0.1);
  });
});

describe('An event that an earlier version has stored', (): void => {
  const stored = async(data: string): Promise<Event> => {
    const event = await publish('1');
    const context = event.context.replace('{"@version":1.1,"@vocab"', '{"@vocab"');
    expect(context).not.toBe(event.context);
    return { ...event, context, members: event.members.replace(/"data":1\}$/u, `"data":${data}}`) };
  };

  it.each([
    '1', '{"a b":"x"}', '{"id":"7"}', '{"n":12345678901234567890}', '{"@graph":[{"a":1}]}', '{"@included":[{"name":"i"}]}', `{"@context":"${BUNDLED}","name":"x"}`,
    '{"@id":""}', `{"@context":{"a":null},"a":1}`,
  ])('is served as this version would store it: %s.', async(data): Promise<void> => {
    const served = { ...await stored(data), ...await readStored(await stored(data), loader.bundled()) };
    const graph = await check(served);
    expect(graph.some(({ predicate }): boolean => predicate.value === DATA)).toBe(true);
  });

  it.each([ '1', '{"a b":"x"}', '{"id":"7","type":"Doc"}', '{"@id":"urn:a","name":"x"}' ])(
    'has its data as the object of the activity, also if its context has the former property: %s.',
    async(data): Promise<void> => {
      const event = await publish(data);
      const former = { ...event, context: event.context.replace('"@id":"as:object"', '"@id":"events:data"') };
      expect(former.context).not.toBe(event.context);
      expect(isServedAsStored(event)).toBe(true);
      expect(isServedAsStored(former)).toBe(false);
      expect(await readStored(former, loader.bundled())).toEqual(event);
    },
  );

  it('keeps a context that this software has not written.', async(): Promise<void> => {
    const event = { ...await publish('1'), context: '{"@vocab":"urn:v:","data":{"@id":"https://w3id.org/pod-events#data"}}' };
    expect((await readStored(event, loader.bundled())).context).toBe(event.context);
  });

  it('is served with its data as a literal where no context can be inlined.', async(): Promise<void> => {
    const event = { ...await stored('{"a":{"@context":"https://gone.example/"}}'), context: '{"@vocab":"urn:v:"}' };
    expect((await readStored(event, loader.bundled())).context).toContain('"@type":"@json"');
    const [ lines ] = [ [ ...await eventRdf({ ...event, context: '{"@vocab":5}' }, 'application/n-triples') ].join('') ];
    expect(parseStrictly(lines, 'application/n-triples', POD).some(({ predicate }): boolean => predicate.value === DATA)).toBe(true);
  });
});

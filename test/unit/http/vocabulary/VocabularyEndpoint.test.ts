import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Quad } from '@rdfjs/types';
import { AcceptPreferenceParser } from '@solid/community-server';
import type { EndpointResponse } from '../../../../src/http/Endpoint';
import { VocabularyEndpoint } from '../../../../src/http/vocabulary/VocabularyEndpoint';
import { contextOf } from '../../../../src/event/eventContexts';
import { areIsomorphic, parseIndependently, parseStrictly } from '../../../util/rdf';

const ROOT = join(__dirname, '../../../..');
const EVENTS = 'https://w3id.org/pod-events#';
const RDFS = 'http://www.w3.org/2000/01/rdf-schema#';
const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
/** Class of the terms `ce-{name}`, of which only some are described one by one. */
const ATTRIBUTE = 'CloudEventsAttribute';

const endpoint = new VocabularyEndpoint(new AcceptPreferenceParser());
const get = async(accept?: string, headers: object = {}): Promise<EndpointResponse> =>
  endpoint.handle({ request: { headers: { ...accept !== undefined && { accept }, ...headers }}} as never);
const graphOf = async(): Promise<Quad[]> => parseStrictly((await get('text/turtle')).body!, 'text/turtle', EVENTS);

/** Texts that use or document terms: sources, configuration, documentation and golden files. */
function* textsOf(): Generator<[string, string]> {
  for (const top of [ 'src', 'config', 'docs', 'templates', 'demo', 'test/golden', 'README.md' ]) {
    const names = top.endsWith('.md') ? [ '' ] : readdirSync(join(ROOT, top), { recursive: true }).map(String);
    for (const name of names.filter((each): boolean => each === '' || /\.(?:ts|js|json|jsonld|md|http|ttl)$/u.test(each))) {
      yield [ join(top, name), readFileSync(join(ROOT, top, name), 'utf8') ];
    }
  }
}

/** Local names of terms that are used, with the file of one use. */
function usedTerms(): Map<string, string> {
  const used = new Map<string, string>();
  const patterns = [
    /(?<![\w-])events:([a-zA-Z][\w-]*)/gu, /\$\{EVENTS\}([a-zA-Z][\w-]*)/gu, /w3id\.org\/pod-events#([a-zA-Z][\w-]*)/gu,
    /"EventStorageDescriber:_endpoints_key": "([^"]+)"/gu, /attributeTerm\('([a-z]+)'\)/gu,
  ];
  for (const [ file, text ] of textsOf()) {
    for (const pattern of patterns) {
      for (const [ , name ] of text.matchAll(pattern)) {
        used.set(pattern.source.startsWith('attribute') ? `ce-${name}` : name, file);
      }
    }
  }
  // The pattern `events:ce-{name}` itself.
  used.delete('ce-');
  return used;
}

describe('The vocabulary', (): void => {
  it('describes each used term, and no other.', async(): Promise<void> => {
    const described = new Set((await graphOf()).map(({ subject }): string => subject.value)
      .filter((iri): boolean => iri.startsWith(EVENTS) && iri !== EVENTS).map((iri): string => iri.slice(EVENTS.length)));
    const used = usedTerms();
    expect([ ...used.keys() ]).toEqual(expect.arrayContaining([ 'Event', 'topic', 'deliveries', 'webhook', 'ce-type', 'hops', 'data' ]));
    expect([ ...used ].filter(([ name ]): boolean => !described.has(name))).toEqual([]);
    expect([ ...described ].filter((name): boolean => !used.has(name) && name !== ATTRIBUTE)).toEqual([]);
  });

  it('describes each term of the contexts of events.', async(): Promise<void> => {
    const graph = await graphOf();
    for (const asLiteral of [ true, false ]) {
      const terms = Object.values(JSON.parse(contextOf({ asLiteral, typeIsType: true, idIsId: true })) as Record<string, unknown>)
        .map((definition): unknown => (definition as Record<string, unknown>)['@id'] ?? definition)
        .filter((iri): iri is string => typeof iri === 'string' && iri.startsWith('events:'));
      expect(terms).toHaveLength(5);
      for (const term of terms) {
        expect(graph.some(({ subject }): boolean => subject.value === term.replace('events:', EVENTS))).toBe(true);
      }
    }
  });

  it('has a label, a comment and a type for each term, and a domain and a range for each property.', async(): Promise<void> => {
    const graph = await graphOf();
    const values = (subject: string, property: string): Quad['object'][] => graph
      .filter((quad): boolean => quad.subject.value === subject && quad.predicate.value === property).map(({ object }): Quad['object'] => object);
    for (const iri of new Set(graph.map(({ subject }): string => subject.value))) {
      for (const property of [ 'label', 'comment' ]) {
        const texts = values(iri, `${RDFS}${property}`);
        expect([ iri, texts.length, (texts[0] as any).language, texts[0].value.length > 1 ]).toEqual([ iri, 1, 'en', true ]);
      }
      const types = values(iri, `${RDF}type`).map(({ value }): string => value);
      const isProperty = types.includes(`${RDF}Property`) || types.includes(`${EVENTS}${ATTRIBUTE}`);
      expect([ iri, types.length, isProperty || types.includes(`${RDFS}Class`) || iri === EVENTS ]).toEqual([ iri, 1, true ]);
      if (isProperty) {
        const domains = [ ...values(iri, `${RDFS}domain`), ...values(iri, 'http://schema.org/domainIncludes') ];
        expect([ iri, domains.length > 0, values(iri, `${RDFS}range`).length ]).toEqual([ iri, true, 1 ]);
      }
      if (iri !== EVENTS) {
        expect(values(iri, `${RDFS}isDefinedBy`).map(({ value }): string => value)).toEqual([ EVENTS ]);
      }
      // Terms of attributes belong to the class that documents their pattern.
      expect([ iri, types.includes(`${EVENTS}${ATTRIBUTE}`) ]).toEqual([ iri, iri.startsWith(`${EVENTS}ce-`) ]);
    }
  });

  it('is the same graph in JSON-LD, for an independent processor.', async(): Promise<void> => {
    const { body, headers } = await get('application/ld+json');
    expect(headers!['Content-Type']).toBe('application/ld+json');
    const graph = await graphOf();
    expect(graph.length).toBeGreaterThan(100);
    expect(areIsomorphic(await parseIndependently(body!, 'https://other.example/'), graph)).toBe(true);
    expect((await get('application/json')).body).toBe(body);
  });

  it('is an accessible page with an anchor for each term.', async(): Promise<void> => {
    const { body, headers } = await get('text/html');
    expect(headers).toMatchObject({ 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': expect.stringContaining('default-src \'none\'') });
    expect(body).toMatch(/^<!DOCTYPE html>\n<html lang="en">/u);
    expect(body!.match(/<h1>/gu)).toHaveLength(1);
    expect(body!.match(/<h2>/gu)).toHaveLength(2);
    expect(body!.match(/<table>\n<caption>[^<]+<\/caption>\n<thead>/gu)).toHaveLength(2);
    const ids = [ ...body!.matchAll(/<tr id="([^"]+)"><th scope="row">/gu) ].map(([ , id ]): string => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.sort()).toEqual([ ...new Set((await graphOf()).map(({ subject }): string => subject.value)) ]
      .filter((iri): boolean => iri !== EVENTS).map((iri): string => iri.slice(EVENTS.length)).sort());
    // Links within the page lead to terms, and no text is interpreted as markup.
    for (const [ , target ] of body!.matchAll(/href="#([^"]*)"/gu)) {
      expect(ids).toContain(target);
    }
    expect(body).toContain('realestate/contact#add');
    expect(body!.replaceAll(/<\/?[a-z][^<>]*>/giu, '').replace('<!DOCTYPE html>', '')).not.toMatch(/[<>]/u);
  });

  it.each([
    [ undefined, 'text/turtle' ], [ '*/*', 'text/turtle' ], [ 'text/*', 'text/turtle' ], [ 'text/html,*/*;q=0.8', 'text/html; charset=utf-8' ],
    [ 'application/ld+json;q=0.9, text/html;q=0.5', 'application/ld+json' ], [ 'text/turtle, */*', 'text/turtle' ],
  ])('is selected by the header Accept: %s.', async(accept, type): Promise<void> => {
    expect((await get(accept)).headers!['Content-Type']).toBe(type);
  });

  it('returns 406 for other types, 304 for a known entity tag, and different tags for different forms.', async(): Promise<void> => {
    await expect(get('image/png')).rejects.toMatchObject({ status: 406 });
    const tags = await Promise.all([ 'text/turtle', 'application/ld+json', 'text/html' ].map(async(accept): Promise<string> => (await get(accept)).headers!.ETag));
    expect(new Set(tags).size).toBe(3);
    expect(await get('text/turtle', { 'if-none-match': tags[0] })).toMatchObject({ status: 304, headers: { ETag: tags[0], Vary: 'Accept' }});
    expect((await get('text/turtle', { 'if-none-match': tags[1] })).status).toBe(200);
  });

  it('has redirect rules for its namespace.', (): void => {
    const rules = readFileSync(join(ROOT, 'vocab/w3id.org/pod-events/.htaccess'), 'utf8').split('\n')
      .filter((line): boolean => line.startsWith('RewriteRule'));
    expect(rules).toEqual([ 'RewriteRule ^$ https://VOCABULARY_HOST/.events/vocab [R=303,L]' ]);
    expect(endpoint.ruleFor('.events/vocab')).toEqual({ own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]});
  });
});

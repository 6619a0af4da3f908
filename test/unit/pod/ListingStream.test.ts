import { Readable } from 'node:stream';
import type { Quad } from '@rdfjs/types';
import { DC, LDP, RDF, readableToString } from '@solid/community-server';
import { toRDF } from 'jsonld';
import { DataFactory, Parser } from 'n3';
import { isomorphic } from 'rdf-isomorphic';
import { HTML_TEXT, QUADS, TEXT_FORMATS } from '../../../src/pod/listingFormats';
import { ListingStream } from '../../../src/pod/ListingStream';
import type { Entry } from '../../../src/pod/ports';

const { blankNode, literal, namedNode, quad } = DataFactory;
const CONTAINER = 'http://localhost/user/inbox/';

function entriesFrom(count: number): Entry[] {
  return Array.from({ length: count }, (_, index): Entry => ({
    id: `0190c5a0-0000-7000-8000-${String(index).padStart(12, '0')}`,
    pod: 'http://localhost/producer/',
    event: index + 1,
    topic: 'a',
    published: 1_700_000_000_000 + index,
    bytes: 300 + index,
  }));
}

/** A store with so many entries, which counts how many were read. */
function storeOf(count: number): { reads: number; listEntries: (c: string, after: number, limit: number) => Promise<Entry[]> } {
  const entries = entriesFrom(count);
  return {
    reads: 0,
    async listEntries(_container, after, limit): Promise<Entry[]> {
      const page = entries.slice(after, after + limit);
      this.reads += page.length;
      return page;
    },
  };
}

function backendOf(members = 1): Quad[] {
  const container = namedNode(CONTAINER);
  return [
    quad(container, namedNode(RDF.type), namedNode(LDP.Container)),
    quad(container, namedNode(DC.modified), literal('2020-01-01T00:00:00.000Z', namedNode('http://www.w3.org/2001/XMLSchema#dateTime'))),
    quad(container, namedNode('http://x.example/title'), literal('A "quoted"\n\\title', 'en')),
    quad(container, namedNode('http://x.example/note'), literal('<b>&')),
    quad(container, namedNode('http://x.example/by'), blankNode('b0')),
    quad(blankNode('b0'), namedNode('http://x.example/n'), literal('1.0', namedNode('http://www.w3.org/2001/XMLSchema#decimal'))),
    ...Array.from({ length: members }, (_, index): Quad =>
      quad(container, namedNode(LDP.contains), namedNode(`${CONTAINER}file%20${index}&`))),
  ];
}

const listingOf = (store: ReturnType<typeof storeOf>, format: typeof QUADS, backend = backendOf()): ListingStream =>
  new ListingStream({ path: CONTAINER }, Readable.from(backend), 1_700_000_000_000, store, format);

async function quadsOf(type: string, text: string): Promise<Quad[]> {
  if (type === 'application/ld+json') {
    return await toRDF(JSON.parse(text) as object) as unknown as Quad[];
  }
  return new Parser({ baseIRI: CONTAINER, format: type }).parse(text);
}

describe('A ListingStream', (): void => {
  it.each(Object.keys(TEXT_FORMATS).flatMap((type): [string, number][] => [[ type, 0 ], [ type, 1 ], [ type, 200 ], [ type, 450 ]]))(
    'writes as %s, with %i entries, the graph that the server would.',
    async(type, count): Promise<void> => {
      const expected: Quad[] = [];
      for await (const item of listingOf(storeOf(count), QUADS, backendOf(250))) {
        expected.push(item as Quad);
      }
      expect(expected).toHaveLength(256 + (count * 7));
      const text = await readableToString(listingOf(storeOf(count), TEXT_FORMATS[type], backendOf(250)));
      const quads = await quadsOf(type, text);
      expect(quads).toHaveLength(expected.length);
      expect(isomorphic(quads, expected)).toBe(true);
    },
  );

  it.each(Object.keys(TEXT_FORMATS))('links copies with their events as %s, but no events.', async(type): Promise<void> => {
    const [ copy, event ] = entriesFrom(2);
    const entries = [ copy, { ...event, pod: CONTAINER.replace('inbox/', '') }];
    for (const [ container, linked ] of [[ CONTAINER, entries ], [ CONTAINER.replace('inbox/', 'publish/'), [ copy ]]] as const) {
      const listing = new ListingStream(
        { path: container }, Readable.from([]), 1_700_000_000_000, { listEntries: async(): Promise<Entry[]> => entries }, TEXT_FORMATS[type],
      );
      const text = await readableToString(listing);
      const quads = type === 'application/ld+json' ? await quadsOf(type, text) : new Parser({ baseIRI: container, format: type }).parse(text);
      expect(quads.filter(({ predicate }): boolean => predicate.value === 'https://w3id.org/pod-events#event')
        .map(({ subject, object }): string[] => [ subject.value, object.value ]))
        .toEqual(linked.map(({ id, pod }): string[] => [ `${container}${id}`, `${pod}publish/${id}` ]));
    }
  });

  it('shows links as HTML.', async(): Promise<void> => {
    const text = await readableToString(listingOf(storeOf(201), HTML_TEXT, backendOf(201)));
    expect(text.match(/<li><a href="[^"]+">[^<]+<\/a><\/li>/gu)).toHaveLength(402);
    expect(text).toContain(`<a href="${CONTAINER}file%20200&amp;">file%20200&amp;</a>`);
    expect(text.endsWith('</html>\n')).toBe(true);
  });

  it('reads nothing before it is read, and no more than some pages ahead of its reader.', async(): Promise<void> => {
    for (const format of [ QUADS, HTML_TEXT, ...Object.values(TEXT_FORMATS) ]) {
      const store = storeOf(10_000);
      const listing = listingOf(store, format);
      await new Promise((resolve): unknown => setTimeout(resolve, 20));
      expect(store.reads).toBe(0);
      const reader = listing[Symbol.asyncIterator]();
      await reader.next();
      await new Promise((resolve): unknown => setTimeout(resolve, 50));
      expect(store.reads).toBeLessThanOrEqual(format.pageSize * 4);
      await reader.return!();
      const { reads } = store;
      await new Promise((resolve): unknown => setTimeout(resolve, 20));
      expect(listing.destroyed).toBe(true);
      expect(store.reads).toBe(reads);
    }
  });

  it('lets the event loop turn before each page, and serves one page of one listing in a turn.', async(): Promise<void> => {
    const store = storeOf(4_000);
    let turns = 0;
    let most = 0;
    let before = 0;
    const state = { over: false };
    const count = (): void => {
      turns += 1;
      most = Math.max(most, store.reads - before);
      before = store.reads;
      if (!state.over) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    await Promise.all([ TEXT_FORMATS['text/turtle'], TEXT_FORMATS['application/ld+json'] ]
      .map(async(format): Promise<unknown> => readableToString(listingOf(store, format))));
    state.over = true;
    expect(store.reads).toBe(8_000);
    expect(turns).toBeGreaterThanOrEqual(40);
    expect(most).toBeLessThanOrEqual(200);
  });

  it('reads a long listing of the backend in several turns.', async(): Promise<void> => {
    const text = await readableToString(listingOf(storeOf(1), TEXT_FORMATS['application/n-triples'], backendOf(5_000)));
    expect(text.match(/ldp#contains/gu)).toHaveLength(5_001);
  });

  it('fails as the store does.', async(): Promise<void> => {
    const store = { listEntries: async(): Promise<never> => {
      throw new Error('closed');
    } };
    const listing = new ListingStream({ path: CONTAINER }, Readable.from(backendOf()), 1, store, QUADS);
    await expect(readableToString(listing)).rejects.toThrow('closed');
  });
});

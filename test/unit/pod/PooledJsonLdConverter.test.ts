import { Readable } from 'node:stream';
import type { HttpError, Representation } from '@solid/community-server';
import {
  BasicRepresentation, PREFERRED_PREFIX_TERM, QuadToRdfConverter, RdfToQuadConverter, readableToString, SOLID_META,
} from '@solid/community-server';
import { DataFactory, Parser } from 'n3';
import type { Quad } from '@rdfjs/types';
import { isomorphic } from 'rdf-isomorphic';
import { LIMITS } from '../../../src/event/limits';
import { PooledJsonLdConverter } from '../../../src/pod/PooledJsonLdConverter';
import { Busy, ClientDisconnected, TooComplex } from '../../../src/work/errors';
import type { Work } from '../../../src/work/Work';
import { inlineWork } from '../../util/work';

const identifier = { path: 'http://localhost/user/inbox/1' };
const SMALL = { '@context': { '@vocab': 'http://x.example/' }, '@id': '', name: 'Bruce' };
const LARGE = { ...SMALL, text: Array.from({ length: 2_000 }, (_, index): string => `text ${index}`) };
const TYPES = [ 'text/turtle', 'application/n-triples', 'application/trig', 'application/n-quads', 'text/n3' ];

describe('The conversion of JSON-LD', (): void => {
  let jobs: number;
  let error: Error | undefined;
  const inline = inlineWork();
  const work: Work = {
    run: async(task, input, options) => {
      jobs += 1;
      if (error) {
        throw error;
      }
      return inline.run(task, input, options);
    },
  };
  const conversion = new PooledJsonLdConverter(work, new RdfToQuadConverter(), new QuadToRdfConverter());

  const convert = async(data: string | Readable, type = 'text/turtle'): Promise<Representation> => {
    const representation = new BasicRepresentation(data, identifier, 'application/ld+json');
    const prefix = DataFactory.namedNode('http://x.example/');
    representation.metadata.addQuad(prefix, PREFERRED_PREFIX_TERM, 'x', SOLID_META.terms.ResponseMetadata);
    const args = { identifier, representation, preferences: { type: { [type]: 1 }}};
    await conversion.canHandle(args);
    return conversion.handle(args);
  };
  const textOf = async(data: string | Readable, type?: string): Promise<string> => readableToString((await convert(data, type)).data);
  const parse = (text: string): Quad[] => new Parser({ baseIRI: identifier.path }).parse(text);

  beforeEach((): void => {
    jobs = 0;
    error = undefined;
  });

  it.each(TYPES)('to %s is that of the server, whatever the size.', async(type): Promise<void> => {
    const small = await textOf(JSON.stringify(SMALL), type);
    expect(jobs).toBe(0);
    expect((await convert(JSON.stringify(LARGE), type)).metadata.contentType).toBe(type);
    const large = await textOf(JSON.stringify(LARGE), type);
    expect(jobs).toBe(2);
    expect(parse(large)).toHaveLength(2_001);
    expect(large.startsWith(small.split('Bruce')[0])).toBe(true);
    // The server's own converters write what is small.
    expect(isomorphic(parse(small), parse(large).filter(({ predicate }): boolean => predicate.value.endsWith('name')))).toBe(true);
  });

  it('is left to the server where there is no bound.', async(): Promise<void> => {
    const text = JSON.stringify({ ...SMALL, long: 'x'.repeat(LIMITS.requestBytes + LIMITS.documentBytes) });
    const half = text.length / 2;
    expect(parse(await textOf(Readable.from([ text.slice(0, half), text.slice(half) ])))).toHaveLength(2);
    expect(parse(await textOf(Readable.from([ text, '' ])))).toHaveLength(2);
    expect(jobs).toBe(0);
  });

  it('of a context that is not bundled is left to the server.', async(): Promise<void> => {
    const response = async(): Promise<string> => textOf(JSON.stringify({ ...LARGE, '@context': 'http://localhost:1/none' }));
    await expect(response()).rejects.toThrow(/localhost:1|fetch/u);
    expect(jobs).toBe(1);
  });

  it.each([
    [ new TooComplex('…'), 406, 'ask for application/ld+json' ],
    [ new Busy('full', 5), 503, 'full' ],
    [ new ClientDisconnected(), 503, 'disconnected' ],
    [ new TypeError('a bug'), undefined, 'a bug' ],
  ])('fails with %p.', async(fault, status, message): Promise<void> => {
    error = fault;
    const thrown = await textOf(JSON.stringify(LARGE)).catch((caught: unknown): unknown => caught) as HttpError;
    expect([ thrown.statusCode, thrown.message ]).toEqual([ status, expect.stringContaining(message) ]);
    if (fault instanceof Busy) {
      expect(thrown.metadata.get(DataFactory.namedNode('urn:solid-pod-events:http:retryAfter'))?.value).toBe('5');
    }
  });

  it('says what is wrong with the document.', async(): Promise<void> => {
    await expect(textOf(JSON.stringify({ ...LARGE, '@id': 5 }))).rejects.toMatchObject({ statusCode: 400 });
  });
});

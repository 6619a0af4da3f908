import {
  ChainedConverter,
  cleanPreferences,
  ContentTypeReplacer,
  QuadToRdfConverter,
  RdfToQuadConverter,
  readableToQuads,
  RepresentationMetadata,
} from '@solid/community-server';
import { ContextLoader } from '../../../src/event/ContextLoader';
import { createEvent } from '../../../src/event/EventDocument';
import { eventRepresentation, preferredType } from '../../../src/pod/eventRepresentation';
import { inlineWork } from '../../util/work';

const chain = new ChainedConverter([
  new ContentTypeReplacer({
    'application/n-triples': 'text/turtle',
    'text/turtle': 'application/trig',
    'application/ld+json': 'application/json',
    'application/*': 'application/octet-stream',
    'text/*': 'application/octet-stream',
  }),
  new RdfToQuadConverter(),
  // As the server is configured.
  new QuadToRdfConverter({ outputPreferences: {
    'text/turtle': 1,
    'application/n-triples': 0.95,
    'application/trig': 0.95,
    'application/n-quads': 0.95,
    'text/n3': 0.95,
    'application/ld+json': 0.8,
  }}),
]);
const AS_STORED = [ 'application/json', 'application/octet-stream' ];

describe('The representation of an event', (): void => {
  const types = [ 'text/turtle', 'application/n-triples', 'application/n-quads', 'application/trig', 'text/n3', 'application/ld+json', 'application/json',
    '*/*', 'text/*', 'application/*', 'internal/quads', 'application/octet-stream', 'text/html' ];
  const pairs = types.flatMap((one): Record<string, number>[] =>
    types.flatMap((other): Record<string, number>[] => [ 1, 0.93, 0.5 ].map((weight): Record<string, number> => ({ [other]: weight, [one]: 1 }))));

  const named = types.filter((one): boolean => !one.includes('*') && one !== 'text/html');
  /** The same preferences without wildcards: these count where they are preferred to all named types. */
  const withoutWildcards = (type: Record<string, number | undefined>): Record<string, number> => {
    const best = Math.max(0, ...named.map((one): number => one.startsWith('internal/') ? 0 : type[one] ?? 0));
    return Object.fromEntries([ ...named, ...Object.keys(type) ].map((one): [string, number] => {
      const wildcard = type[`${one.split('/')[0]}/*`] ?? type['*/*'] ?? 0;
      const isInternal = one.startsWith('internal/');
      return [ one, type[one] ?? (!isInternal && wildcard > best ? wildcard : 0) ];
    }).filter(([ one ]): boolean => !one.includes('*')));
  };

  it('has the type that the server would convert JSON-LD to, with named types before wildcards.', async(): Promise<void> => {
    for (const type of [ {}, ...pairs ]) {
      const wanted = Object.keys(type).length === 0 ? type : withoutWildcards(type);
      const metadata = new RepresentationMetadata({ path: 'http://a.example/b' }, 'application/ld+json');
      const path = await (chain as any).generatePath('application/ld+json', cleanPreferences(wanted), metadata).catch((): undefined => undefined);
      const expected = !path || AS_STORED.includes(path.outType) ? 'application/ld+json' : path.outType;
      expect([ type, preferredType({ type }) ]).toEqual([ type, expected ]);
    }
  });

  it.each([
    [{ 'text/turtle': 1, '*/*': 1 }, 'text/turtle' ],
    [{ '*/*': 1, 'text/turtle': 1 }, 'text/turtle' ],
    [{ 'application/n-triples': 0.5, 'application/*': 0.5 }, 'application/n-triples' ],
    [{ 'text/turtle': 1, '*/*': 0.99 }, 'text/turtle' ],
    [{ 'text/turtle': 0.9, '*/*': 1 }, 'application/ld+json' ],
    [{ 'text/turtle': 0, '*/*': 1 }, 'application/ld+json' ],
    [{ 'text/turtle': 1, 'application/ld+json': 1, '*/*': 1 }, 'application/ld+json' ],
    [{ 'text/html': 1, '*/*': 0.8 }, 'application/ld+json' ],
    [{ 'text/*': 1, '*/*': 1 }, 'application/ld+json' ],
    [{ '*/*': 1 }, 'application/ld+json' ],
  ])('for %j is %s.', (type, expected): void => {
    expect(preferredType({ type })).toBe(expected);
  });

  it('is Turtle for a PATCH, which parses it.', (): void => {
    expect(preferredType({ type: { '*/*': 1, 'internal/*': 1 }})).toBe('text/turtle');
  });

  it('can be quads.', async(): Promise<void> => {
    const event = await createEvent({ topic: 'a', recipients: [], sources: [], data: '{"a":1}' }, 'http://a.example/', undefined, new ContextLoader());
    const metadata = new RepresentationMetadata({ path: 'http://a.example/b' }, 'application/ld+json');
    const { data } = await eventRepresentation(event, metadata, { type: { 'internal/quads': 1 }}, inlineWork());
    expect(metadata.contentType).toBe('internal/quads');
    expect((await readableToQuads(data)).size).toBe(7);
  });
});

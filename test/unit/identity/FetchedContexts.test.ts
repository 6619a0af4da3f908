import { ContextLoader } from '../../../src/event/ContextLoader';
import { EVENTS } from '../../../src/event/vocabulary';
import { FetchedContexts } from '../../../src/identity/FetchedContexts';
import type { OutgoingResponse, OutgoingRequest } from '../../../src/outgoing/Outgoing';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';
import { join } from 'node:path';

const BUNDLED = 'https://w3id.org/security/v1';

describe('The contexts of stored documents', (): void => {
  let asked: string[];
  let answers: Record<string, Partial<OutgoingResponse> | Error>;
  let contexts: FetchedContexts;
  const json = (body: string, more: object = {}): Partial<OutgoingResponse> =>
    ({ body, headers: { 'content-type': 'application/ld+json; charset=utf-8' }, ...more });
  const load = async(iri: string): Promise<unknown> => contexts.forDocument().load(iri);

  beforeEach((): void => {
    asked = [];
    answers = { 'https://a.example/c': json('{"@context":{"a":"urn:a"}}') };
    const outgoing = {
      send: async({ url }: OutgoingRequest): Promise<OutgoingResponse> => {
        asked.push(url);
        const answer = answers[url] ?? { status: 404 };
        if (answer instanceof Error) {
          throw answer;
        }
        return { status: 200, headers: {}, body: '', isCut: false, ...answer };
      },
    };
    const bundled = new ContextLoader({ [BUNDLED]: join(__dirname, '../../../templates/contexts/security-v1.jsonld') });
    contexts = new FetchedContexts(bundled, outgoing, 20);
  });

  it('are bundled, or fetched once.', async(): Promise<void> => {
    expect(await load(BUNDLED)).toHaveProperty('@context.sec');
    expect(asked).toEqual([]);
    const both = await Promise.all([ load('https://a.example/c'), load('https://a.example/c') ]);
    expect(both).toEqual([{ '@context': { a: 'urn:a' }}, { '@context': { a: 'urn:a' }}]);
    expect(asked).toEqual([ 'https://a.example/c' ]);
  });

  it('may be behind redirects, a link, and a name by http.', async(): Promise<void> => {
    answers['https://a.example/1'] = { status: 302, headers: { location: '/2' }};
    answers['https://a.example/2'] = { headers: { 'content-type': 'text/html', link: '<c>; rel="alternate"; type="application/ld+json"' }};
    expect(await load('https://a.example/1')).toHaveProperty('@context');
    answers['http://b.example/'] = new OutgoingFailed('forbidden', 'only https');
    answers['https://b.example/'] = json('{"@context":[]}');
    expect(await load('http://b.example/')).toEqual({ '@context': []});
    answers['https://a.example/loop'] = { status: 301, headers: { location: '/loop' }};
    await expect(load('https://a.example/loop')).rejects.toThrow('its server answers 301');
    expect(asked.filter((url): boolean => url.endsWith('/loop'))).toHaveLength(4);
  });

  it.each<[ string, Partial<OutgoingResponse> | Error, string ]>([
    [ 'cannot be reached', new OutgoingFailed('forbidden', 'it is not to be reached'), 'it is not to be reached' ],
    [ 'are missing', { status: 404 }, 'its server answers 404' ],
    [ 'are no JSON', json('nonsense'), 'JSON' ],
    [ 'are HTML', { headers: { 'content-type': 'text/html' }}, 'its server answers 200 with text/html' ],
    [ 'are no context', json('{}'), 'it has no @context' ],
    [ 'are no object', json('null'), 'it has no @context' ],
    [ 'are large', json('{"@context":{}}', { isCut: true }), 'larger than 256 KiB' ],
    [ 'name the type of events', json(`{"@context":{"Note":"${EVENTS}Event"}}`), 'vocabulary of events' ],
    [ 'define a beginning of it', json(String.raw`{"@context":{"u":"\u0075rn:"}}`), 'vocabulary of events' ],
  ])('are not loaded if they %s, and not asked for again at once.', async(_, answer, message): Promise<void> => {
    answers['https://a.example/bad'] = answer;
    await expect(load('https://a.example/bad')).rejects.toThrow(message);
    await expect(load('https://a.example/bad')).rejects.toThrow(message);
    expect(asked).toHaveLength(1);
  });

  it('are bounded for one document, and in a minute.', async(): Promise<void> => {
    const one = contexts.forDocument();
    const urls = Array.from({ length: 30 }, (_, index): string => `https://a.example/${index}`);
    urls.forEach((url): unknown => answers[url] = json('{"@context":{}}'));
    const loaded = await Promise.allSettled(urls.map(async(url): Promise<unknown> => one.load(url)));
    expect(loaded.filter(({ status }): boolean => status === 'fulfilled')).toHaveLength(8);
    const all = await Promise.allSettled(urls.map(load));
    expect(all.filter(({ status }): boolean => status === 'fulfilled')).toHaveLength(20);
    await expect(load('https://a.example/29')).rejects.toThrow('too many contexts');
  });
});

import type { Quad } from '@rdfjs/types';
import type { HostileScene } from '../util/hostile';
import { startHostileScene } from '../util/hostile';
import { killAll } from '../util/process';
import { areIsomorphic, parseIndependently, parseStrictly } from '../util/rdf';
import { members, post } from '../util/scene';

const AS = 'https://www.w3.org/ns/activitystreams#';
const DATA = 'https://www.w3.org/ns/activitystreams#object';
const TYPES = [ 'text/turtle', 'application/trig', 'application/n-triples', 'application/n-quads', 'text/n3' ];

describe('Hostile and odd data', (): void => {
  let scene: HostileScene | undefined;

  beforeAll(async(): Promise<void> => {
    scene = await startHostileScene();
  });

  afterAll(async(): Promise<void> => {
    await scene?.end();
    await killAll();
  });

  const publish = async(data: string): Promise<Response> => {
    const { producer, user } = scene!;
    return post(producer.fetch, `${producer.pod}publish/`, `{"recipient":${JSON.stringify(user.webId)},"topic":"a/b#c","data":${data}}`);
  };

  const get = async(url: string, accept: string): Promise<string> => {
    const { producer, user } = scene!;
    const response = await (url.startsWith(user.pod) ? user : producer).fetch(url, { headers: { accept }});
    expect([ url, accept, response.status, response.headers.get('content-type') ]).toEqual([ url, accept, 200, accept ]);
    return response.text();
  };

  /** Checks that all formats of the event and of its copy are one graph, and returns it. */
  const graphOf = async(response: Response): Promise<{ url: string; graph: Quad[] }> => {
    expect(response.status).toBe(201);
    const url = response.headers.get('location')!;
    const copy = `${scene!.user.pod}inbox/${url.slice(url.lastIndexOf('/') + 1)}`;
    const processed = await parseIndependently(await get(url, 'application/ld+json'), url);
    for (const each of [ url, copy ]) {
      expect(areIsomorphic(await parseIndependently(await get(each, 'application/ld+json'), each), processed)).toBe(true);
      for (const type of TYPES) {
        const graph = parseStrictly(await get(each, type), type, each);
        expect([ type, areIsomorphic(graph, processed) ]).toEqual([ type, true ]);
      }
    }
    const graph = parseStrictly(await get(url, 'application/n-triples'), 'application/n-triples', url);
    expect(graph.filter(({ predicate }): boolean => predicate.value === `${AS}actor`).map(({ subject }): string => subject.value))
      .toEqual([ url ]);
    return { url, graph };
  };

  it.each([
    `{"@id":"","${AS}actor":{"@id":"https://victim.example/#me"}}`,
    `{"@reverse":{"${AS}origin":{"@id":"","${AS}actor":{"@id":"https://victim.example/#me"}}}}`,
    `{"@graph":[{"@id":"","${AS}actor":"x"}]}`,
    `{"@included":[{"@id":"./","${AS}actor":"x"}]}`,
    `{"@context":{"me":"@id","publisher":"${AS}actor"},"me":"","publisher":"x"}`,
    `{"@context":{"@base":"."},"@id":"","${AS}actor":"x"}`,
  ])('C1: refuses statements about the event itself: %s.', async(data): Promise<void> => {
    const before = (await members(scene!.producer, `${scene!.producer.pod}publish/`)).length;
    const response = await publish(data);
    expect([ response.status, await response.text() ]).toEqual([ 400, expect.stringMatching(/IRI|statements|graph|relative/iu) ]);
    expect(await members(scene!.producer, `${scene!.producer.pod}publish/`)).toHaveLength(before);
  });

  it('C1: refuses statements about an event that was published before.', async(): Promise<void> => {
    const first = (await publish('1')).headers.get('location')!;
    expect((await publish(`{"@context":{},"@id":"${first}","${AS}actor":{"@id":"https://victim.example/#me"}}`)).status).toBe(400);
    // Without keywords it is no statement about that event.
    const { graph } = await graphOf(await publish(`{"id":"${first}","${AS}object":"x"}`));
    expect(graph.some(({ subject }): boolean => subject.value === first)).toBe(false);
    expect(graph.some(({ object }): boolean => object.value === first)).toBe(true);
  });

  it('C2: keeps named graphs as one literal, or refuses them.', async(): Promise<void> => {
    const { graph } = await graphOf(await publish('{"type":"Doc","part":{"@graph":[{"id":"urn:b","name":"m"}]}}'));
    expect(graph.find(({ predicate }): boolean => predicate.value === DATA)!.object).toMatchObject({
      termType: 'Literal', value: '{"part":{"@graph":[{"id":"urn:b","name":"m"}]},"type":"Doc"}',
    });
    expect((await publish('{"@context":{"g":{"@id":"urn:g","@container":"@graph"}},"g":{"http://a.example/":1}}')).status).toBe(400);
  });

  it('C3: keeps all digits of numbers.', async(): Promise<void> => {
    const { graph } = await graphOf(await publish('{"n":12345678901234567890,"big":1e400,"price":9.95}'));
    const literals = graph.flatMap(({ object }): string[] =>
      object.termType === 'Literal' ? [ `${object.value} ${object.datatype.value.split('#')[1]}` ] : []);
    expect(literals).toEqual(expect.arrayContaining([ '12345678901234567890 integer', `1${'0'.repeat(400)} integer`, '9.95E0 double' ]));
  });

  it.each([ '{"a b":"x"}', '{"a\\"b":"x"}', '{"<a>":"x"}', '{"":"x"}', '{"type":"a b","name":"x"}', '{"type":["Doc",""]}' ])(
    'C4: loses nothing of %s.',
    async(data): Promise<void> => {
      const { graph } = await graphOf(await publish(data));
      const text = graph.map(({ predicate, object }): string => `${predicate.value} ${object.value}`).join('\n').replaceAll('\\"', '"');
      for (const part of Object.entries(JSON.parse(data) as object).flat(2) as string[]) {
        expect(text).toContain(part === 'type' ? 'Type' : part);
      }
    },
  );

  it.each([
    '{"@included":[{"name":"i"}]}',
    '{"@context":{"@propagate":false,"a":"http://a.example/"},"a":{"a":1}}',
    '{"@context":{"@vocab":"urn:v:","l":{"@container":"@language"},"i":{"@container":"@id"}},"l":{"en":"x","de":["y"]},"i":{"urn:a":{"b":{"@list":[1,[2]]}}}}',
    '{"@context":{"a":{"@id":"urn:a","@context":{"@vocab":"urn:s:"}},"n":"@nest"},"n":{"a":{"b":true}}}',
  ])('C5: is one graph in all formats for %s.', async(data): Promise<void> => {
    await graphOf(await publish(data));
  });

  it('C5: refuses data of which a processor keeps only part.', async(): Promise<void> => {
    const response = await publish('{"@context":{"a":null},"a":1,"b":2}');
    expect([ response.status, await response.text() ]).toEqual([ 400, expect.stringContaining('Dropping property') ]);
  });

  it('C6: no context has to be fetched to read an event.', async(): Promise<void> => {
    const { url, graph } = await graphOf(await publish('{"@context":"https://www.w3.org/ns/activitystreams","type":"Note","content":"hello"}'));
    expect(graph.some(({ predicate }): boolean => predicate.value === `${AS}content`)).toBe(true);
    expect(await get(url, 'application/ld+json')).not.toContain('"@context":"https');
    expect((await publish('{"@context":"https://schema.org/","name":"x"}')).status).toBe(400);
  });

  it('C1 to C6: other dialects accept and refuse the same.', async(): Promise<void> => {
    const { user } = scene!;
    const external = await post(user.fetch, `${user.pod}__event`, { Type: 'a b"<>', Object: 'a "b" <c> \\ \u0001', Info: '{"@id":"",\n"@graph":[]}' });
    expect(external.status).toBe(200);
    const url = (await members(user, `${user.pod}publish/`)).at(-1)!;
    const processed = await parseIndependently(await (await user.fetch(url, { headers: { accept: 'application/ld+json' }})).text(), url);
    for (const type of TYPES) {
      const text = await (await user.fetch(url, { headers: { accept: type }})).text();
      expect(areIsomorphic(parseStrictly(text, type, url), processed)).toBe(true);
    }
  });

  it('A2: many numbers are read as RDF while others are served.', async(): Promise<void> => {
    const url = (await publish(`[${Array.from({ length: 20_000 }, (_, index): number => index).join(',')}]`)).headers.get('location')!;
    const { result, answered, failures, turns } = await scene!.during(async(): Promise<number[]> => {
      const counts: number[] = [];
      for (const type of [ 'text/turtle', 'application/n-triples' ]) {
        const text = await get(url, type);
        counts.push(parseStrictly(text, type, url).filter(({ predicate }): boolean => predicate.value === DATA).length);
      }
      return counts;
    });
    expect(result).toEqual([ 20_000, 20_000 ]);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    expect(turns).toBeGreaterThan(0);
  });
});

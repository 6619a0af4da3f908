import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Quad } from '@rdfjs/types';
import { toRDF } from 'jsonld';
import { DataFactory, Parser, Store } from 'n3';
import { isomorphic } from 'rdf-isomorphic';
import { grant } from '../util/access';
import { createApiKey } from '../util/accounts';
import { isFull } from '../util/effort';
import { environment } from '../util/process';
import type { Scene } from '../util/scene';
import { post, setScene } from '../util/scene';
import { ROOT } from '../util/server';
import { eventually } from '../util/wait';

const LDES = 'https://w3id.org/ldes#';
const TREE = 'https://w3id.org/tree#';
const EVENTS = 'https://w3id.org/pod-events#';
const AS = 'https://www.w3.org/ns/activitystreams#';
const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const CLIENT = join(ROOT, 'test/ldes-client');

interface Page {
  readonly url: string;
  readonly store: Store;
  readonly headers: Headers;
  readonly members: string[];
  readonly times: string[];
  readonly next?: string;
}

describe('The Linked Data Event Stream', (): void => {
  let scene: Scene;
  let log: string;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    log = `${scene.producer.pod}publish/`;
  });

  afterAll(async(): Promise<void> => scene.end());

  async function publish(count: number, topic = 'realestate/contact#add', recipient = scene.user.webId): Promise<string[]> {
    const { producer } = scene;
    const events = Array.from({ length: count }, (_, index): object => ({
      recipient,
      topic,
      data: { type: 'AddAction', object: { id: 'https://example.org/shared', name: `${index}` }, plain: { nested: index }},
    }));
    const response = await post(producer.fetch, log, events);
    expect(response.status).toBe(201);
    return (await response.json() as { ids: string[] }).ids;
  }

  async function get(url: string, headers: Record<string, string> = {}, agent = scene.producer): Promise<Response> {
    return agent.fetch(url, { headers: { accept: 'application/n-quads', ...headers }});
  }

  async function read(url: string, agent = scene.producer): Promise<Page> {
    const response = await get(url, {}, agent);
    const text = await response.text();
    expect([ url, response.status, response.status === 200 ? '' : text ]).toEqual([ url, 200, '' ]);
    const store = new Store(new Parser({ format: 'application/n-quads' }).parse(text));
    const stream = url.replace(/&.*$/u, '');
    const members = store.getObjects(stream, `${TREE}member`, null).map(({ value }): string => value);
    const times = members.map((id): string => store.getObjects(id, `${EVENTS}arrived`, id)[0].value);
    const relation = store.getObjects(url, `${TREE}relation`, null).at(0);
    const next = relation && store.getObjects(relation, `${TREE}node`, null)[0].value;
    const bound = relation && store.getObjects(relation, `${TREE}value`, null).at(0);
    expect(times.every((time): boolean => bound === undefined || time <= bound.value)).toBe(true);
    return { url, store, headers: response.headers, members, times, next };
  }

  /** Reads a stream as its specification says: the view, then all relations. */
  async function replicate(url: string, agent = scene.producer): Promise<Page[]> {
    const { store } = await read(url, agent);
    const pages: Page[] = [];
    let next: string | undefined = store.getObjects(url.replace(/&.*$/u, ''), `${TREE}view`, null)[0].value;
    while (next !== undefined) {
      const page: Page = await read(next, agent);
      pages.push(page);
      ({ next } = page);
    }
    return pages;
  }

  it('is empty before the first event, and leads from there to the first page later.', async(): Promise<void> => {
    const [ empty, ...others ] = await replicate(`${log}?ldes`);
    expect([ others, empty.members, empty.headers.get('cache-control') ]).toEqual([ [], [], 'private, no-cache' ]);
    const ids = await publish(3);
    const followed = await read(empty.url);
    expect(followed.headers.get('cache-control')).toBe('private, no-cache, immutable');
    expect((await read(followed.next!)).members).toEqual(ids);
  });

  it('has all events of the log in the order of arrival, in full pages that do not change.', async(): Promise<void> => {
    await publish(120);
    await publish(90);
    const pages = await replicate(`${log}?ldes`);
    expect(pages.map(({ members }): number => members.length)).toEqual([ 100, 100, 13 ]);
    const listing = await (await get(`${log}?format=links`, { accept: 'application/json' })).json() as { contains: string[] };
    expect(pages[0].members.slice(0, 50)).toEqual(listing.contains);
    const times = pages.flatMap((page): string[] => page.times);
    expect(times).toEqual([ ...times ].sort());
    const [ full, , last ] = pages;
    expect(full.headers.get('cache-control')).toBe('private, max-age=86400, immutable');
    expect(full.headers.get('vary')).toBe('Accept,Authorization,Origin,X-API-Key');
    expect(full.store.getObjects(full.url, `${LDES}immutable`, null).map(({ value }): string => value)).toEqual([ 'true' ]);
    expect(last.headers.get('cache-control')).toBe('private, no-cache');
    expect(last.store.getObjects(last.url, `${LDES}immutable`, null)).toEqual([]);
    const before = await (await get(full.url)).text();
    await publish(100);
    expect(await (await get(full.url)).text()).toBe(before);
    expect((await read(last.url)).next).toBeDefined();
  });

  it('describes the stream, its view and its timestamps.', async(): Promise<void> => {
    const { store, headers } = await read(`${log}?ldes`);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(store.getObjects(`${log}?ldes`, `${RDF}type`, null).map(({ value }): string => value)).toEqual([ `${LDES}EventStream` ]);
    expect(store.getObjects(`${log}?ldes`, `${LDES}timestampPath`, null).map(({ value }): string => value)).toEqual([ `${EVENTS}arrived` ]);
    expect(store.getObjects(`${log}?ldes`, `${TREE}view`, null)).toHaveLength(1);
    // Everything is kept.
    expect(store.getObjects(null, `${LDES}retentionPolicy`, null)).toEqual([]);
  });

  it('begins at a time.', async(): Promise<void> => {
    const pages = await replicate(`${log}?ldes`);
    const { times, members } = pages[1];
    const since = await replicate(`${log}?ldes&from=${encodeURIComponent(times[50])}`);
    expect(since[0].members).toEqual(members);
    const end = await replicate(`${log}?ldes&from=${Date.now() + 1e9}`);
    expect(end.map(({ url }): string => url)).toEqual([ pages.at(-1)!.url ]);
  });

  it('has the whole event in the graph of each member, and the same statements in each format.', async(): Promise<void> => {
    const [ id ] = await publish(1);
    const url = (await replicate(`${log}?ldes`)).at(-1)!.url;
    const { store } = await read(url);
    const own = await scene.producer.fetch(id, { headers: { accept: 'application/n-triples' }});
    const expected = new Parser({ format: 'application/n-triples' }).parse(await own.text());
    const inGraph = store.getQuads(null, null, null, id).filter(({ predicate }): boolean => predicate.value !== `${EVENTS}arrived`);
    const plain = (quads: readonly Quad[]): Quad[] =>
      new Store(quads.map(({ subject, predicate, object }): any => DataFactory.quad(subject as any, predicate as any, object as any)))
        .getQuads(null, null, null, null);
    expect(isomorphic(plain(inGraph), expected)).toBe(true);
    const quads = store.getQuads(null, null, null, null);
    const trig = await (await get(url, { accept: 'application/trig' })).text();
    expect(isomorphic(new Parser({ format: 'application/trig' }).parse(trig), quads)).toBe(true);
    const json = await (await get(url, { accept: 'application/ld+json' })).json();
    expect(isomorphic(new Parser({ format: 'application/n-quads' })
      .parse(await toRDF(json, { format: 'application/n-quads' }) as unknown as string), quads)).toBe(true);
    const distinct = plain(quads);
    for (const accept of [ 'text/turtle', 'application/n-triples', '*/*' ]) {
      const response = await get(url, { accept });
      expect(response.headers.get('content-type')).toBe(accept === '*/*' ? 'text/turtle' : accept);
      expect(isomorphic(plain(new Parser().parse(await response.text())), distinct)).toBe(true);
    }
    expect(store.getObjects(id, `${AS}actor`, id).map(({ value }): string => value)).toEqual([ scene.producer.webId ]);
  });

  it('shows events of topics that the reader may read, and nothing without read access to the log.', async(): Promise<void> => {
    const { producer, subscriber } = scene;
    expect((await fetch(`${log}?ldes`)).status).toBe(401);
    expect((await get(`${log}?ldes`, {}, subscriber)).status).toBe(403);
    await grant(producer, log, { [subscriber.webId]: [ 'Read' ]});
    const [ secret ] = await publish(1, 'secret/plan', producer.webId);
    expect((await replicate(`${log}?ldes`, subscriber)).flatMap(({ members }): string[] => members)).toEqual([]);
    await grant(producer, `${producer.pod}topics/realestate/`, { [subscriber.webId]: [ 'Read' ]});
    const shown = (await replicate(`${log}?ldes`, subscriber)).flatMap(({ members }): string[] => members);
    const all = (await replicate(`${log}?ldes`)).flatMap(({ members }): string[] => members);
    expect(all).toContain(secret);
    expect(shown).toEqual(all.filter((id): boolean => id !== secret));
    await grant(producer, `${producer.pod}topics/realestate/`, {});
    expect((await replicate(`${log}?ldes`, subscriber)).flatMap(({ members }): string[] => members)).toEqual([]);
    await grant(producer, log, {});
    expect((await get(`${log}?ldes`, {}, subscriber)).status).toBe(403);
  });

  it('takes API keys with the scope read, limited to their topics.', async(): Promise<void> => {
    const { producer, server: { baseUrl }} = scene;
    const status = async(key: string): Promise<number> => (await fetch(`${log}?ldes`, { headers: { 'x-api-key': key }})).status;
    expect(await status((await createApiKey(baseUrl, producer.webId)).key)).toBe(403);
    const { key } = await createApiKey(baseUrl, producer.webId, { scopes: [ 'read' ], topics: [ 'secret/*' ]});
    const reader = { ...producer, fetch: (async(input: string, init: RequestInit = {}): Promise<Response> =>
      fetch(input, { ...init, headers: { ...init.headers as object, 'x-api-key': key }})) as typeof fetch };
    expect((await replicate(`${log}?ldes`, reader)).flatMap(({ members }): string[] => members)).toHaveLength(1);
    expect((await fetch(`${scene.user.pod}publish/?ldes`, { headers: { 'x-api-key': key }})).status).toBe(403);
  });

  it('answers conditional requests and HEAD, and refuses what it does not have.', async(): Promise<void> => {
    const [ { url, headers } ] = await replicate(`${log}?ldes`);
    const tag = headers.get('etag')!;
    expect((await get(url, { 'if-none-match': tag })).status).toBe(304);
    expect((await get(url, { 'if-none-match': '"other"' })).status).toBe(200);
    const head = await scene.producer.fetch(url, { method: 'HEAD', headers: { accept: 'application/n-quads' }});
    expect([ head.status, head.headers.get('etag'), await head.text() ]).toEqual([ 200, tag, '' ]);
    for (const [ query, status ] of [
      [ 'ldes&page=zzzzz', 404 ], [ 'ldes&page=P1', 400 ], [ 'ldes&page=-1', 400 ], [ 'ldes&page=', 400 ], [ 'ldes&page=p0.0.0', 400 ],
      [ 'ldes&page=zzzzzzzzzzz', 400 ], [ 'ldes&from=x', 400 ], [ 'ldes&limit=5', 400 ], [ 'ldes&ldes', 400 ], [ `ldes&access_token=${'a'.repeat(9)}`, 400 ],
    ] as const) {
      expect([ query, (await get(`${log}?${query}`)).status ]).toEqual([ query, status ]);
    }
    expect((await get(`${log}?ldes`, { accept: 'image/png' })).status).toBe(406);
    expect((await get(`${scene.server.baseUrl}nobody/publish/?ldes`)).status).toBe(404);
    expect((await fetch(`${log}?ldes`, { method: 'OPTIONS' })).status).toBe(204);
    // Without the parameter it is the container of LDP.
    expect((await get(log, { accept: 'text/turtle' })).headers.get('content-type')).toBe('text/turtle');
  });

  it('serves inboxes by arrival, with notifications of others, in pages that can change.', async(): Promise<void> => {
    const { user } = scene;
    await grant(user, user.inbox, { public: [ 'Append' ]});
    const posted = await post(fetch, user.inbox, { '@id': 'https://example.org/note', 'https://example.org/p': 1 }, { 'content-type': 'application/ld+json' });
    const notification = posted.headers.get('location')!;
    const ids = await publish(101);
    const pages = await eventually(async(): Promise<Page[] | undefined> => {
      const found = await replicate(`${user.inbox}?ldes`, user);
      return found.flatMap(({ members }): string[] => members).includes(ids.at(-1)!) ? found : undefined;
    });
    const members = pages.flatMap((page): string[] => page.members);
    expect(members.filter((id): boolean => ids.includes(id))).toEqual(ids);
    expect(members.filter((id): boolean => id === notification)).toEqual([ notification ]);
    expect(new Set(members).size).toBe(members.length);
    for (const { headers, members: own } of pages) {
      expect(headers.get('cache-control')).toBe('private, no-cache');
      expect(own.length).toBeLessThanOrEqual(100);
    }
    expect((await get(`${user.inbox}?ldes`)).status).toBe(403);
    expect((await get(`${user.inbox}?ldes&page=1`, {}, user)).status).toBe(400);
  });

  it('returns 410 for a page whose events were removed, with the page at which the stream begins.', async(): Promise<void> => {
    const { producer } = scene;
    const [ first, second ] = await replicate(`${log}?ldes`);
    for (const id of first.members) {
      expect((await producer.fetch(id, { method: 'DELETE' })).ok).toBe(true);
    }
    const gone = await get(first.url);
    expect([ gone.status, await gone.json() ]).toEqual([ 410, { error: expect.stringContaining(second.url) }]);
    expect((await replicate(`${log}?ldes`))[0].url).toBe(second.url);
  });

  (isFull ? describe : describe.skip)('for ldes-client', (): void => {
    let key: string;

    beforeAll(async(): Promise<void> => {
      if (!existsSync(join(CLIENT, 'node_modules'))) {
        await promisify(execFile)('npm', [ 'ci', '--ignore-scripts', '--no-audit', '--no-fund' ], { cwd: CLIENT, env: environment() });
      }
      ({ key } = await createApiKey(scene.server.baseUrl, scene.producer.webId, { scopes: [ 'read' ]}));
    }, 300_000);

    it.each([ 'none', 'ascending' ])('replicates the log in the order %s.', async(order): Promise<void> => {
      const { stdout } = await promisify(execFile)('node', [ 'replicate.mjs', `${log}?ldes`, key, order ], { cwd: CLIENT, env: environment(), maxBuffer: 2 ** 26 });
      const members = stdout.trim().split('\n').map((line): any => JSON.parse(line)).filter(({ id }): boolean => id);
      const expected = await replicate(`${log}?ldes`);
      const ids = expected.flatMap((page): string[] => page.members);
      expect(members.map(({ id }): string => id).sort()).toEqual([ ...ids ].sort());
      const times = members.map(({ time }): string => time);
      expect(times.slice().sort()).toEqual(expected.flatMap((page): string[] => page.times));
      if (order === 'ascending') {
        expect(times).toEqual(times.slice().sort());
      }
      for (const { id, quads } of members) {
        const { store } = expected.find((page): boolean => page.members.includes(id))!;
        expect([ id, quads.length ]).toEqual([ id, store.countQuads(null, null, null, id) ]);
      }
    });

    it('follows the log, over several pages, and fetches full pages once.', async(): Promise<void> => {
      const child = spawn('node', [ 'replicate.mjs', `${log}?ldes`, key, 'none', 'follow' ], { cwd: CLIENT, env: environment() });
      const ids: string[] = [];
      const fetched: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line): void => {
        const { id, page, immutable } = JSON.parse(line);
        if (id) {
          ids.push(id);
        } else if (immutable) {
          fetched.push(page);
        }
      });
      try {
        for (let round = 0; round < 3; round += 1) {
          const published = await publish(70);
          await eventually(async(): Promise<true | undefined> => published.every((id): boolean => ids.includes(id)) || undefined);
        }
        const all = (await replicate(`${log}?ldes`)).flatMap(({ members }): string[] => members);
        expect(ids.slice().sort()).toEqual(all.slice().sort());
        expect(new Set(fetched).size).toBe(fetched.length);
      } finally {
        child.kill();
      }
    });
  });
});

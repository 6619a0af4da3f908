import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { grant } from '../util/access';
import { createApiKey } from '../util/accounts';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

interface Page { readonly next?: string; readonly contains: any[] }

const AXIOS = 'application/json, text/plain, */*';
const READ = { scopes: [ 'read' ]};

describe('The JSON listing', (): void => {
  let scene: Scene;
  let key: string;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server: { baseUrl }, user, subscriber } = scene;
    ({ key } = await createApiKey(baseUrl, subscriber.webId, READ));
    await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/*', inbox: subscriber.inbox });
    // Anyone may send notifications.
    await grant(subscriber, subscriber.inbox, { public: [ 'Append' ]});
  });

  afterAll(async(): Promise<void> => scene.end());

  async function publish(data: unknown, topic = 'realestate/contact#add'): Promise<string> {
    const { producer, user } = scene;
    const response = await post(producer.fetch, `${producer.pod}publish/`, { recipient: user.webId, topic, data });
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: string }).id;
  }

  async function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(url, { headers: { accept: AXIOS, 'x-api-key': key, ...headers }});
  }

  async function list(query = '', url = scene.subscriber.inbox, headers: Record<string, string> = {}): Promise<Page> {
    const response = await get(`${url}${query}`, headers);
    const text = await response.text();
    expect([ response.status, response.status === 200 ? '' : text ]).toEqual([ 200, '' ]);
    expect(response.headers.get('content-type')).toBe('application/json');
    return JSON.parse(text) as Page;
  }

  /** Reads all pages. */
  async function all(query: string, headers: Record<string, string> = {}): Promise<any[]> {
    const items: any[] = [];
    for (let from: string | undefined = ''; from !== undefined;) {
      const page: Page = await list(`?${query}&from=${from}`, undefined, headers);
      items.push(...page.contains);
      from = page.next;
    }
    return items;
  }

  async function arrived(id: string): Promise<any> {
    const name = id.split('/').at(-1)!;
    return eventually(async(): Promise<any> => (await all('limit=50')).find((item): boolean => item['@id'].endsWith(name)));
  }

  it('returns whole messages with the members that consumers of Yodata read.', async(): Promise<void> => {
    const { producer, user, subscriber } = scene;
    const id = await publish({ type: 'AddAction', ['__proto__x']: 1 });
    const item = await arrived(id);
    expect(item).toEqual({
      '@id': `${subscriber.inbox}${id.split('/').at(-1)}`,
      timestamp: expect.any(Number),
      time: new Date(item.timestamp).toISOString(),
      instrument: producer.webId,
      agent: user.webId,
      originalRecipient: user.webId,
      id,
      type: [ 'Activity', 'Event' ],
      topic: 'realestate/contact#add',
      publisher: producer.webId,
      recipient: user.webId,
      origin: producer.pod,
      published: expect.any(String),
      data: { type: 'AddAction', ['__proto__x']: 1 },
    });
    expect(Math.abs(item.timestamp - Date.now())).toBeLessThan(300_000);
  });

  it('is the answer to a key without a preference, which gets members as JSON-LD too.', async(): Promise<void> => {
    const event = await publish('no preference');
    const item = await arrived(event);
    const getPlain = async(url: string): Promise<IncomingMessage> => new Promise((resolve, reject): unknown =>
      httpRequest(url, { headers: { 'x-api-key': key }}, resolve).on('error', reject).end());
    const listing = await getPlain(scene.subscriber.inbox);
    expect([ listing.statusCode, listing.headers['content-type'] ]).toEqual([ 200, 'application/json' ]);
    expect(JSON.parse(await text(listing)).contains.map(({ id }: { id: string }): string => id)).toContain(event);
    const member = await getPlain(item['@id']);
    expect([ member.statusCode, member.headers['content-type'] ]).toEqual([ 200, 'application/ld+json' ]);
    expect(JSON.parse(await text(member))).toMatchObject({ id: event, data: 'no preference' });
    const wildcard = await get(scene.subscriber.inbox, { accept: '*/*' });
    expect(wildcard.headers.get('content-type')).toBe('text/turtle');
    await wildcard.text();
  });

  it('pages from cursors and times until an empty end.', async(): Promise<void> => {
    const first = await publish(1);
    await arrived(first);
    const [ { timestamp } ] = (await all('')).slice(-1);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.push(await publish(index));
    }
    await arrived(ids.at(-1)!);
    const page = await list(`?limit=2&by=timestamp&from=${timestamp}`);
    expect(page.contains).toHaveLength(2);
    expect(page.contains[0].id).toBe(first);
    const rest = await list(`?from=${page.next}`);
    expect(rest.contains.map(({ data }): unknown => data)).toEqual([ 1, 2, 3, 4 ]);
    expect(await list(`?from=${rest.next}`)).toEqual({ contains: []});
    const since = new Date(timestamp).toISOString();
    expect((await list(`?from=${since}&by=datetime`)).contains[0].id).toBe(first);
    expect(await list(`?from=${Date.now() + 1e9}`)).toEqual({ contains: []});
    expect((await list(`?from=${(await list('?from=0&limit=1')).next}`)).contains.length).toBeGreaterThan(0);
    expect((await list('?limit=99999999999')).contains.length).toBeLessThanOrEqual(50);
    const links = await list(`?format=links&limit=2&from=${timestamp}`);
    expect(links.contains).toEqual(page.contains.map((item): string => item['@id']));
  });

  it('lists the events of publish/.', async(): Promise<void> => {
    const { producer, server: { baseUrl }} = scene;
    const id = await publish('own');
    const { key: own } = await createApiKey(baseUrl, producer.webId, READ);
    const response = await get(`${producer.pod}publish/`, { 'x-api-key': own });
    const { contains } = await response.json() as Page;
    const item = contains.find((one): boolean => one.id === id);
    expect(item).toMatchObject({ '@id': id, agent: producer.webId, instrument: producer.webId, data: 'own' });
  });

  it.each([
    [ 'from=x', 'Invalid from' ],
    [ 'from=p1.2', 'Invalid from' ],
    [ 'from=pzzzzzzzzzzz.0.0', 'Invalid from' ],
    [ 'from=99999999999999999', 'Invalid from' ],
    [ 'from=-1', 'Invalid from' ],
    [ 'from=2026-13-45', 'Invalid from' ],
    [ 'from=1%27%3BDROP', 'Invalid from' ],
    [ 'from=1&from=2', 'The parameter from is given twice' ],
    [ 'limit=0', 'Invalid limit' ],
    [ 'limit=-5', 'Invalid limit' ],
    [ 'limit=1e9', 'Invalid limit' ],
    [ 'wait=31', 'Invalid wait' ],
    [ 'wait=1.5', 'Invalid wait' ],
    [ 'wait=', 'Invalid wait' ],
    [ 'by=size', 'Invalid by' ],
    [ 'format=xml', 'Invalid format' ],
  ])('returns 400 for %s.', async(query, message): Promise<void> => {
    const response = await get(`${scene.subscriber.inbox}?${query}`);
    expect(response.status).toBe(400);
    expect((await response.json() as { error: string }).error).toMatch(new RegExp(`^${message}`, 'u'));
  });

  it('leaves other requests to LDP.', async(): Promise<void> => {
    const { subscriber } = scene;
    for (const [ accept, type ] of [
      [ '*/*', 'text/turtle' ],
      [ 'text/turtle', 'text/turtle' ],
      [ 'application/ld+json', 'application/ld+json' ],
      [ 'application/ld+json, application/json', 'application/ld+json' ],
      [ 'application/json;q=0.2, text/turtle;q=0.3', 'text/turtle' ],
      [ 'application/json;q=0.5, */*', 'text/turtle' ],
    ]) {
      const response = await subscriber.fetch(subscriber.inbox, { headers: { accept }});
      expect([ accept, response.status, response.headers.get('content-type') ]).toEqual([ accept, 200, type ]);
    }
    for (const [ accept, query ] of [
      [ 'application/json', '' ], [ AXIOS, '' ], [ 'text/turtle', '?format=full' ], [ '*/*', '?format=links' ],
      [ 'text/turtle;q=0.5, application/json;q=0.6', '' ],
    ]) {
      const response = await subscriber.fetch(`${subscriber.inbox}${query}`, { headers: { accept }});
      expect([ accept, response.headers.get('content-type') ]).toEqual([ accept, 'application/json' ]);
    }
    const posted = await post(fetch, `${subscriber.inbox}?format=full`, '<> a <x:y>.', { 'content-type': 'text/turtle' });
    expect(posted.status).toBe(201);
    await subscriber.fetch(posted.headers.get('location')!, { method: 'DELETE' });
  });

  it('lets in those with read access only, and says what is missing.', async(): Promise<void> => {
    const { producer, user, subscriber, server: { baseUrl }} = scene;
    const open = await fetch(subscriber.inbox, { headers: { accept: AXIOS }});
    expect(open.status).toBe(401);
    expect((await open.json() as { error: string }).error).toContain('acl:Read');
    expect(open.headers.get('www-authenticate')).toContain('Bearer');
    const other = await producer.fetch(subscriber.inbox, { headers: { accept: AXIOS }});
    expect(other.status).toBe(403);
    expect((await other.json() as { error: string }).error).toContain('acl:Read');
    const { key: writer } = await createApiKey(baseUrl, subscriber.webId, { scopes: [ 'publish' ]});
    const unscoped = await get(subscriber.inbox, { 'x-api-key': writer });
    expect([ unscoped.status, (await unscoped.json() as { error: string }).error ]).toEqual([ 403, expect.stringContaining('scope read') ]);
    expect((await get(subscriber.inbox, { 'x-api-key': `spe_${'a'.repeat(43)}` })).status).toBe(401);
    // The key of another agent with access does not apply in a pod that is not its own; an access token does.
    await grant(user, user.inbox, { [subscriber.webId]: [ 'Read' ]});
    expect((await get(user.inbox)).status).toBe(403);
    expect((await subscriber.fetch(user.inbox, { headers: { accept: AXIOS }})).status).toBe(200);
    await grant(user, user.inbox, {});
    expect((await subscriber.fetch(user.inbox, { headers: { accept: AXIOS }})).status).toBe(403);
    expect((await get(`${baseUrl}nobody/inbox/`)).status).toBe(404);
  });

  it('returns messages only to those who may read them, not the container alone.', async(): Promise<void> => {
    const { producer, user } = scene;
    await user.fetch(`${user.inbox}.acl`, {
      method: 'PUT',
      headers: { 'content-type': 'text/turtle' },
      body: `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#o> a acl:Authorization; acl:agent <${user.webId}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write, acl:Control.
<#p> a acl:Authorization; acl:agent <${producer.webId}>; acl:accessTo <./>; acl:mode acl:Read.`,
    });
    expect((await producer.fetch(user.inbox, { headers: { accept: 'text/turtle' }})).status).toBe(200);
    expect((await producer.fetch(user.inbox, { headers: { accept: AXIOS }})).status).toBe(403);
    expect((await producer.fetch(`${user.inbox}?format=links`)).status).toBe(200);
    await grant(user, user.inbox, {});
  });

  it('lists JSON notifications of others, without what only this server says, and no other resources.', async(): Promise<void> => {
    const { subscriber } = scene;
    const sent = {
      '@context': 'https://www.w3.org/ns/activitystreams', '@id': 'urn:x:1', type: 'Offer', topic: 'a/b#c',
      agent: 'https://evil.example/#me', instrument: 'https://evil.example/#me', timestamp: 1, summary: 'caf\u00e9',
    };
    const note = (await post(fetch, subscriber.inbox, sent, { 'content-type': 'application/ld+json' })).headers.get('location')!;
    const plain = (await post(fetch, subscriber.inbox, '{"a":1}')).headers.get('location')!;
    const array = (await post(fetch, subscriber.inbox, '[{"@id":"urn:x:2","urn:x:p":[{"@value":1}]}]', { 'content-type': 'application/ld+json' })).headers.get('location')!;
    const turtle = (await post(fetch, subscriber.inbox, '<> a <urn:x:T>.', { 'content-type': 'text/turtle' })).headers.get('location')!;
    const text = (await post(fetch, subscriber.inbox, 'hello', { 'content-type': 'text/plain' })).headers.get('location')!;
    const broken = (await post(fetch, subscriber.inbox, '{"a":')).headers.get('location')!;
    const items = await all('limit=3');
    const found = (url: string): any => items.find((item): boolean => item['@id'] === url);
    expect(found(note)).toEqual({
      '@id': note, timestamp: expect.any(Number), time: expect.any(String), id: 'urn:x:1', type: 'Offer', topic: 'a/b#c', summary: 'caf\u00e9',
    });
    expect(found(plain)).toMatchObject({ a: 1 });
    expect(found(array)['@graph']).toHaveLength(1);
    expect([ turtle, text, broken ].map(found)).toEqual([ undefined, undefined, undefined ]);
    // Those with access control of their own are listed for those who may read them.
    await grant(subscriber, subscriber.inbox, { [scene.producer.webId]: [ 'Read' ], public: [ 'Append' ]});
    await grant(subscriber, note, {});
    const { contains } = await (await scene.producer.fetch(`${subscriber.inbox}?limit=50`, { headers: { accept: AXIOS }})).json() as Page;
    expect(contains.some((item): boolean => item['@id'] === plain)).toBe(true);
    expect(contains.some((item): boolean => item['@id'] === note)).toBe(false);
    await grant(subscriber, subscriber.inbox, { public: [ 'Append' ]});
    for (const url of [ note, plain, array, turtle, text, broken ]) {
      expect((await subscriber.fetch(url, { method: 'DELETE' })).status).toBe(205);
    }
    expect((await all('limit=50')).map((item): string => item['@id'])).not.toContain(plain);
  });

  it('returns the topics of a limited key only, and no notifications.', async(): Promise<void> => {
    const { subscriber, server: { baseUrl }} = scene;
    const note = (await post(fetch, subscriber.inbox, '{"topic":"realestate/lead#add"}')).headers.get('location')!;
    const wanted = await publish('lead', 'realestate/lead#add');
    await arrived(wanted);
    await arrived(await publish('contact'));
    const { key: limited } = await createApiKey(baseUrl, subscriber.webId, { ...READ, topics: [ 'realestate/lead' ]});
    const items = await all('limit=1', { 'x-api-key': limited });
    expect(items.map(({ id }): string => id)).toEqual([ wanted ]);
    await subscriber.fetch(note, { method: 'DELETE' });
  });

  it('returns 304 until something changes, also for HEAD.', async(): Promise<void> => {
    const { subscriber } = scene;
    const response = await get(subscriber.inbox);
    const etag = response.headers.get('etag')!;
    expect((await get(subscriber.inbox, { 'if-none-match': etag })).status).toBe(304);
    expect((await get(`${subscriber.inbox}?limit=1`, { 'if-none-match': etag })).status).toBe(200);
    expect((await fetch(subscriber.inbox, { headers: { accept: AXIOS, 'if-none-match': etag }})).status).toBe(401);
    const head = await fetch(subscriber.inbox, { method: 'HEAD', headers: { accept: AXIOS, 'x-api-key': key }});
    expect([ head.status, head.headers.get('etag'), await head.text() ]).toEqual([ 200, etag, '' ]);
    expect(Number(head.headers.get('content-length'))).toBe(Buffer.byteLength(await response.text()));
    const id = await publish('new');
    await arrived(id);
    expect((await get(subscriber.inbox, { 'if-none-match': etag })).status).toBe(200);
  });

  it('returns large events, one to a page, with their data as it was sent.', async(): Promise<void> => {
    const { subscriber } = scene;
    const from = (await all('')).at(-1).timestamp as number;
    const last = await arrived(await publish('x'.repeat(4 * 1_024 * 1_024 - 1_000)));
    const second = await arrived(await publish('y'.repeat(900 * 1_024)));
    const sizes: number[] = [];
    for (let page = await list(`?from=${from}`); page.contains.length > 0; page = await list(`?from=${page.next}`)) {
      sizes.push(page.contains.length);
      expect(JSON.stringify(page).length).toBeLessThan(5 * 1_024 * 1_024);
    }
    expect(sizes.length).toBeGreaterThanOrEqual(2);
    expect(last.data).toHaveLength(4 * 1_024 * 1_024 - 1_000);
    for (const { '@id': url } of [ last, second ]) {
      await subscriber.fetch(url, { method: 'DELETE' });
    }
  });

  describe('for a request with wait', (): void => {
    const end = async(): Promise<string> => {
      const items = await all('');
      return items.length > 0 ? (await list(`?from=${items.at(-1).timestamp}`)).next! : 'p0.0.0';
    };

    it('returns the item that arrives, and the empty page if none does.', async(): Promise<void> => {
      const from = await end();
      const waiting = list(`?from=${from}&wait=30`);
      const id = await publish('waited');
      const { contains, next } = await waiting;
      expect(contains.map((item): string => item.id)).toEqual([ id ]);
      expect(await list(`?from=${next}&wait=1`)).toEqual({ contains: []});
      const note = list(`?from=${next}&wait=30`);
      const { headers } = await post(fetch, scene.subscriber.inbox, '{"b":2}');
      expect((await note).contains).toMatchObject([{ b: 2 }]);
      await scene.subscriber.fetch(headers.get('location')!, { method: 'DELETE' });
    });

    it('checks access again before it returns anything.', async(): Promise<void> => {
      const { producer, subscriber, server: { baseUrl }} = scene;
      const from = await end();
      await grant(subscriber, subscriber.inbox, { [producer.webId]: [ 'Read' ], public: [ 'Append' ]});
      const { key: shortLived, revoke } = await createApiKey(baseUrl, subscriber.webId, READ);
      const byToken = producer.fetch(`${subscriber.inbox}?from=${from}&wait=30`, { headers: { accept: AXIOS }});
      const byKey = get(`${subscriber.inbox}?from=${from}&wait=30`, { 'x-api-key': shortLived });
      await new Promise((resolve): unknown => setTimeout(resolve, 500));
      await grant(subscriber, subscriber.inbox, { public: [ 'Append' ]});
      await revoke();
      await publish('secret');
      expect((await byToken).status).toBe(403);
      expect((await byKey).status).toBe(401);
    });

    it('holds ten of an agent, and forgets those whose clients left.', async(): Promise<void> => {
      const { subscriber } = scene;
      const from = await end();
      const url = new URL(`${subscriber.inbox}?from=${from}&wait=30`);
      const headers = { accept: AXIOS, 'x-api-key': key };
      const hang = (): { readonly destroy: () => void } => httpRequest(url, { headers, agent: false }).on('error', (): void => {}).end();
      for (let round = 0; round < 60; round += 1) {
        const hanging = Array.from({ length: 10 }, hang);
        await new Promise((resolve): unknown => setTimeout(resolve, 10));
        hanging.forEach((one): void => one.destroy());
      }
      // Refused at first are those beyond ten, with the requests of clients whose leaving is not noticed yet.
      const statuses = await eventually(async(): Promise<number[] | undefined> => {
        const cursor = await end();
        const eleven = Array.from({ length: 11 }, async(): Promise<Response> => get(`${subscriber.inbox}?from=${cursor}&wait=30`));
        const refused = await Promise.race(eleven);
        expect(refused.status).toBe(429);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        expect((await refused.json() as { error: string }).error).toContain('at most 10');
        await publish('all');
        const found = (await Promise.all(eleven)).map(({ status }): number => status).sort();
        return found.filter((status): boolean => status === 429).length === 1 ? found : undefined;
      });
      expect(statuses).toEqual([ ...Array.from({ length: 10 }, (): number => 200), 429 ]);
    });
  });

  it('has the same items as the container in RDF.', async(): Promise<void> => {
    const { subscriber } = scene;
    const items = await all('');
    expect(items.map((item): string => item['@id']).sort()).toEqual((await members(subscriber, subscriber.inbox)).sort());
  });
});

it('ends waiting requests with the server, which answers them.', async(): Promise<void> => {
  const scene = await setScene();
  const { server: { baseUrl }, subscriber } = scene;
  const { key } = await createApiKey(baseUrl, subscriber.webId, READ);
  const waiting = fetch(`${subscriber.inbox}?wait=30`, { headers: { accept: AXIOS, 'x-api-key': key }})
    .then(async(response): Promise<unknown> => [ response.status, await response.json() ]);
  await new Promise((resolve): unknown => setTimeout(resolve, 1_000));
  await scene.end();
  expect(await waiting).toEqual([ 200, { contains: []}]);
});

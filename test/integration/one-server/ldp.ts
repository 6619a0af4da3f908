import {
  deleteSolidDataset,
  getContainedResourceUrlAll,
  getSolidDataset,
  getStringNoLocale,
  getThing,
  getUrl,
} from '@inrupt/solid-client';
import type * as Comunica from '@comunica/query-sparql';
import WebSocket from 'ws';
import { createServer } from 'node:http';
import { grant } from '../../util/access';
import type { Scene } from '../../util/scene';
import { members, post, setScene } from '../../util/scene';
import { eventually } from '../../util/wait';

/** The `require` of Node, which the environment of the tests gives them. */
declare const requireOutside: NodeJS.Require;

const TURTLE = { 'content-type': 'text/turtle' };

describe('By LDP', (): void => {
  let scene: Scene;
  let inbox: string;
  let publish: string;
  const publishOne = async(data: unknown = { name: 'Bruce Wayne' }): Promise<{ event: string; copy: string }> => {
    const response = await post(scene.producer.fetch, publish, { recipient: scene.user.webId, topic: 'realestate/contact#add', data });
    const { id } = await response.json();
    const copy = `${inbox}${id.slice(publish.length)}`;
    await eventually(async(): Promise<true | undefined> => (await scene.subscriber.fetch(copy)).ok || undefined);
    return { event: id, copy };
  };

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    inbox = scene.subscriber.inbox;
    publish = `${scene.producer.pod}publish/`;
    await post(scene.subscriber.fetch, `${scene.user.pod}subscriptions/`, { topic: 'realestate/contact', inbox });
  });

  afterAll(async(): Promise<void> => scene.end());

  it('a copy is listed, read and deleted by a Solid client.', async(): Promise<void> => {
    const { event, copy } = await publishOne();
    const listing = await getSolidDataset(inbox, { fetch: scene.subscriber.fetch });
    expect(getContainedResourceUrlAll(listing)).toContain(copy);
    const dataset = await getSolidDataset(copy, { fetch: scene.subscriber.fetch });
    const thing = getThing(dataset, event)!;
    expect(getUrl(thing, 'https://www.w3.org/ns/activitystreams#actor')).toBe(scene.producer.webId);
    expect(getStringNoLocale(thing, 'https://w3id.org/pod-events#topic')).toBe('realestate/contact#add');
    await deleteSolidDataset(copy, { fetch: scene.subscriber.fetch });
    expect((await scene.subscriber.fetch(copy)).status).toBe(404);
    expect(await members(scene.subscriber, inbox)).not.toContain(copy);
    expect((await scene.producer.fetch(event)).status).toBe(200);
  });

  it('copies are found by topic with SPARQL.', async(): Promise<void> => {
    const { event, copy } = await publishOne();
    const { QueryEngine } = requireOutside('@comunica/query-sparql') as typeof Comunica;
    const bindings = await new QueryEngine().queryBindings(`
      PREFIX ldp: <http://www.w3.org/ns/ldp#> PREFIX events: <https://w3id.org/pod-events#>
      SELECT ?copy ?event WHERE {
        <${inbox}> ldp:contains ?copy. ?copy events:event ?event. ?event events:topic "realestate/contact#add".
      }
    `, { sources: [ inbox, copy ], fetch: scene.subscriber.fetch });
    const found = (await bindings.toArray()).map((row): unknown[] => [ row.get('copy')?.value, row.get('event')?.value ]);
    expect(found).toEqual([[ copy, event ]]);
    const listing = await (await scene.producer.fetch(publish, { headers: { accept: 'text/turtle' }})).text();
    expect(listing).not.toContain('events:event ');
  });

  it.each([ 'text/turtle, */*', '*/*, text/turtle', 'text/turtle;q=0.5, */*;q=0.5', 'text/turtle' ])(
    'Accept: %s gets Turtle of events, copies, listings and subscriptions.',
    async(accept): Promise<void> => {
      const { event, copy } = await publishOne();
      const urls = [ [ scene.producer, event ], [ scene.subscriber, copy ], [ scene.subscriber, inbox ], [ scene.subscriber, `${scene.user.pod}subscriptions/` ]] as const;
      for (const [ agent, url ] of urls) {
        const response = await agent.fetch(url, { headers: { accept }});
        expect([ url, response.status, response.headers.get('content-type') ]).toEqual([ url, 200, 'text/turtle' ]);
      }
    },
  );

  it.each([
    [ 'application/ld+json, */*', 'application/ld+json' ], [ 'application/n-triples, */*', 'application/n-triples' ],
  ])('Accept: %s gets %s of a copy and a listing.', async(accept, type): Promise<void> => {
    const { copy } = await publishOne();
    for (const url of [ copy, inbox ]) {
      const response = await scene.subscriber.fetch(url, { headers: { accept }});
      expect([ url, response.headers.get('content-type') ]).toEqual([ url, type ]);
    }
  });

  it('a copy has headers, ranges and conditions like any resource.', async(): Promise<void> => {
    const { copy } = await publishOne();
    const accept = 'application/ld+json';
    const head = await scene.subscriber.fetch(copy, { method: 'HEAD', headers: { accept }});
    expect(head.headers.get('content-type')).toBe(accept);
    expect(head.headers.get('link')).toContain(`<${copy}.acl>; rel="acl"`);
    expect(head.headers.get('link')).toContain(`<${copy}.meta>; rel="describedby"`);
    const etag = head.headers.get('etag')!;
    const notModified = await scene.subscriber.fetch(copy, { headers: { accept, 'if-none-match': etag }});
    expect(notModified.status).toBe(304);
    const range = await scene.subscriber.fetch(copy, { headers: { accept, range: 'bytes=0-9' }});
    expect([ range.status, await range.text() ]).toEqual([ 206, '{"@context' ]);
    expect((await scene.subscriber.fetch(`${copy}.meta`, { headers: { accept: 'text/turtle' }})).status).toBe(200);
    expect((await scene.subscriber.fetch(copy, { method: 'DELETE', headers: { 'if-match': '"1-x"' }})).status).toBe(412);
    expect((await scene.subscriber.fetch(copy, { method: 'PUT', headers: { ...TURTLE, 'if-none-match': '*' }, body: '' })).status).toBe(412);
    expect((await scene.subscriber.fetch(copy, { method: 'DELETE', headers: { 'if-match': etag }})).ok).toBe(true);
  });

  it('copies are the inbox owner\'s alone.', async(): Promise<void> => {
    const { copy } = await publishOne();
    expect((await fetch(copy)).status).toBe(401);
    expect((await scene.producer.fetch(copy)).status).toBe(403);
    expect((await scene.producer.fetch(inbox)).status).toBe(403);
    expect((await scene.producer.fetch(copy, { method: 'DELETE' })).status).toBe(403);
  });

  it('a copy can have access control of its own, which goes with it.', async(): Promise<void> => {
    const { copy } = await publishOne();
    await grant(scene.subscriber, copy, { [scene.producer.webId]: [ 'Read' ]});
    expect((await scene.producer.fetch(copy)).status).toBe(200);
    expect((await scene.subscriber.fetch(`${copy}.acl`, { method: 'DELETE' })).ok).toBe(true);
    expect((await scene.producer.fetch(copy)).status).toBe(403);
    const other = (await publishOne()).copy;
    await grant(scene.subscriber, other, { [scene.producer.webId]: [ 'Read' ]});
    expect((await scene.subscriber.fetch(other, { method: 'DELETE' })).ok).toBe(true);
    expect((await scene.subscriber.fetch(other)).status).toBe(404);
    expect((await scene.subscriber.fetch(`${other}.acl`)).status).toBe(404);
  });

  it('a copy that is PUT or PATCHed becomes an ordinary resource.', async(): Promise<void> => {
    const one = await publishOne();
    const put = await scene.subscriber.fetch(one.copy, { method: 'PUT', headers: TURTLE, body: '<> <urn:x:a> "read".' });
    expect(put.status).toBe(205);
    expect(await (await scene.subscriber.fetch(one.copy, { headers: { accept: 'text/turtle' }})).text()).toContain('read');
    expect((await members(scene.subscriber, inbox)).filter((url): boolean => url === one.copy)).toHaveLength(1);
    const two = await publishOne();
    const patch = await scene.subscriber.fetch(two.copy, {
      method: 'PATCH',
      headers: { 'content-type': 'application/sparql-update' },
      body: `INSERT DATA { <${two.event}> <urn:x:seen> true }`,
    });
    expect(patch.ok).toBe(true);
    const text = await (await scene.subscriber.fetch(two.copy, { headers: { accept: 'text/turtle' }})).text();
    expect(text).toContain('Bruce Wayne');
    expect(text).toContain('urn:x:seen');
    expect((await scene.subscriber.fetch(two.copy, { method: 'DELETE' })).ok).toBe(true);
    expect((await scene.subscriber.fetch(two.copy)).status).toBe(404);
    const unchanged = await (await scene.producer.fetch(two.event, { headers: { accept: 'text/turtle' }})).text();
    expect(unchanged).not.toContain('urn:x:seen');
  });

  it('a description of a copy can be written, for which the copy becomes an ordinary resource.', async(): Promise<void> => {
    const { copy } = await publishOne();
    const patch = await scene.subscriber.fetch(`${copy}.meta`, {
      method: 'PATCH', headers: { 'content-type': 'application/sparql-update' }, body: `INSERT DATA { <${copy}> <urn:x:label> "mine" }`,
    });
    expect(patch.ok).toBe(true);
    expect(await (await scene.subscriber.fetch(`${copy}.meta`, { headers: { accept: 'text/turtle' }})).text()).toContain('mine');
    expect(await (await scene.subscriber.fetch(copy)).text()).toContain('Bruce Wayne');
    expect((await members(scene.subscriber, inbox)).filter((url): boolean => url === copy)).toHaveLength(1);
  });

  it('what others leave in the inbox stays beside the copies.', async(): Promise<void> => {
    const { copy } = await publishOne();
    const left = await scene.producer.fetch(inbox, { method: 'POST', headers: { ...TURTLE, slug: 'hello' }, body: '<> a <urn:x:Note>.' });
    expect(left.status).toBe(201);
    await scene.subscriber.fetch(`${inbox}own.txt`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'mine' });
    expect(await members(scene.subscriber, inbox)).toEqual(expect.arrayContaining([ copy, left.headers.get('location'), `${inbox}own.txt` ]));
    expect(await (await scene.subscriber.fetch(`${inbox}own.txt`)).text()).toBe('mine');
    await scene.subscriber.fetch(`${inbox}own.txt`, { method: 'DELETE' });
  });

  it('an inbox with copies cannot be deleted.', async(): Promise<void> => {
    await publishOne();
    expect((await scene.subscriber.fetch(inbox, { method: 'DELETE' })).status).toBe(409);
  });

  it('the listing of an inbox has another ETag whenever it changes.', async(): Promise<void> => {
    const etags = new Set<string>();
    const tag = async(): Promise<void> => {
      etags.add((await scene.subscriber.fetch(inbox, { method: 'HEAD' })).headers.get('etag')!);
    };
    await tag();
    const { copy } = await publishOne();
    await tag();
    await scene.subscriber.fetch(copy, { method: 'DELETE' });
    await tag();
    expect(etags.size).toBe(3);
  });

  it('lists more copies than a page holds.', async(): Promise<void> => {
    const before = (await members(scene.producer, publish)).length;
    await post(scene.producer.fetch, publish, Array.from({ length: 1_000 }, (_, index): object =>
      ({ recipient: scene.producer.webId, topic: 'a', data: index })));
    expect(await members(scene.producer, publish)).toHaveLength(before + 1_000);
  });

  it('what is published never changes.', async(): Promise<void> => {
    const { event } = await publishOne();
    for (const [ method, url ] of [
      [ 'PUT', event ], [ 'PATCH', event ], [ 'PUT', `${publish}other` ], [ 'PUT', `${publish}sub/` ], [ 'PUT', `${publish}sub/other` ],
    ]) {
      const response = await scene.producer.fetch(url, {
        method,
        headers: { 'content-type': method === 'PATCH' ? 'application/sparql-update' : 'text/turtle' },
        body: method === 'PATCH' ? 'INSERT DATA { <a:b> <a:b> <a:b> }' : '',
      });
      expect([ method, url, response.status ]).toEqual([ method, url, 405 ]);
      expect(await response.text()).toContain('never change');
    }
    for (const url of [ publish, publish.slice(0, -1) ]) {
      const response = await post(scene.producer.fetch, url, '<> a <urn:x:Note>.', TURTLE);
      expect([ url, response.status ]).toEqual([ url, 415 ]);
    }
    await grant(scene.producer, event, { [scene.user.webId]: [ 'Read' ]});
    expect((await scene.user.fetch(event)).status).toBe(200);
  });

  it('the owner of a pod takes an event back, and copies stay where they are.', async(): Promise<void> => {
    const { event, copy } = await publishOne();
    expect((await scene.user.fetch(event, { method: 'DELETE' })).status).toBe(403);
    expect((await scene.producer.fetch(event, { method: 'DELETE' })).ok).toBe(true);
    expect((await scene.producer.fetch(event)).status).toBe(404);
    expect((await scene.subscriber.fetch(copy)).status).toBe(200);
  });

  it('the event store is not to be had.', async(): Promise<void> => {
    for (const path of [ '.events/', '.events/events.sqlite' ]) {
      expect((await fetch(`${scene.server.baseUrl}${path}`)).status).toBe(401);
      expect((await scene.user.fetch(`${scene.server.baseUrl}${path}`)).status).toBe(403);
    }
  });

  it('the description of a pod tells where to publish and subscribe.', async(): Promise<void> => {
    const text = await (await fetch(`${scene.user.pod}.well-known/solid`, { headers: { accept: 'application/n-triples' }})).text();
    for (const [ term, path ] of [[ 'publish', 'publish/' ], [ 'externalEvent', '__event' ], [ 'subscriptions', 'subscriptions/' ], [ 'topics', 'topics/' ]]) {
      expect(text).toContain(`<${scene.user.pod}> <https://w3id.org/pod-events#${term}> <${scene.user.pod}${path}>`);
    }
  });

  it('a pod is set up with the access of the design, and its profile advertises the inbox.', async(): Promise<void> => {
    const { pod, webId } = scene.user;
    const card = await (await fetch(`${pod}profile/card`, { headers: { accept: 'application/n-triples' }})).text();
    expect(card).toContain(`<${webId}> <http://www.w3.org/ns/ldp#inbox> <${pod}inbox/>`);
    for (const container of [ 'publish/', 'topics/', 'subscriptions/', 'inbox/' ]) {
      const own = await scene.user.fetch(`${pod}${container}`, { method: 'HEAD' });
      expect([ container, own.status ]).toEqual([ container, 200 ]);
      expect((await fetch(`${pod}${container}`)).status).toBe(401);
      // An agent always sees its own subscriptions, here none.
      expect((await scene.subscriber.fetch(`${pod}${container}`)).status).toBe(container === 'subscriptions/' ? 200 : 403);
    }
    expect((await post(scene.subscriber.fetch, `${pod}inbox/`, 'hello', { 'content-type': 'text/plain' })).status).toBe(201);
    expect((await post(fetch, `${pod}inbox/`, 'hello', { 'content-type': 'text/plain' })).status).toBe(401);
  });

  it('a WebSocket channel on an inbox tells of a copy.', async(): Promise<void> => {
    const subscribed = await post(scene.subscriber.fetch, `${scene.server.baseUrl}.notifications/WebSocketChannel2023/`, {
      '@context': [ 'https://www.w3.org/ns/solid/notification/v1' ],
      type: 'http://www.w3.org/ns/solid/notifications#WebSocketChannel2023',
      topic: inbox,
    }, { 'content-type': 'application/ld+json' });
    const channel = await subscribed.json();
    const socket = new WebSocket(channel.receiveFrom);
    const messages: any[] = [];
    socket.on('message', (message: Buffer): unknown => messages.push(JSON.parse(message.toString())));
    await new Promise((resolve, reject): unknown => socket.once('open', resolve).once('error', reject));
    const { copy } = await publishOne();
    const message = await eventually(async(): Promise<any> => messages.find(({ type }): boolean => type === 'Add'));
    expect(message).toMatchObject({ type: 'Add', object: copy, target: inbox });
    await scene.subscriber.fetch(copy, { method: 'DELETE' });
    await eventually(async(): Promise<any> => messages.find(({ type }): boolean => type === 'Remove'));
    socket.close();
    await scene.subscriber.fetch(channel.id, { method: 'DELETE' });
    await publishOne();
    expect(messages.filter(({ type }): boolean => type === 'Add')).toHaveLength(1);
  });

  it('a webhook channel on an inbox tells of each copy.', async(): Promise<void> => {
    const bodies: any[] = [];
    const sink = createServer((request, response): void => {
      let body = '';
      request.on('data', (chunk: Buffer): void => { body += chunk.toString(); });
      request.on('end', (): void => {
        bodies.push(JSON.parse(body));
        response.end();
      });
    });
    await new Promise<void>((resolve): unknown => sink.listen(0, 'localhost', resolve));
    const channel = await (await post(scene.subscriber.fetch, `${scene.server.baseUrl}.notifications/WebhookChannel2023/`, {
      '@context': [ 'https://www.w3.org/ns/solid/notification/v1' ],
      type: 'http://www.w3.org/ns/solid/notifications#WebhookChannel2023',
      topic: inbox,
      sendTo: `http://localhost:${(sink.address() as { port: number }).port}/`,
    }, { 'content-type': 'application/ld+json' })).json();
    const copies = [ await publishOne(), await publishOne() ].map(({ copy }): string => copy);
    await eventually(async(): Promise<true | undefined> => bodies.length >= 2 || undefined);
    expect(bodies.map(({ object }): string => object).sort()).toEqual(copies.sort());
    expect(bodies.map(({ type }): string => type)).toEqual([ 'Add', 'Add' ]);
    await scene.subscriber.fetch(channel.id, { method: 'DELETE' });
    sink.closeAllConnections();
    sink.close();
  });

  it('all of it survives a restart.', async(): Promise<void> => {
    const { event, copy } = await publishOne({ last: true });
    const listed = await members(scene.subscriber, inbox);
    await scene.server.restart();
    expect(await members(scene.subscriber, inbox)).toEqual(listed);
    expect((await scene.producer.fetch(event)).status).toBe(200);
    expect((await scene.subscriber.fetch(copy)).status).toBe(200);
    await publishOne({ after: 'restart' });
  });
});

import { v7 } from 'uuid';
import { grant } from '../../util/access';
import type { Scene } from '../../util/scene';
import { members, post, setScene } from '../../util/scene';
import { eventually } from '../../util/wait';

describe('The subscriptions of a pod', (): void => {
  let scene: Scene;
  let subscriptions: string;
  const create = async(topic: unknown, inbox: unknown = scene.subscriber.inbox): Promise<Response> =>
    post(scene.subscriber.fetch, subscriptions, { topic, inbox });
  const publish = async(topic = 'realestate/contact#add', data: unknown = {}): Promise<string> => {
    const response = await post(scene.producer.fetch, `${scene.producer.pod}publish/`, { recipient: scene.user.webId, topic, data });
    return (await response.json()).id.slice(`${scene.producer.pod}publish/`.length);
  };
  /** Waits until the event has been forwarded to the user's own inbox and a little longer, and tells where else it is. */
  const isDelivered = async(name: string): Promise<boolean> => {
    await eventually(async(): Promise<true | undefined> =>
      (await members(scene.user, scene.user.inbox)).some((url): boolean => url.endsWith(name)) || undefined);
    await new Promise((resolve): unknown => setTimeout(resolve, 150));
    return (await members(scene.subscriber, scene.subscriber.inbox)).some((url): boolean => url.endsWith(name));
  };
  const endAll = async(): Promise<void> => {
    const { contains } = await (await scene.user.fetch(subscriptions)).json();
    for (const { id } of contains) {
      expect((await scene.user.fetch(id, { method: 'DELETE' })).status).toBe(204);
    }
  };

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    subscriptions = `${scene.user.pod}subscriptions/`;
  });

  afterEach(endAll);
  afterAll(async(): Promise<void> => scene.end());

  it('are made as JSON.', async(): Promise<void> => {
    const response = await create('realestate/contact');
    expect(response.status).toBe(201);
    const { id, ...subscription } = await response.json();
    expect(response.headers.get('location')).toBe(id);
    expect(id.startsWith(subscriptions)).toBe(true);
    expect(subscription).toMatchObject({ topic: 'realestate/contact', inbox: scene.subscriber.inbox, agent: scene.subscriber.webId });
  });

  it.each([
    [ 'application/ld+json', (inbox: string): string => JSON.stringify({ topic: 'realestate/*', inbox }) ],
    [ 'application/ld+json', (inbox: string): string => JSON.stringify({
      '@context': { t: 'https://w3id.org/pod-events#topic', i: { '@id': 'http://www.w3.org/ns/ldp#inbox', '@type': '@id' }}, t: 'realestate/*', i: inbox,
    }) ],
    [ 'text/turtle', (inbox: string): string => `@prefix events: <https://w3id.org/pod-events#>. @prefix ldp: <http://www.w3.org/ns/ldp#>.
      [] a events:Subscription; events:topic "realestate/*"; ldp:inbox <${inbox}>.` ],
  ])('are made as %s (%#).', async(type, body): Promise<void> => {
    const response = await post(scene.subscriber.fetch, subscriptions, body(scene.subscriber.inbox), { 'content-type': type });
    expect([ response.status, await response.json() ])
      .toEqual([ 201, expect.objectContaining({ topic: 'realestate/*', inbox: scene.subscriber.inbox }) ]);
  });

  it('are one for the same agent, topic and inbox.', async(): Promise<void> => {
    const first = await create('realestate/*');
    const second = await create('realestate/*');
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
  });

  it.each([ 'text/turtle', 'application/ld+json', 'application/n-triples', 'application/json', '*/*' ])(
    'are listed and shown as %s.',
    async(accept): Promise<void> => {
      const location = (await create('realestate/*')).headers.get('location')!;
      for (const url of [ subscriptions, location ]) {
        const response = await scene.user.fetch(url, { headers: { accept }});
        expect(response.status).toBe(200);
        expect(response.headers.get('content-type')).toBe(accept === '*/*' ? 'application/json' : accept);
        const text = await response.text();
        expect(text).toContain('realestate/*');
        expect(text).toContain(url === location && accept === 'text/turtle' ? '<> ' : location.slice(subscriptions.length));
      }
      const head = await scene.user.fetch(location, { method: 'HEAD', headers: { accept }});
      expect([ head.status, await head.text() ]).toEqual([ 200, '' ]);
    },
  );

  it('are seen and ended by the owner and the subscriber alone.', async(): Promise<void> => {
    const location = (await create('realestate/*')).headers.get('location')!;
    await grant(scene.user, `${scene.user.pod}topics/realestate/`, { authenticated: [ 'Read', 'Append' ]});
    await post(scene.producer.fetch, subscriptions, { topic: 'realestate/*', inbox: scene.producer.inbox });
    const agentsSeenBy = async(fetcher: typeof fetch): Promise<string[]> =>
      (await (await fetcher(subscriptions)).json()).contains.map(({ agent }: { agent: string }): string => agent);
    expect(await agentsSeenBy(scene.user.fetch)).toEqual([ scene.subscriber.webId, scene.producer.webId ]);
    expect(await agentsSeenBy(scene.subscriber.fetch)).toEqual([ scene.subscriber.webId ]);
    expect((await fetch(subscriptions)).status).toBe(401);
    expect((await fetch(location)).status).toBe(401);
    expect((await scene.producer.fetch(location)).status).toBe(403);
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(401);
    expect((await scene.producer.fetch(location, { method: 'DELETE' })).status).toBe(403);
    expect((await scene.subscriber.fetch(location)).status).toBe(200);
    expect((await scene.subscriber.fetch(location, { method: 'DELETE' })).status).toBe(204);
    expect((await scene.user.fetch(location)).status).toBe(404);
    expect((await scene.user.fetch(location, { method: 'DELETE' })).status).toBe(404);
    await grant(scene.user, `${scene.user.pod}topics/realestate/`, { [scene.producer.webId]: [ 'Append' ], [scene.subscriber.webId]: [ 'Read' ]});
  });

  it('refuse who may not read the topic.', async(): Promise<void> => {
    for (const topic of [ '*', 'medical/*', 'medical/record#add' ]) {
      const response = await create(topic);
      expect([ response.status, await response.json() ])
        .toEqual([ 403, { error: expect.stringContaining(`Not authorized to subscribe to topic ${topic} of ${scene.user.pod}: the owner of the pod has to grant acl:Read on ${scene.user.pod}topics/`) }]);
    }
    expect((await post(fetch, subscriptions, { topic: '*', inbox: scene.subscriber.inbox })).status).toBe(401);
    expect((await post(fetch, subscriptions, {}, { authorization: 'Bearer x' })).status).toBe(401);
  });

  it('refuse an inbox that the subscriber does not control.', async(): Promise<void> => {
    const response = await create('realestate/*', scene.user.inbox);
    expect([ response.status, await response.json() ]).toEqual([ 403, { error: expect.stringContaining('acl:Write or acl:Control') }]);
    await grant(scene.user, `${scene.user.pod}shared/`, { [scene.subscriber.webId]: [ 'Control' ]}).catch((): undefined => undefined);
    await scene.user.fetch(`${scene.user.pod}shared/`, { method: 'PUT' });
    await grant(scene.user, `${scene.user.pod}shared/`, { [scene.subscriber.webId]: [ 'Control' ]});
    expect((await create('realestate/*', `${scene.user.pod}shared/`)).status).toBe(201);
  });

  it.each([
    [{ inbox: 'x' }, 'No topic found' ],
    [{ topic: 'realestate/*' }, 'No inbox found' ],
    [{ topic: 'a*b', inbox: 'x' }, 'Invalid topic' ],
    [{ topic: 5, inbox: 'x' }, 'Invalid topic' ],
    [{ topic: 'realestate/*', inbox: 'inbox/' }, 'Invalid inbox' ],
    [{ topic: 'realestate/*', inbox: 'https://other.example/inbox/#a' }, 'Invalid inbox' ],
    [{ topic: 'realestate/*', webhook: 'hook' }, 'Invalid webhook' ],
    [{ topic: 'realestate/*', inbox: 'https://other.example/', webhook: 'https://other.example/' }, 'Both inbox and webhook' ],
    [ '[]', 'is a JSON object' ],
    [ '{', 'not valid JSON' ],
  ])('refuse %j.', async(body, message): Promise<void> => {
    const response = await post(scene.subscriber.fetch, subscriptions, body);
    expect([ response.status, await response.json() ]).toEqual([ 400, { error: expect.stringContaining(message) }]);
  });

  it('refuse an inbox of another server that the subscriber\'s profile does not name.', async(): Promise<void> => {
    const response = await create('realestate/*', 'https://other.example/inbox/');
    expect([ response.status, await response.json() ]).toEqual([ 403, { error: expect.stringContaining('has to name it by ldp:inbox') }]);
  });

  it('refuse containers that cannot be an inbox.', async(): Promise<void> => {
    for (const [ inbox, message ] of [
      [ `${scene.subscriber.pod}nowhere/`, 'There is no container' ],
      [ `${scene.subscriber.pod}publish/`, 'holds published events' ],
      [ `${scene.server.baseUrl}nobody/inbox/`, 'in no pod' ],
      [ `${scene.subscriber.pod}inbox`, 'ending in /' ],
      [ `${scene.subscriber.pod}inbox/?a/`, 'has no query' ],
    ]) {
      const response = await create('realestate/*', inbox);
      expect([ response.status, await response.json() ]).toEqual([ 400, { error: expect.stringContaining(message) }]);
    }
  });

  it('refuse bodies that are not what they say, without fetching anything.', async(): Promise<void> => {
    for (const [ type, body, status, message ] of [
      [ 'text/turtle', 'no turtle', 400, 'not valid text/turtle' ],
      [ 'application/ld+json', '{"@context":"http://localhost:1/","topic":"a"}', 400, 'never fetched' ],
      [ 'application/ld+json', '{"a":1,"a":2}', 400, 'twice' ],
      [ 'text/turtle', '<> <https://w3id.org/pod-events#topic> "a", "b".', 400, 'More than one' ],
      [ 'application/xml', '<a/>', 415, 'application/xml is not supported' ],
      [ 'application/json', ' '.repeat(70_000), 413, 'larger than' ],
    ] as const) {
      const response = await post(scene.subscriber.fetch, subscriptions, body, { 'content-type': type });
      expect([ response.status, await response.json() ]).toEqual([ status, { error: expect.stringContaining(message) }]);
    }
  });

  it('answer what they do not have, cannot show and do not take.', async(): Promise<void> => {
    expect((await scene.user.fetch(`${subscriptions}nothing`)).status).toBe(404);
    const posted = await scene.user.fetch(`${subscriptions}${v7()}`, { method: 'POST' });
    expect([ posted.status, posted.headers.get('allow') ]).toEqual([ 405, 'OPTIONS, GET, HEAD, PUT, PATCH, DELETE' ]);
    expect((await scene.user.fetch(subscriptions, { method: 'DELETE' })).status).toBe(405);
    const image = await scene.user.fetch(subscriptions, { headers: { accept: 'image/png' }});
    expect([ image.status, await image.json() ]).toEqual([ 406, { error: expect.stringContaining('image/png') }]);
  });

  it.each([ 'realestate/contact#add', 'realestate/contact', 'realestate/*' ])('of %s get a matching event.', async(topic): Promise<void> => {
    await create(topic);
    expect(await isDelivered(await publish())).toBe(true);
    expect(await isDelivered(await publish('realestate/lead#add'))).toBe(topic === 'realestate/*');
    expect(await isDelivered(await publish('realestate/contact#remove'))).toBe(topic !== 'realestate/contact#add');
  });

  it('get one copy, however many match, and none after they end.', async(): Promise<void> => {
    const locations: string[] = [];
    for (const topic of [ 'realestate/contact#add', 'realestate/contact', 'realestate/*' ]) {
      locations.push((await create(topic)).headers.get('location')!);
    }
    const name = await publish();
    expect(await isDelivered(name)).toBe(true);
    expect((await members(scene.subscriber, scene.subscriber.inbox)).filter((url): boolean => url.endsWith(name))).toHaveLength(1);
    for (const location of locations) {
      await scene.subscriber.fetch(location, { method: 'DELETE' });
    }
    expect(await isDelivered(await publish())).toBe(false);
  });

  it('get nothing more once access is revoked, and again once it is granted.', async(): Promise<void> => {
    await create('realestate/*');
    const topics = `${scene.user.pod}topics/realestate/`;
    expect(await isDelivered(await publish())).toBe(true);
    await grant(scene.user, topics, { [scene.producer.webId]: [ 'Append' ]});
    expect(await isDelivered(await publish())).toBe(false);
    await grant(scene.user, topics, { [scene.producer.webId]: [ 'Append' ], [scene.subscriber.webId]: [ 'Read' ]});
    expect(await isDelivered(await publish())).toBe(true);
    // Narrower access control wins over that of its container, and so does its end.
    await grant(scene.user, `${topics}contact/`, { [scene.producer.webId]: [ 'Append' ]});
    expect(await isDelivered(await publish())).toBe(false);
    expect((await scene.user.fetch(`${topics}contact/.acl`, { method: 'DELETE' })).ok).toBe(true);
    expect(await isDelivered(await publish())).toBe(true);
  });
});

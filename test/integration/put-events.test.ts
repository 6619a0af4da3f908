import { grant } from '../util/access';
import { createAccount, createApiKey } from '../util/accounts';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

const EVENT = { specversion: '1.0', id: '1', source: 'contact#add', type: 'com.example.added' };

describe('PutEvents', (): void => {
  let scene: Scene;
  let key: string;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    ({ key } = await createApiKey(scene.server.baseUrl, scene.producer.webId));
  });

  afterAll(async(): Promise<void> => scene.end());

  const put = async(path: string, events: unknown, headers: Record<string, string> = { 'x-auth-token': key }): Promise<any> => {
    const response = await post(fetch, `${scene.server.baseUrl}v1/user/${path}`, { events }, { 'content-type': 'application/json', ...headers });
    return { status: response.status, body: await response.json() };
  };
  const published = async(): Promise<string[]> => members(scene.user, `${scene.user.pod}publish/`);
  const done = { event_id: '1', error_code: null, error_msg: null };

  it('publishes to the pod of the project, and to its subscribers.', async(): Promise<void> => {
    const { user, subscriber, producer } = scene;
    const followed = await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/contact', inbox: subscriber.inbox });
    expect(followed.status).toBe(201);
    expect(await put('channels/realestate/events', [{ ...EVENT, time: '2020-01-01T00:00:00Z', data: { name: 'Bruce' }, flag: true, count: 7 }]))
      .toEqual({ status: 200, body: { failed_count: 0, events: [ done ]}});
    const [ url ] = await published();
    const document = await (await user.fetch(url, { headers: { accept: 'application/ld+json' }})).json();
    expect(document).toMatchObject({
      id: url, topic: 'realestate/contact#add', publisher: producer.webId, recipient: user.pod, origin: user.pod, data: { name: 'Bruce' },
      'events:ce-id': '1', 'events:ce-type': 'com.example.added', 'events:ce-time': '2020-01-01T00:00:00Z', 'events:ce-flag': true, 'events:ce-count': 7,
    });
    const turtle = await (await user.fetch(url, { headers: { accept: 'application/n-triples' }})).text();
    for (const triple of [
      'ce-type> "com.example.added" .', 'ce-flag> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .', 'ce-count> "7"^^<http://www.w3.org/2001/XMLSchema#integer> .',
    ]) {
      expect(turtle).toContain(`<${url}> <https://w3id.org/pod-events#${triple}`);
    }
    await eventually(async(): Promise<true | undefined> => (await members(subscriber, subscriber.inbox)).length === 1 || undefined);
  });

  it('decodes the channel of the path.', async(): Promise<void> => {
    expect((await put('channels/realestate%2Fcontact%23x/events', [{ ...EVENT, source: 'y' }])).body.events).toEqual([ done ]);
    const documents = await Promise.all((await published()).map(async(url): Promise<any> => (await scene.user.fetch(url, { headers: { accept: 'application/ld+json' }})).json()));
    expect(documents.map(({ topic }): string => topic)).toContain('realestate/contact#x/y');
  });

  it('publishes each event on its own, by the access to its topic.', async(): Promise<void> => {
    const before = (await published()).length;
    const events = [ EVENT, { ...EVENT, source: '' }, EVENT ];
    const { body } = await put('channels/realestate/events', events);
    expect(body.events.map(({ error_code: code }: any): unknown => code)).toEqual([ null, 'EG.00513000', null ]);
    const mixed = await put('events', [{ ...EVENT, source: 'weather/storm' }, { ...EVENT, source: 'realestate/x' }]);
    expect(mixed.body).toMatchObject({ failed_count: 1, events: [{ error_code: 'EG.00512000' }, { error_code: null }]});
    expect(await published()).toHaveLength(before + 3);
  });

  it('gives the first result to a repeat, also after a change of access.', async(): Promise<void> => {
    const { user, producer, subscriber } = scene;
    const before = (await published()).length;
    const events = [{ ...EVENT, source: 'weather/storm' }, { ...EVENT, source: 'realestate/x' }];
    const headers = { 'x-auth-token': key, 'idempotency-key': 'put-1' };
    const all = await Promise.all([ put('events', events, headers), put('events', events, headers), put('events', events, headers) ]);
    expect(all[0].body).toMatchObject({ failed_count: 1, events: [{ error_code: 'EG.00512000' }, { error_code: null }]});
    expect(all).toEqual([ all[0], all[0], all[0] ]);
    await grant(user, `${user.pod}topics/`, { [producer.webId]: [ 'Append' ]});
    expect(await put('events', events, headers)).toEqual(all[0]);
    expect(await put('events', [ events[1] ], headers)).toMatchObject({ status: 409, body: { error_code: 'EG.00014000' }});
    expect(await put('events', events, { ...headers, 'idempotency-key': 'a b' })).toMatchObject({ status: 400 });
    expect(await published()).toHaveLength(before + 1);
    await grant(user, `${user.pod}topics/`, { [subscriber.webId]: [ 'Read' ]});
  });

  it('requires the scope publish, and topics within the limits of the key.', async(): Promise<void> => {
    const { server, producer } = scene;
    const reader = await createApiKey(server.baseUrl, producer.webId, { scopes: [ 'read', 'subscribe', 'manage' ]});
    expect(await put('events', [ EVENT ], { 'x-auth-token': reader.key })).toMatchObject({ status: 403, body: { error_code: 'EG.00014030' }});
    const limited = await createApiKey(server.baseUrl, producer.webId, { topics: [ 'realestate/offer' ]});
    const { body } = await put('channels/realestate/events', [ EVENT, { ...EVENT, source: 'offer#new' }], { 'x-auth-token': limited.key });
    expect(body.events.map(({ error_code: code }: any): unknown => code)).toEqual([ 'EG.00512000', null ]);
  });

  it('is available to pages of other origins, and OPTIONS is the server\'s own below projects.', async(): Promise<void> => {
    for (const path of [ 'channels/realestate/events', 'events', 'subscriptions' ]) {
      const { status, headers } = await fetch(`${scene.server.baseUrl}v1/user/${path}`, {
        method: 'OPTIONS',
        headers: { origin: 'https://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-auth-token' },
      });
      expect([ path, status, headers.get('access-control-allow-headers') ]).toEqual([ path, 204, 'x-auth-token' ]);
    }
  });

  it('leaves other paths to a pod named v1.', async(): Promise<void> => {
    const { server: { baseUrl }} = scene;
    const missing = await fetch(`${baseUrl}v1/profile/card`);
    expect([ missing.status, (await missing.json()).error_code ]).toEqual([ 404, 'EG.00014040' ]);
    await createAccount(baseUrl, 'v1');
    await eventually(async(): Promise<true | undefined> => (await fetch(`${baseUrl}v1/profile/card`)).status === 200 || undefined);
    const nested = await post(fetch, `${baseUrl}v1/publish/check`, {}, { 'content-type': 'application/json' });
    expect(await nested.json()).toHaveProperty('error');
    expect((await put('channels/realestate/events', [ EVENT ])).body.events).toEqual([ done ]);
  });
});

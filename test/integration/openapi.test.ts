import type { TestAgent } from '../util/accounts';
import { createCredentials } from '../util/accounts';
import { OPENAPI, validateAnswer } from '../util/openapi';
import type { Scene } from '../util/scene';
import { setScene } from '../util/scene';

const JSON_TYPE = { 'content-type': 'application/json' };
const UNKNOWN = '019b0000-0000-7000-8000-000000000000';

// The golden tests compare what the dialects answer with the description; this is the rest.
describe('The description of the HTTP APIs', (): void => {
  let scene: Scene;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
  });

  afterAll(async(): Promise<void> => scene.end());

  /** Sends a request and compares the answer with the description. */
  const send = async(
    agent: TestAgent | undefined,
    method: string,
    path: string,
    status: number,
    body?: unknown,
    headers: Record<string, string> = JSON_TYPE,
  ): Promise<Response & { readonly text: () => Promise<string> }> => {
    const response = await (agent?.fetch ?? fetch)(`${scene.server.baseUrl}${path}`, {
      method, headers, ...body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) },
    });
    const text = await response.clone().text();
    expect([ method, path, response.status, text ]).toEqual([ method, path, status, text ]);
    expect(validateAnswer(method, `/${path.split('?')[0]}`, status, response.headers, text)).toEqual([]);
    return response;
  };

  const pathOf = (response: Response): string => response.headers.get('location')!.slice(scene.server.baseUrl.length);

  it('is there for everybody, with all that the server has.', async(): Promise<void> => {
    const response = await send(undefined, 'GET', '.events/openapi.json', 200);
    const document = await response.json() as typeof OPENAPI & { servers: object[] };
    expect(document.servers).toEqual([{ url: scene.server.baseUrl.slice(0, -1) }]);
    expect(Object.keys(document.paths).sort()).toEqual(Object.keys(OPENAPI.paths).sort());
    await send(undefined, 'GET', '.events/openapi.json', 304, undefined, { 'if-none-match': response.headers.get('etag')! });
    await send(undefined, 'POST', '.events/openapi.json', 405, {});
    await send(undefined, 'GET', '.events/agent', 200);
    for (const [ accept, type ] of [
      [ '*/*', 'text/turtle' ], [ 'application/ld+json', 'application/ld+json' ], [ 'text/html,application/xhtml+xml,*/*;q=0.8', 'text/html; charset=utf-8' ],
    ]) {
      const vocabulary = await send(undefined, 'GET', '.events/vocab', 200, undefined, { accept, origin: 'https://app.example' });
      expect([ 'content-type', 'access-control-allow-origin', 'vary' ].map((name): string | null => vocabulary.headers.get(name)))
        .toEqual([ type, '*', 'Accept' ]);
      const head = await fetch(`${scene.server.baseUrl}.events/vocab`, { method: 'HEAD', headers: { accept }});
      expect([ head.headers.get('etag'), head.headers.get('content-length'), await head.text() ])
        .toEqual([ vocabulary.headers.get('etag'), String(Buffer.byteLength(await vocabulary.text())), '' ]);
      await send(undefined, 'GET', '.events/vocab', 304, undefined, { accept, 'if-none-match': vocabulary.headers.get('etag')! });
    }
    await send(undefined, 'GET', '.events/vocab', 406, undefined, { accept: 'image/png' });
    await send(undefined, 'POST', '.events/vocab', 405, {});
    expect((await fetch(`${scene.server.baseUrl}.events/vocab`, { method: 'OPTIONS' })).status).toBe(204);
    await send(undefined, 'GET', '.events/agent', 406, undefined, { accept: 'image/png' });
  });

  it('has what is answered to who publishes, subscribes and looks at deliveries.', async(): Promise<void> => {
    const { producer, user, subscriber } = scene;
    const event = { recipient: user.webId, topic: 'realestate/contact#add', data: 1 };
    const inbox = { topic: 'realestate/contact', inbox: subscriber.inbox };

    const subscribed = await send(subscriber, 'POST', 'user/subscriptions/', 201, inbox);
    const subscription = pathOf(subscribed);
    await send(subscriber, 'GET', subscription, 200);
    await send(subscriber, 'GET', subscription, 200, undefined, { accept: 'text/turtle' });
    await send(subscriber, 'GET', subscription, 406, undefined, { accept: 'image/png' });
    await send(producer, 'GET', subscription, 403);
    await send(undefined, 'GET', subscription, 401);
    await send(user, 'GET', 'user/subscriptions/', 200);
    await send(undefined, 'GET', 'user/subscriptions/', 401);
    await send(subscriber, 'POST', 'user/subscriptions/', 400, {});
    await send(subscriber, 'POST', 'user/subscriptions/', 403, { ...inbox, topic: '*' });
    await send(subscriber, 'POST', 'user/subscriptions/', 415, 'x', { 'content-type': 'text/plain' });
    await send(subscriber, 'POST', 'user/subscriptions/', 413, ' '.repeat(70_000));
    await send(subscriber, 'POST', 'nobody/subscriptions/', 404, inbox);
    await send(subscriber, 'POST', subscription, 405, {});
    await send(subscriber, 'PUT', subscription, 400, {});
    await send(subscriber, 'PUT', subscription, 200, inbox);
    await send(subscriber, 'PATCH', subscription, 200, { filters: [{ prefix: { type: 'realestate/' }}]}, { 'content-type': 'application/merge-patch+json' });
    await send(subscriber, 'PATCH', subscription, 415, {});
    await send(subscriber, 'POST', `${subscription}/secret`, 404);

    await send(producer, 'POST', 'producer/publish/', 201, [ event, { ...event, recipient: [ user.webId ], source: [ user.webId ]}]);
    const published = pathOf(await send(producer, 'POST', 'producer/publish/', 201, event, { ...JSON_TYPE, 'idempotency-key': 'one' }));
    await send(producer, 'POST', 'producer/publish/', 201, event, { ...JSON_TYPE, 'idempotency-key': 'one' });
    await send(producer, 'POST', 'producer/publish/', 409, { ...event, data: 2 }, { ...JSON_TYPE, 'idempotency-key': 'one' });
    await send(producer, 'GET', published, 200, undefined, { accept: 'application/ld+json' });
    await send(producer, 'GET', published, 200, undefined, { accept: 'text/turtle' });
    await send(user, 'GET', published, 403);
    await send(undefined, 'GET', published, 401);
    await send(producer, 'GET', `producer/publish/${UNKNOWN}`, 404);
    await send(producer, 'GET', 'producer/publish/', 200, undefined, { accept: 'text/turtle' });
    await send(producer, 'DELETE', published, 205);
    await send(producer, 'POST', 'producer/publish/', 400, {});
    await send(producer, 'POST', 'producer/publish/', 403, { ...event, topic: 'other' });
    await send(undefined, 'POST', 'producer/publish/', 401, event);
    await send(producer, 'POST', 'producer/publish/', 415, 'x', { 'content-type': 'text/plain' });
    await send(producer, 'PUT', 'producer/publish/', 405, {});
    const elsewhere = { ...event, recipient: [ user.webId, 'https://pod.example/#me' ]};
    await send(producer, 'POST', 'producer/publish/check', 200, [ event, elsewhere, { ...event, topic: 'other' }, {}]);
    await send(producer, 'POST', 'producer/publish/check', 400, '[');
    await send(user, 'POST', 'producer/publish/check', 403, event);
    await send(producer, 'GET', 'producer/publish/check', 405);

    await send(subscriber, 'POST', `${subscription}/replay`, 202, { since: '2020-01-31' });
    await send(subscriber, 'POST', `${subscription}/replay`, 400, {});
    await send(producer, 'POST', `${subscription}/replay`, 403, { since: '2020-01-31' });
    await send(user, 'GET', 'user/deliveries/?limit=1', 200);
    await send(user, 'GET', 'user/deliveries/', 200, undefined, { accept: 'text/turtle' });
    await send(user, 'GET', 'user/deliveries/?state=lost', 400);
    await send(undefined, 'GET', 'user/deliveries/', 401);
    await send(user, 'GET', 'user/deliveries/17', 404);
    await send(subscriber, 'GET', 'user/deliveries/17', 403);
    await send(user, 'POST', 'user/deliveries/17/redeliver', 404);
    await send(subscriber, 'DELETE', subscription, 204);

    const jsonLd = { 'content-type': 'application/ld+json' };
    await send(user, 'POST', 'user/inbox/', 201, { '@id': 'urn:x', 'http://schema.org/name': 'x' }, jsonLd);
    await send(user, 'POST', 'user/inbox/', 400, '{', jsonLd);
    await send(undefined, 'POST', 'user/inbox/', 401, '<a> <b> <c>.', { 'content-type': 'text/turtle' });
  });

  it('has what is answered in the dialects.', async(): Promise<void> => {
    const { server, user, subscriber, producer } = scene;
    const { id, secret } = await createCredentials(server.baseUrl, 'user', user.webId);
    const client = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
    await send(undefined, 'POST', 'user/__token', 200, client);
    await send(undefined, 'POST', 'user/__token', 200, { ...client, p_cookie: true });
    await send(undefined, 'POST', 'user/__token', 400, { grant_type: 'password' });
    await send(undefined, 'POST', 'user/__token', 401, { ...client, client_secret: 'wrong' });
    await send(undefined, 'POST', 'user/__token', 415, 'x', { 'content-type': 'text/plain' });
    await send(undefined, 'POST', 'user/__token', 413, ' '.repeat(70_000));
    await send(undefined, 'GET', 'user/__token', 405);
    await send(undefined, 'POST', 'nobody/__token', 404, client);
    await send(undefined, 'POST', 'user/auth/token', 201, client);
    await send(undefined, 'POST', 'user/auth/token', 400, {});
    await send(undefined, 'POST', 'user/auth/token', 401, { ...client, client_secret: 'wrong' });
    await send(undefined, 'POST', 'user/auth/token', 415, 'x', { 'content-type': 'text/plain' });
    await send(undefined, 'GET', 'user/auth/token', 405);

    await send(user, 'POST', 'user/__event', 200, { Type: 'greeting', Info: 'hello' });
    await send(user, 'POST', 'user/__event', 400, { Type: 5 });
    await send(undefined, 'POST', 'user/__event', 401, {});
    await send(producer, 'POST', 'user/__event', 403, {});
    await send(user, 'POST', 'nobody/__event', 404, {});
    await send(user, 'PUT', 'user/__event', 405, {});

    const system = { name: 'Shop', identifier: 'shop', class: 'producer', type: 'web', description: 'sells' };
    const { content: { id: systemId }} = await (await send(user, 'POST', 'user/system', 201, system)).json();
    const entry = { system_id: systemId, name: 'New order', operation: 'new', description: 'd', topic: 'order#add', schema: { type: 'object' }};
    const { content: { id: entryId, identifier }} = await (await send(user, 'POST', 'user/event', 201, entry)).json();
    await send(user, 'POST', 'user/system', 409, system);
    for (const [ kind, key, draft ] of [[ 'system', systemId, system ], [ 'event', entryId, entry ]]) {
      await send(user, 'GET', `user/${kind}?itemsPerPage=2`, 200);
      await send(user, 'GET', `user/${kind}?itemsPerPage=x`, 400);
      await send(user, 'GET', `user/${kind}/${key}`, 200);
      await send(user, 'GET', `user/${kind}/999`, 404);
      await send(user, 'PUT', `user/${kind}/${key}`, 201, draft);
      await send(user, 'PUT', `user/${kind}?id=${key}`, 201, draft);
      await send(user, 'PUT', `user/${kind}`, 400, draft);
      await send(producer, 'GET', `user/${kind}`, 403);
      await send(undefined, 'POST', `user/${kind}`, 401, draft);
      await send(user, 'PATCH', `user/${kind}`, 405, draft);
    }

    const path = `user/event/send?event-identifier=${identifier}`;
    await send(user, 'POST', path, 203, { order: 1 });
    await send(user, 'POST', 'user/subscriptions/', 201, { topic: 'order', inbox: user.inbox });
    await send(user, 'POST', path, 200, { order: 2 });
    await send(user, 'POST', path, 400, '[]');
    await send(undefined, 'POST', path, 400, {});
    await send(undefined, 'POST', path, 401, {}, { ...JSON_TYPE, 'access-key': 'wrong' });
    await send(subscriber, 'POST', path, 403, {});
    await send(user, 'GET', path, 405);

    const { content: { items }} = await (await send(user, 'GET', 'user/event/received?order=desc', 200)).json();
    expect(items.map(({ topic }: { topic: string }): string => topic)).toEqual([ 'order#add', 'order#add', 'greeting' ]);
    await send(user, 'GET', 'user/event/received?state=lost', 400);
    await send(subscriber, 'GET', 'user/event/received', 403);
    await send(undefined, 'GET', 'user/event/received', 401);
    for (const { id: received } of items) {
      await send(user, 'GET', `user/event/received/${received}`, 200);
    }
    await send(user, 'GET', `user/event/received/${UNKNOWN}`, 404);
    const { content } = await (await send(user, 'GET', `user/event/received/${items[0].id}`, 200)).json();
    const { detailId } = content.executedEventContracts[0];
    await send(user, 'GET', `user/event/received/execution-detail/${detailId}`, 200);
    await send(user, 'GET', `user/received/execution-detail/${detailId}`, 200);
    await send(user, 'GET', 'user/event/received/execution-detail/17', 404);

    await send(user, 'DELETE', `user/system/${systemId}`, 400);
    await send(user, 'DELETE', `user/event/${entryId}`, 201);
    await send(user, 'DELETE', `user/system?id=${systemId}`, 201);
    await send(user, 'DELETE', 'user/system', 400);
  });
});

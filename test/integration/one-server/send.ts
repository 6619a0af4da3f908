import fc from 'fast-check';
import { grant } from '../../util/access';
import type { ClientCredentials } from '../../util/accounts';
import { createApiKey, createCredentials } from '../../util/accounts';
import { runs } from '../../util/effort';
import type { Scene } from '../../util/scene';
import { members, post, setScene } from '../../util/scene';
import { eventually } from '../../util/wait';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;
const UNKNOWN = '0190a0b0-0000-7000-8000-000000000001';
const SCHEMA = { type: 'object', required: [ 'name' ], properties: { name: { type: 'string' }}};

interface Reply { readonly status: number; readonly body: any; readonly headers: Headers }

describe('The dialect of eventhos', (): void => {
  let scene: Scene;
  let credentials: ClientCredentials;
  /** A token of the producer for the user's pod. */
  let token: string;
  let system: number;
  /** What the producer may send: an event without a schema, one with, and one that nobody follows. */
  let contact: any;
  let strict: any;
  let lonely: any;
  /** What only the owner may send. */
  let secret: any;
  const problem = (code: number, message: unknown): object => ({ code, message, errorUUID: expect.stringMatching(UUID) });

  const replyOf = async(response: Response): Promise<Reply> => {
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
  };
  const ask = async(method: string, path: string, body?: unknown, fetcher: typeof fetch = scene.user.fetch): Promise<Reply> =>
    replyOf(await fetcher(`${scene.user.pod}${path}`, { method, ...body !== undefined && { headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) }}));
  const read = async(path: string, fetcher?: typeof fetch): Promise<any> => {
    const { status, body } = await ask('GET', path, undefined, fetcher);
    expect([ path, status, body.code, body.message ]).toEqual([ path, 200, 200_000, 'success' ]);
    return body.content;
  };
  const write = async(method: string, path: string, body?: unknown): Promise<any> => {
    const { status, body: answer } = await ask(method, path, body);
    expect([ status, answer.code, answer.message ]).toEqual([ 201, 200_001, 'success' ]);
    return answer.content;
  };
  const send = async(identifier: string, body: string, headers: Record<string, string> = { 'access-key': token }, pod = scene.user.pod): Promise<Reply> =>
    replyOf(await fetch(`${pod}event/send?event-identifier=${identifier}`, { method: 'POST', headers, body }));
  const published = async(): Promise<string[]> => members(scene.user, `${scene.user.pod}publish/`);
  const latest = async(): Promise<any> => (await read('event/received?order=desc&itemsPerPage=1')).items[0];

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server: { baseUrl }, producer, subscriber, user } = scene;
    credentials = await createCredentials(baseUrl, producer.name, producer.webId);
    const { status, body } = await ask('POST', 'auth/token', { grant_type: 'client_credentials', client_id: credentials.id, client_secret: credentials.secret }, fetch);
    expect(status).toBe(201);
    token = body.content.jwt_token;
    expect((await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/contact', inbox: subscriber.inbox })).status).toBe(201);
    system = (await write('POST', 'system', { name: 'CRM', identifier: 'crm', class: 'producer', type: 'api', description: '' })).systemId;
    const event = { system_id: system, name: 'New Contact', operation: 'new', description: 'Somebody called', topic: 'realestate/contact#add' };
    contact = await write('POST', 'event', event);
    strict = await write('POST', 'event', { ...event, name: 'Checked', schema: SCHEMA });
    lonely = await write('POST', 'event', { ...event, name: 'Lonely', topic: 'realestate/lonely' });
    secret = await write('POST', 'event', { ...event, name: 'Secret', topic: 'payroll/salary' });
  });

  afterAll(async(): Promise<void> => scene.end());

  describe('takes events', (): void => {
    it('and tells whether anybody would get them.', async(): Promise<void> => {
      expect(await send(contact.identifier, '{ "name": "Morpheush", "id": 12345678901234567890 }')).toMatchObject({
        status: 200, body: { code: 200_000, message: 'success' },
      });
      const [ event ] = (await published()).slice(-1);
      const text = await (await scene.user.fetch(event)).text();
      expect(text).toContain('"data":{ "name": "Morpheush", "id": 12345678901234567890 }');
      expect(JSON.parse(text)).toMatchObject({ topic: 'realestate/contact#add', publisher: scene.producer.webId, origin: scene.user.pod });
      const before = (await published()).length;
      expect(await send(lonely.identifier, '{}')).toMatchObject({
        status: 203, body: { code: 200_310, message: 'Success, but no contracts exists for this event' },
      });
      expect(await published()).toHaveLength(before + 1);
    });

    it.each([ 'null', '7', '"text"', 'true', '[1,2]', ' {"@type":"http://schema.org/Person"}\n' ])('whose body is %j.', async(body): Promise<void> => {
      expect((await send(lonely.identifier, body)).status).toBe(203);
      const [ event ] = (await published()).slice(-1);
      for (const accept of [ 'application/ld+json', 'application/n-triples' ]) {
        const response = await scene.user.fetch(event, { headers: { accept }});
        const text = await response.text();
        expect([ response.status, text ]).toEqual([ 200, expect.stringContaining('realestate/lonely') ]);
        expect(accept === 'application/ld+json' ? JSON.parse(text).data : JSON.parse(body)).toEqual(JSON.parse(body));
      }
      const { id } = await latest();
      expect((await read(`event/received/${id}`)).receivedEvent.received_request.body).toEqual(JSON.parse(body));
    });

    it.each([ '', ' \n' ])('without a body: %j.', async(body): Promise<void> => {
      expect((await send(lonely.identifier, body)).status).toBe(203);
      expect((await read(`event/received/${(await latest()).id}`)).receivedEvent.received_request.body).toEqual({});
    });

    it('with a key in the query, which is neither shown nor part of the request.', async(): Promise<void> => {
      const headers = { 'idempotency-key': 'in the query'.replaceAll(' ', '-') };
      const before = (await published()).length;
      const sent = await send(`${lonely.identifier}&access-key=${token}`, '{}', headers);
      expect([ sent.status, sent.headers.get('referrer-policy'), sent.headers.get('cache-control') ]).toEqual([ 203, 'no-referrer', 'no-store' ]);
      expect((await send(lonely.identifier, '{}', { ...headers, 'access-key': token })).status).toBe(203);
      expect(await published()).toHaveLength(before + 1);
      const { received_request: { query, headers: shown }} = (await read(`event/received/${(await latest()).id}`)).receivedEvent;
      expect(query).toEqual({ 'event-identifier': lonely.identifier });
      expect(shown).toMatchObject({ 'access-key': '****' });
    });

    it('with an API key, or a token in the usual header.', async(): Promise<void> => {
      const { key, revoke } = await createApiKey(scene.server.baseUrl, scene.producer.webId);
      for (const [ name, value ] of [[ 'access-key', key ], [ 'x-api-key', key ], [ 'authorization', `Bearer ${key}` ], [ 'authorization', `Bearer ${token}` ]]) {
        expect((await send(contact.identifier, '{}', { [name]: value })).status).toBe(200);
      }
      await revoke();
      expect(await send(contact.identifier, '{}', { 'access-key': key })).toMatchObject({ status: 401, body: problem(401_202, 'Incorrect token') });
    });

    it('once for each key.', async(): Promise<void> => {
      const headers = { 'access-key': token, 'idempotency-key': 'one' };
      const before = (await published()).length;
      expect((await send(contact.identifier, '{"a":1}', headers)).status).toBe(200);
      expect((await send(contact.identifier, '{"a":1}', headers)).body).toEqual({ code: 200_000, message: 'success' });
      expect(await send(contact.identifier, '{"a":2}', headers)).toMatchObject({ status: 409, body: problem(409_000, expect.any(String)) });
      expect(await send(strict.identifier, '{"name":"a"}', headers)).toMatchObject({ status: 409, body: problem(409_000, expect.any(String)) });
      expect(await published()).toHaveLength(before + 1);
    });

    it('whose repeat is answered as the first one was, whatever has become of the event.', async(): Promise<void> => {
      const event = { system_id: system, name: 'Passing', operation: 'new', topic: 'realestate/contact#add' };
      const { eventId, identifier } = await write('POST', 'event', event);
      const headers = { 'access-key': token, 'idempotency-key': 'passing' };
      expect((await send(identifier, '{"name":7}', headers)).status).toBe(200);
      const count = (await published()).length;
      await write('PUT', `event/${eventId}`, { ...event, schema: SCHEMA });
      expect(await send(identifier, '{"name":7}')).toMatchObject({ status: 400, body: { code: 400_001 }});
      expect((await send(identifier, '{"name":7}', headers)).body).toEqual({ code: 200_000, message: 'success' });
      await write('DELETE', `event/${eventId}`);
      expect((await send(identifier, '{"name":7}', headers)).body).toEqual({ code: 200_000, message: 'success' });
      expect(await send(identifier, '{"name":8}', headers)).toMatchObject({ status: 409, body: { code: 409_000 }});
      expect(await send(identifier, '{"name":7}', { ...headers, 'idempotency-key': 'other' })).toMatchObject({ status: 400, body: { code: 400_024 }});
      expect(await send(identifier, '{"name":7}', { ...headers, 'access-key': 'wrong' })).toMatchObject({ status: 401 });
      expect(await published()).toHaveLength(count);
    });

    it('whose bodies satisfy the schema.', async(): Promise<void> => {
      const before = (await published()).length;
      expect((await send(strict.identifier, '{"name":"Bruce"}')).status).toBe(200);
      expect(await send(strict.identifier, '{"name":7}')).toMatchObject({ status: 400, body: problem(400_001, 'Invalid body; /name must be string') });
      expect(await send(strict.identifier, '[]')).toMatchObject({ status: 400, body: problem(400_001, 'Invalid body; it must be object') });
      expect(await published()).toHaveLength(before + 1);
    });
  });

  describe('refuses', (): void => {
    it('what has no key or names no event, in this order.', async(): Promise<void> => {
      expect(await send('', '{}', {})).toMatchObject({ status: 400, body: problem(400_201, 'access-key is required') });
      expect(await send('', '{}')).toMatchObject({ status: 400, body: problem(400_201, 'event-identifier is required') });
      expect(await send(`x&access-key=${token}`, '{}', {})).toMatchObject({ status: 400, body: problem(400_024, 'The event does not exist.') });
      expect(await send(`x&access-key=`, '{}', {})).toMatchObject({ status: 400, body: problem(400_201, 'access-key is required') });
      const wrong = await send('none', '{bad', { 'access-key': 'wrong' });
      expect(wrong).toMatchObject({ status: 401, body: problem(401_202, 'Incorrect token') });
      expect(wrong.headers.get('www-authenticate')).toContain('Bearer');
      expect(await send('none', '{}', { authorization: 'Basic dXNlcjpwYXNz' })).toMatchObject({ status: 401, body: problem(401_202, 'Incorrect token') });
      expect(await send('none', '{bad')).toMatchObject({ status: 400, body: problem(400_024, 'The event does not exist.') });
      expect(await send(contact.identifier, '{}', { 'access-key': token }, scene.subscriber.pod)).toMatchObject({ status: 403, body: problem(403_201, expect.any(String)) });
    });

    it('whom access control does not let publish, without telling anything of the event.', async(): Promise<void> => {
      const before = (await published()).length;
      expect(await send(secret.identifier, '{bad')).toMatchObject({
        status: 403, body: problem(403_201, `Not authorized to send this event to ${scene.user.pod}`),
      });
      const { key } = await createApiKey(scene.server.baseUrl, scene.producer.webId, { topics: [ 'other/*' ]});
      expect(await send(contact.identifier, '{}', { 'access-key': key })).toMatchObject({ status: 403, body: { code: 403_201 }});
      expect(await published()).toHaveLength(before);
    });

    it.each([ '{bad', '{"a":1,"a":2}', `${'['.repeat(65)}${']'.repeat(65)}` ])('the body %j.', async(body): Promise<void> => {
      expect(await send(contact.identifier, body)).toMatchObject({ status: 400, body: problem(500_000, expect.any(String)) });
    });

    it('other methods, and events of other pods.', async(): Promise<void> => {
      const { status, body, headers } = await ask('GET', 'event/send');
      expect([ status, body, headers.get('allow') ]).toEqual([ 405, problem(405_000, expect.any(String)), 'OPTIONS, POST' ]);
      const { key } = await createApiKey(scene.server.baseUrl, scene.subscriber.webId);
      expect(await send(contact.identifier, '{}', { 'access-key': key }, scene.subscriber.pod)).toMatchObject({ status: 400, body: { code: 400_024 }});
      expect((await replyOf(await fetch(`${scene.server.baseUrl}nobody/event/send`, { method: 'POST' })))).toMatchObject({ status: 404 });
    });

    it('each with a UUID of its own.', async(): Promise<void> => {
      const ids = new Set((await Promise.all([ 1, 2 ].map(async() => send('none', '{}')))).map(({ body }): string => body.errorUUID));
      expect(ids.size).toBe(2);
    });
  });

  describe('has a catalogue', (): void => {
    it('of systems and events, in pages.', async(): Promise<void> => {
      expect(contact).toEqual({
        eventId: contact.id,
        id: expect.any(Number),
        identifier: expect.stringMatching(/^new-contact-[A-Za-z0-9]{10}$/u),
        system_id: system,
        systemName: 'CRM',
        systemIdentifier: 'crm',
        name: 'New Contact',
        operation: 'new',
        description: 'Somebody called',
        topic: 'realestate/contact#add',
        deleted: 0,
        created_at: contact.createdAt,
        updated_at: contact.createdAt,
        createdAt: expect.stringMatching(/Z$/u),
      });
      const { eventId, ...shown } = strict;
      expect(await read(`event/${eventId}`)).toEqual({ ...shown, schema: SCHEMA });
      const page = await read('event?itemsPerPage=2&pageIndex=1');
      expect(page).toMatchObject({ pageIndex: 1, itemsPerPage: 2, totalItems: 4, totalPages: 2 });
      expect(page.items.map(({ id }: any): number => id)).toEqual([ lonely.id, secret.id ]);
      expect((await read('event?order=desc&activeSort=id')).items[0].id).toBe(secret.id);
      expect((await read('system')).items).toEqual([ await read(`system/${system}`) ]);
      expect(await ask('GET', 'event?itemsPerPage=0')).toMatchObject({ status: 400, body: problem(400_001, expect.stringContaining('itemsPerPage')) });
    });

    it('that is changed as documents have it, and as the path says it.', async(): Promise<void> => {
      const { headers, body: { content: { systemId } }} = await ask('POST', 'system', { name: 'ERP', identifier: 'erp', class: 'hybrid', type: '', description: '' });
      expect(headers.get('location')).toBe(`${scene.user.pod}system/${systemId}`);
      const changed = { name: 'ERP 2', identifier: 'erp', class: 'hybrid', type: '', description: '' };
      expect(await write('PUT', 'system', { ...changed, id: systemId })).toMatchObject({ systemId, name: 'ERP 2' });
      expect(await write('PUT', `system/${systemId}`, { ...changed, name: 'ERP 3' })).toMatchObject({ name: 'ERP 3' });
      expect(await ask('POST', 'system', changed)).toMatchObject({ status: 409, body: problem(409_000, expect.any(String)) });
      const event = { system_id: systemId, name: 'Order', operation: 'update', topic: 'realestate/order' };
      const { eventId, identifier } = await write('POST', 'event', event);
      expect(await ask('DELETE', `system/${systemId}`)).toMatchObject({ status: 400, body: problem(400_207, expect.any(String)) });
      expect(await write('PUT', `event/${eventId}`, { ...event, name: 'Ordered' })).toMatchObject({ identifier, name: 'Ordered' });
      expect(await write('PUT', `event?id=${eventId}`, event)).toMatchObject({ identifier, name: 'Order' });
      expect((await send(identifier, '{}')).status).toBe(203);
      expect(await write('DELETE', 'event', { id: eventId })).toEqual({ eventId });
      expect(await send(identifier, '{}')).toMatchObject({ status: 400, body: { code: 400_024 }});
      expect(await write('DELETE', `system?id=${systemId}`)).toEqual({ systemId });
      // What was removed is still told of what was sent.
      expect(await latest()).toMatchObject({ eventId, eventIdentifier: identifier, systemName: 'ERP 3' });
    });

    it('whose lists are filtered and sorted, and whose items change in part.', async(): Promise<void> => {
      const { systemId } = await write('POST', 'system', { name: 'Shop', identifier: 'Web shop!', systemClass: 'producer', clientId: 4 });
      const event = { system_id: systemId, identifier: 'order_new', name: 'Order 1', operation: 'other', schema: SCHEMA };
      const order = await write('POST', 'event', event);
      expect(order).toMatchObject({ identifier: expect.stringMatching(/^order_new-[A-Za-z0-9]{10}$/u), topic: 'web-shop/order-1#other' });
      const copy = await write('POST', 'event', { ...order, name: 'order 2' });
      expect(copy).toMatchObject({ identifier: expect.stringMatching(/^order_new-\w{10}-\w{10}$/u), topic: order.topic });
      const names = async(query: string): Promise<string[]> => (await read(query)).items.map(({ name }: any): string => name);
      expect(await names(`event?systemId=${systemId}&eventName=&activeSort=name&order=DESC`)).toEqual([ 'order 2', 'Order 1' ]);
      expect(await names(`event?systemId=${systemId}&eventName=1`)).toEqual([ 'Order 1' ]);
      expect(await names('event?eventName=ORDER&activeSort=updated_at&itemsPerPage=1&pageIndex=1')).toEqual([ 'order 2' ]);
      expect(await names('system?systemClass=producer&activeSort=name')).toEqual([ 'CRM', 'Shop' ]);
      expect(await names('system?systemClass=consumer')).toEqual([]);
      const all = await read(`system/${systemId}/events`);
      expect(all.map(({ id }: any): number => id)).toEqual([ order.id, copy.id ]);
      expect(all[0]).not.toHaveProperty('schema');
      expect(await write('PUT', `event/${order.id}`, { name: 'Ordered', operation: 'new', description: 'd' }))
        .toMatchObject({ identifier: order.identifier, topic: order.topic, schema: SCHEMA, name: 'Ordered', createdAt: order.createdAt });
      expect(await write('PUT', `event/${order.id}`)).toMatchObject({ name: 'Ordered', description: 'd' });
      expect(await write('PUT', `event/${order.id}`, { schema: null })).not.toHaveProperty('schema');
      expect(await write('PUT', `system/${systemId}`, { name: 'Shop 2', type: 'SPA', description: 'd', systemClass: 'hybrid' }))
        .toMatchObject({ identifier: 'Web shop!', class: 'hybrid', client_id: 4, deleted: 0 });
      for (const query of [ 'event?activeSort=secret', 'event?activeSort=constructor', 'event?systemId=NaN', `event?eventName=${'x'.repeat(301)}`, 'system?systemClass=all', 'system?eventName=x', 'event?order=up' ]) {
        expect(await ask('GET', query)).toMatchObject({ status: 400, body: problem(400_001, expect.any(String)) });
      }
      expect(await ask('GET', 'system/99999/events')).toMatchObject({ status: 404, body: problem(404_000, expect.any(String)) });
      expect(await ask('GET', `system/${systemId}/events`, undefined, scene.producer.fetch)).toMatchObject({ status: 403 });
      expect((await ask('POST', `system/${systemId}/events`, {})).status).toBe(405);
      const { key } = await createApiKey(scene.server.baseUrl, scene.user.webId, { topics: [ 'realestate/*' ]});
      const limited = await fetch(`${scene.user.pod}system/${systemId}/events?access-key=${key}`);
      expect(await replyOf(limited)).toMatchObject({ status: 200, body: { content: []}});
      for (const { id } of [ order, copy ]) {
        await write('DELETE', `event/${id}`);
      }
      await write('DELETE', `system/${systemId}`);
    });

    it('that says what is wrong.', async(): Promise<void> => {
      const event = { system_id: system, name: 'Order', operation: 'update', topic: 'realestate/order' };
      const wrong: [string, string, unknown, number, string][] = [
        [ 'POST', 'event', { ...event, topic: 7 }, 400_001, 'topic 7 will not do' ],
        [ 'POST', 'event', { ...event, system_id: 99_999 }, 400_001, 'names no system of this pod' ],
        [ 'POST', 'event', { ...event, schema: { $ref: 'http://127.0.0.1:9/' }}, 400_001, 'nothing is fetched' ],
        [ 'POST', 'event', '{bad', 400_001, 'not valid JSON' ],
        [ 'PUT', 'event', event, 400_001, 'id is required' ],
        [ 'PUT', `event/${contact.id}`, { ...event, id: 99_999 }, 400_001, 'different ids' ],
        [ 'DELETE', 'event', { id: 'x' }, 400_001, 'whole number' ],
        [ 'DELETE', 'event', undefined, 400_001, 'id is required' ],
      ];
      for (const [ method, path, body, code, message ] of wrong) {
        expect(await ask(method, path, body)).toMatchObject({ status: 400, body: problem(code, expect.stringContaining(message)) });
      }
      for (const kind of [ 'event', 'system' ]) {
        for (const id of [ 99_999, '9'.repeat(40) ]) {
          expect(await ask('GET', `${kind}/${id}`)).toMatchObject({ status: 404, body: problem(404_000, expect.any(String)) });
          expect((await ask('DELETE', `${kind}/${id}`)).status).toBe(404);
        }
        expect((await ask('POST', `${kind}/1`, {})).status).toBe(405);
        expect((await ask('PATCH', kind, {})).status).toBe(405);
        expect((await ask('HEAD', kind)).status).toBe(200);
      }
      expect((await ask('PUT', 'event/99999', event)).status).toBe(404);
    });

    it('of the owner alone, unless access control says otherwise.', async(): Promise<void> => {
      const asked: [string, string, unknown?][] = [
        [ 'GET', 'event' ], [ 'GET', 'system' ], [ 'GET', `event/${contact.id}` ], [ 'GET', 'event/99999' ], [ 'GET', 'event/received' ],
        [ 'GET', `event/received/${UNKNOWN}` ], [ 'GET', 'event/received/execution-detail/1' ], [ 'DELETE', `event/${contact.id}` ], [ 'DELETE', `system/${system}` ],
        [ 'POST', 'system', { name: 'a', identifier: 'a', class: 'hybrid' }], [ 'POST', 'event', { system_id: system, name: 'a', operation: 'new', topic: 'a' }],
      ];
      for (const [ method, path, body ] of asked) {
        expect(await ask(method, path, body, scene.producer.fetch)).toMatchObject({ status: 403, body: problem(403_000, expect.any(String)) });
        expect(await ask(method, path, body, fetch)).toMatchObject({ status: 401, body: problem(401_202, expect.stringContaining('log in')) });
      }
      await grant(scene.user, `${scene.user.pod}event`, { [scene.producer.webId]: [ 'Read' ]});
      expect((await read('event', scene.producer.fetch)).totalItems).toBe(4);
      expect((await ask('DELETE', `event/${contact.id}`, undefined, scene.producer.fetch)).status).toBe(403);
      expect((await ask('GET', 'event/received', undefined, scene.producer.fetch)).status).toBe(403);
      // The server does not remove the access control of what is no resource of its own.
      await grant(scene.user, `${scene.user.pod}event`, {});
      expect((await ask('GET', 'event', undefined, scene.producer.fetch)).status).toBe(403);
    });

    it('whose ids are of its pod.', async(): Promise<void> => {
      const { pod, fetch: fetcher } = scene.subscriber;
      for (const path of [ `event/${contact.id}`, `system/${system}`, `event/received/${(await latest()).id}` ]) {
        expect((await fetcher(`${pod}${path}`)).status).toBe(404);
      }
      expect((await replyOf(await fetcher(`${pod}event`))).body.content).toMatchObject({ items: [], totalItems: 0, totalPages: 0 });
      expect((await replyOf(await fetcher(`${pod}event/received`))).body.content).toMatchObject({ items: [], totalItems: 0 });
    });

    it('whose other paths are those of LDP.', async(): Promise<void> => {
      expect((await scene.user.fetch(`${scene.user.pod}event/notes.txt`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'mine' })).status).toBe(201);
      expect(await (await scene.user.fetch(`${scene.user.pod}event/notes.txt`)).text()).toBe('mine');
      expect(await members(scene.user, `${scene.user.pod}event/`)).toEqual([ `${scene.user.pod}event/notes.txt` ]);
      expect((await scene.user.fetch(`${scene.user.pod}event/none.txt`)).status).toBe(404);
      for (const path of [ 'event/notes.txt', 'event/' ]) {
        expect((await scene.user.fetch(`${scene.user.pod}${path}`, { method: 'DELETE' })).status).toBe(205);
      }
    });
  });

  describe('has a log', (): void => {
    it('of requests, whose secrets are masked, and of what became of them.', async(): Promise<void> => {
      const headers = { 'access-key': token, 'x-secret-thing': 'hunter2', 'x-trace': 'abc', 'x-request-id': 'def', 'content-type': 'text/plain' };
      expect((await send(`${contact.identifier}&api_key=hunter2`, ' {"name": "Log"} ', headers)).status).toBe(200);
      const { id } = await latest();
      const detail = await eventually(async(): Promise<any> => {
        const found = await read(`event/received/${id}`);
        return found.executedEventContracts[0]?.state === 'processed' ? found : undefined;
      });
      expect(detail.receivedEvent).toEqual({
        id,
        received_at: expect.stringMatching(/Z$/u),
        received_request: {
          method: 'POST',
          url: `${scene.user.pod}event/send`,
          query: { 'event-identifier': contact.identifier, api_key: '****' },
          headers: expect.objectContaining({ 'access-key': '****', 'x-secret-thing': '****', 'x-trace': '****', 'x-request-id': 'def', 'content-type': 'text/plain' }),
          body: { name: 'Log' },
        },
        systemId: system,
        eventId: contact.id,
        eventIdentifier: contact.identifier,
        eventName: 'New Contact',
        eventOperation: 'new',
        eventDescription: 'Somebody called',
        topic: 'realestate/contact#add',
      });
      const [ contract, ...others ] = detail.executedEventContracts;
      expect(others).toEqual([]);
      expect(contract).toEqual({
        detailId: expect.any(String),
        state: 'processed',
        attempts: 0,
        isAborted: false,
        contractId: expect.stringMatching(UUID),
        contractIdentifier: `${scene.user.pod}subscriptions/${contract.contractId}`,
        contractName: 'realestate/contact',
        actionId: scene.subscriber.inbox,
        actionIdentifier: scene.subscriber.inbox,
        actionName: scene.subscriber.inbox,
        actionOperation: 'copy',
        actionDescription: expect.any(String),
      });
      for (const path of [ 'event/received/execution-detail/', 'received/execution-detail/' ]) {
        expect(await read(`${path}${contract.detailId}`)).toEqual({
          receivedEventId: id, ...contract, request: { method: 'POST', url: scene.subscriber.inbox }, tries: [],
          response: { status: 201, statusText: 'Created', startTime: detail.receivedEvent.received_at, endTime: detail.receivedEvent.received_at },
        });
      }
      const item = (await read(`event/received?idSearch=${id}`)).items[0];
      expect(item).toMatchObject({ id, eventIdentifier: contact.identifier, receivedAt: detail.receivedEvent.received_at, state: [ 'processed' ]});
      const all = JSON.stringify(await read('event/received?itemsPerPage=100'));
      for (const word of [ token, 'hunter2', credentials.secret ]) {
        expect(all).not.toContain(word);
      }
    });

    it('that is filtered and paged, and has what came in other dialects.', async(): Promise<void> => {
      await send(lonely.identifier, '{}');
      const own = await post(scene.user.fetch, `${scene.user.pod}publish/`, { recipient: scene.user.webId, topic: 'note/taken', data: 'Here' });
      const id = (await own.json()).id.split('/').at(-1);
      const { items: [ newest, second ], totalItems } = await read('event/received?order=desc');
      expect(newest).toEqual({
        id, topic: 'note/taken', receivedAt: expect.any(String), state: [ null ], systemId: null, eventId: null, systemName: null,
        systemIdentifier: null, eventName: null, eventIdentifier: null, eventDescription: null, received_request: null,
      });
      expect(second).toMatchObject({ eventName: 'Lonely', state: [ null ]});
      expect((await read(`event/received/${id}`)).receivedEvent.received_request).toEqual({ body: 'Here' });
      expect((await read(`event/received?systemId=${system}`)).totalItems).toBeLessThan(totalItems);
      expect((await read(`event/received?eventIdentifierSearch=${lonely.identifier.slice(2)}&itemsPerPage=1`)).items[0].eventName).toBe('Lonely');
      expect((await read('event/received?state=processed&itemsPerPage=100')).items.every(({ state }: any): boolean => state.includes('processed'))).toBe(true);
      expect((await read(`event/received?fromTime=${Date.parse(newest.receivedAt)}`)).items.map((item: any): string => item.id)).toContain(id);
      expect((await read(`event/received?toTime=${Date.parse('2020-01-01')}`)).totalItems).toBe(0);
      expect(await ask('GET', 'event/received?state=other')).toMatchObject({ status: 400, body: problem(400_001, expect.stringContaining('state')) });
    });

    it('that knows nothing of other ids.', async(): Promise<void> => {
      for (const path of [ UNKNOWN, '12', 'x', 'execution-detail/1', 'execution-detail/x', `execution-detail/${UNKNOWN}.${UNKNOWN}`, `${UNKNOWN}%20` ]) {
        expect(await ask('GET', `event/received/${path}`)).toMatchObject({ status: 404, body: problem(404_000, expect.any(String)) });
      }
      expect((await ask('GET', 'received/execution-detail/99')).status).toBe(404);
      expect((await ask('POST', 'event/received', {})).status).toBe(405);
      expect((await ask('DELETE', `event/received/${UNKNOWN}`)).status).toBe(405);
    });
  });

  it('has an answer to whatever is sent.', async(): Promise<void> => {
    const paths = [ 'event/send', 'event', 'system', `event/${contact.id}`, 'system/0', 'event/received', `event/received/${UNKNOWN}`, 'event/received/execution-detail/1', 'system/0/events', 'event/send/contract', 'event/retry/aborted' ];
    const members = fc.record({
      id: fc.jsonValue(), system_id: fc.oneof(fc.constant(system), fc.jsonValue()), name: fc.oneof(fc.string(), fc.jsonValue()),
      operation: fc.constantFrom('new', 'other', null), topic: fc.oneof(fc.string(), fc.jsonValue()), schema: fc.jsonValue(),
      identifier: fc.string(), class: fc.constantFrom('hybrid', 'other', 7),
    }, { requiredKeys: []});
    const names = fc.oneof(fc.constantFrom('event-identifier', 'id', 'itemsPerPage', 'pageIndex', 'order', 'state', 'idSearch', 'fromTime', 'systemId', 'eventIdentifierSearch'), fc.string());
    await fc.assert(fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
      fc.array(fc.tuple(names, fc.oneof(fc.constant(contact.identifier), fc.nat().map(String), fc.string({ unit: 'binary' }))), { maxLength: 3 }),
      fc.oneof(members.map((value): string => JSON.stringify(value)), fc.json(), fc.string()),
      async(path, method, query, body): Promise<void> => {
        const search = new URLSearchParams(query as [string, string][]).toString();
        const { fetch: fetcher, pod } = scene.subscriber;
        const response = await fetcher(`${pod}${path}?${search}`, { method, headers: { 'content-type': 'application/json' }, ...method !== 'GET' && { body }});
        const text = await response.text();
        expect([ response.status < 500, text.includes('    at ') ]).toEqual([ true, false ]);
        expect(text).not.toContain('Somebody called');
        expect(JSON.parse(text)).toMatchObject({ code: expect.any(Number), message: expect.any(String) });
      },
    ), { numRuns: runs(40) });
    await send(lonely.identifier, 'null');
    let stored: unknown = null;
    await fc.assert(fc.asyncProperty(fc.oneof(fc.json(), fc.dictionary(fc.constantFrom('@id', '@type', '@context', '@value', '@list', 'data', 'id', 'type'), fc.jsonValue()).map((value): string => JSON.stringify(value))), async(body): Promise<void> => {
      const { status, body: answer } = await send(lonely.identifier, body);
      expect([[ 203, 200_310 ], [ 400, 500_000 ]]).toContainEqual([ status, answer.code ]);
      stored = status === 203 ? JSON.parse(body) : stored;
      expect((await read(`event/received/${(await latest()).id}`)).receivedEvent.received_request.body).toEqual(stored);
    }), { numRuns: runs(25) });
  });
});

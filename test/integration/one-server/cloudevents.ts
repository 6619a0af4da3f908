import { request as httpRequest } from 'node:http';
import { grant } from '../../util/access';
import type { TestAgent } from '../../util/accounts';
import { createApiKey } from '../../util/accounts';
import type { Scene } from '../../util/scene';
import { members, post, setScene } from '../../util/scene';
import { eventually } from '../../util/wait';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const TOPIC = 'realestate/contact#add';

/** The `require` of Node, which the environment of the tests gives them. */
declare const requireOutside: NodeJS.Require;

interface SdkMessage { readonly headers: Record<string, string>; readonly body: string }

/** The used part of `cloudevents` (npm). */
interface CloudEventsSdk {
  readonly HTTP: {
    readonly binary: (event: object) => SdkMessage;
    readonly structured: (event: object) => SdkMessage;
    readonly toEvent: (message: object) => any;
  };
  readonly CloudEvent: new (event: object, strict?: boolean) => { readonly validate: () => boolean };
}

interface Reply { readonly status: number; readonly body: any; readonly headers: Headers }

describe('CloudEvents', (): void => {
  let scene: Scene;
  let key: string;
  let last = 0;
  const anId = (): string => `id ${last += 1}`;
  const anEvent = (fields: object = {}): Record<string, unknown> =>
    ({ specversion: '1.0', id: anId(), source: 'urn:crm:1', type: TOPIC, ...fields });

  const replyOf = async(response: Response): Promise<Reply> =>
    ({ status: response.status, body: JSON.parse(await response.text()), headers: response.headers });
  const send = async(
    body: unknown,
    type = STRUCTURED,
    fetcher: typeof fetch = scene.user.fetch,
    headers: Record<string, string> = {},
    pod = scene.user.pod,
  ): Promise<Reply> => replyOf(await post(fetcher, `${pod}publish/`, body, { 'content-type': type, ...headers }));
  const count = async(): Promise<number> => (await members(scene.user, `${scene.user.pod}publish/`)).length;
  /** An event or copy as a CloudEvent, as text. */
  const textOf = async(url: string, fetcher = scene.user.fetch): Promise<string> => {
    const response = await fetcher(url, { headers: { accept: STRUCTURED }});
    expect([ response.status, response.headers.get('content-type') ]).toEqual([ 200, 'application/cloudevents+json; charset=utf-8' ]);
    return response.text();
  };
  const read = async(url: string, fetcher = scene.user.fetch): Promise<any> => JSON.parse(await textOf(url, fetcher));
  const arrived = async({ fetch: fetcher }: TestAgent, copy: string): Promise<unknown> =>
    eventually(async(): Promise<true | undefined> => (await fetcher(copy)).ok || undefined);
  /** What the server adds to an event that the user sent. */
  const own = (url: string, fields: object = {}): object =>
    ({ authid: scene.user.webId, authtype: 'app_user', eventurl: url, recipients: scene.user.pod, ...fields });

  /** Sends headers byte by byte. */
  const sendRaw = async(headers: Record<string, string | string[]>, body: Buffer | string = ''): Promise<{ status: number; body: any }> =>
    new Promise((resolve, reject): void => {
      const request = httpRequest(`${scene.user.pod}publish/`, { method: 'POST', headers: { 'x-api-key': key, ...headers }});
      request.on('error', reject).on('response', (response): void => {
        let text = '';
        response.on('data', (chunk: Buffer): void => { text += chunk.toString(); });
        response.on('end', (): void => resolve({ status: response.statusCode!, body: JSON.parse(text) }));
      }).end(body);
    });
  const binary = (fields: Record<string, string | string[]> = {}): Record<string, string | string[]> =>
    ({ 'ce-specversion': '1.0', 'ce-id': encodeURIComponent(anId()), 'ce-source': 'urn:crm:1', 'ce-type': TOPIC, ...fields });

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server: { baseUrl }, producer, subscriber, user } = scene;
    key = (await createApiKey(baseUrl, user.webId, { scopes: [ 'publish' ]})).key;
    await grant(user, `${user.pod}publish/`, { [producer.webId]: [ 'Append' ], public: [ 'Append' ]});
    await grant(user, `${user.pod}topics/open/`, { public: [ 'Append' ]});
    expect((await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/contact', inbox: subscriber.inbox })).status).toBe(201);
  });

  afterAll(async(): Promise<void> => scene.end());

  describe('in structured mode', (): void => {
    it('leave as they came, with the own identity in extensions, as events and as copies.', async(): Promise<void> => {
      const { user, subscriber } = scene;
      const event = anEvent({
        source: '/sensors/tn-1234567/alerts?x=1#y', subject: 'Ünï 😀', time: '2018-04-05t17:31:00.5+02:00', dataschema: 'urn:schema:1',
        datacontenttype: 'application/vnd.crm+json', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01', flag: false, count: -5,
        comexampleextensionwithalongname: 'x', nothing: null, data: { n: 1 },
      });
      const body = JSON.stringify(event).replace('{"n":1}', '{ "n": 1.0, "big": 12345678901234567890.10 }');
      const { status, body: answer, headers } = await send(body);
      expect([ status, headers.get('location'), headers.get('idempotent-replayed') ]).toEqual([ 201, answer.id, null ]);
      expect(answer).toEqual({ id: expect.stringMatching(`^${user.pod}publish/`) });
      const text = await textOf(answer.id);
      expect(text).toContain('"data":{ "n": 1.0, "big": 12345678901234567890.10 }');
      const { nothing, ...expected } = event;
      expect(nothing).toBeNull();
      expect(JSON.parse(text)).toEqual({ ...expected, data: JSON.parse('{ "n": 1.0, "big": 12345678901234567890.10 }'), ...own(answer.id) });
      const copy = `${subscriber.inbox}${answer.id.split('/').at(-1)}`;
      await arrived(subscriber, copy);
      expect(await textOf(copy, subscriber.fetch)).toBe(text);
    });

    it('have their attributes as terms of the vocabulary in RDF.', async(): Promise<void> => {
      const event = anEvent({ count: 5, datacontenttype: 'text/plain', data: 'hello' });
      const { body: { id } } = await send(event);
      const rdf = await (await scene.user.fetch(id, { headers: { accept: 'application/n-triples' }})).text();
      for (const [ name, value ] of Object.entries({
        'ce-id': `"${String(event.id)}"`, 'ce-source': '"urn:crm:1"', 'ce-type': `"${TOPIC}"`, 'ce-datacontenttype': '"text/plain"',
        'ce-count': '"5"^^<http://www.w3.org/2001/XMLSchema#integer>', topic: `"${TOPIC}"`,
      })) {
        expect(rdf).toContain(`<${id}> <https://w3id.org/pod-events#${name}> ${value} .`);
      }
    });

    it.each([
      [{}, undefined ],
      [{ data: null }, null ],
      [{ data: 'text' }, 'text' ],
      [{ data: 0, datacontenttype: 'application/json' }, 0 ],
      [{ data: '<a/>', datacontenttype: 'application/xml; charset=utf-8' }, '<a/>' ],
      [{ data: { '@context': 'https://unknown.example/', a: 1 }}, { '@context': 'https://unknown.example/', a: 1 }],
      [{ data: { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Note' }}, { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Note' }],
      [{ data: { '@id': 'relative' }}, { '@id': 'relative' }],
      [{ data: { '@id': 'http://a.example/', '@type': [ 5 ]}}, { '@id': 'http://a.example/', '@type': [ 5 ]}],
    ])('keep %j.', async(fields, data): Promise<void> => {
      const event = anEvent(fields);
      const { status, body: { id } } = await send(event, 'application/cloudevents+json; charset=UTF-8');
      expect(status).toBe(201);
      expect(await read(id)).toEqual({ ...event, ...own(id) });
      expect((await read(id)).data).toEqual(data);
    });

    it.each([ [ '' ], [ 'AP8=' ], [ 'eyJuIjoxfQ==' ] ])('keep the bytes %j.', async(encoded): Promise<void> => {
      const event = anEvent({ datacontenttype: 'application/json', data_base64: encoded });
      const { status, body: { id } } = await send(event);
      expect(status).toBe(201);
      expect(await read(id)).toEqual({ ...event, ...own(id) });
    });

    it.each([
      [ 'specversion', '0.3' ], [ 'specversion', undefined ], [ 'specversion', 1 ], [ 'id', '' ], [ 'id', undefined ], [ 'id', null ], [ 'id', 5 ],
      [ 'id', 'a\nb' ], [ 'source', '' ], [ 'source', undefined ], [ 'source', 'a b' ], [ 'source', 'http://[' ], [ 'type', '' ], [ 'type', undefined ],
      [ 'type', `a${'/a'.repeat(16)}` ], [ 'type', 'a'.repeat(1_025) ], [ 'subject', '' ], [ 'subject', {}], [ 'subject', '\uFFFE' ], [ 'time', 'now' ],
      [ 'time', '2026-02-30T00:00:00Z' ], [ 'dataschema', 'relative' ], [ 'dataschema', '' ], [ 'datacontenttype', 'text' ], [ 'datacontenttype', '' ],
      [ 'UP', 'x' ], [ 'a-b', 'x' ], [ 'a_b', 'x' ], [ 'ünï', 'x' ], [ 'x', 1.5 ], [ 'x', 2 ** 31 ], [ 'x', '' ], [ 'x', []], [ 'x', {}], [ 'data_base64', 5 ],
      [ 'data_base64', 'A' ], [ 'data_base64', 'A-_=' ], [ 'recipients', 'x' ], [ 'recipients', ' ' ], [ 'recipients', []], [ 'participants', 'urn:a' ],
      [ 'authid', 'https://victim.example/#me' ], [ 'authtype', 'system' ], [ 'authclaims', 'x' ], [ 'eventurl', 'https://victim.example/' ],
      [ 'topic', 'x' ], [ 'eventtype', 'x' ], [ 'requestkey', 'x' ], [ 'x', 'y'.repeat(70_000) ],
    ])('are refused with %s = %j.', async(name, value): Promise<void> => {
      const before = await count();
      expect(await send(anEvent({ [name]: value }))).toMatchObject({ status: 400, body: { error: expect.stringContaining(name === 'x' ? '' : name) }});
      expect(await count()).toBe(before);
    });

    it.each([
      [{ data: 1, data_base64: 'AA==' }, 'both' ], [{ data: {}, datacontenttype: 'text/plain' }, 'expected text' ],
      [{ data: 'é', datacontenttype: 'text/plain; charset=iso-8859-1' }, 'data_base64' ],
      [ Object.fromEntries(Array.from({ length: 51 }, (_, index) => [ `x${index}`, 'y' ])), '51 extension' ],
    ])('are refused with contradictory members %#.', async(fields, error): Promise<void> => {
      expect(await send(anEvent(fields))).toMatchObject({ status: 400, body: { error: expect.stringContaining(error) }});
    });

    it.each([ '[]', '5', 'null', '{', '', '{"specversion":"1.0","specversion":"1.0"}' ])('are refused in the body %j.', async(body): Promise<void> => {
      expect((await send(body)).status).toBe(400);
    });
  });

  describe('in binary mode', (): void => {
    it('have percent-encoded headers, decoded once.', async(): Promise<void> => {
      const headers = binary({ 'ce-subject': 'Euro%20%e2%82%AC%20%F0%9F%98%80%2525', 'ce-over': '%41%62c', 'CE-Count': '5', 'ce-source': 'urn:a%2Fb' });
      const { status, body: { id } } = await sendRaw({ ...headers, 'content-type': 'application/json' }, ' { "n": 1.0 }\n');
      expect(status).toBe(201);
      const text = await textOf(id);
      expect(text).toContain('"data":{ "n": 1.0 }');
      expect(JSON.parse(text)).toMatchObject({
        subject: 'Euro € 😀%25', over: 'Abc', count: '5', source: 'urn:a/b', datacontenttype: 'application/json', type: TOPIC, id: `id ${last}`,
      });
    });

    it.each([
      [ '"quoted \\"text\\" %25"', 'quoted "text" %' ], [ 'with space', 'with space' ], [ '%22', '"' ], [ 'caf\u00C3\u00A9', 'café' ],
    ])('have the header %j.', async(value, expected): Promise<void> => {
      const { status, body: { id } } = await sendRaw(binary({ 'ce-subject': value }));
      expect(status).toBe(201);
      expect(await read(id)).toMatchObject({ subject: expected });
    });

    it.each([
      [ 'ce-subject', '%C0%A0' ], [ 'ce-subject', '%ED%A0%80' ], [ 'ce-subject', '%E2%82' ], [ 'ce-subject', '%FF' ], [ 'ce-subject', '100%' ],
      [ 'ce-subject', '%zz' ], [ 'ce-subject', 'caf\u00E9' ], [ 'ce-subject', '%0A' ], [ 'ce-subject', '' ], [ 'ce-datacontenttype', 'text/plain' ],
      [ 'ce-data', 'x' ], [ 'ce-a-b', 'x' ], [ 'ce-', 'x' ], [ 'ce-id', [ 'a', 'b' ]], [ 'ce-specversion', '0.3' ], [ 'ce-specversion', '' ],
      [ 'ce-authid', 'x' ], [ 'ce-AuthId', 'x' ], [ 'ce-eventurl', 'x' ], [ 'ce-time', 'x' ],
    ])('are refused with %s: %j.', async(name, value): Promise<void> => {
      const before = await count();
      expect(await sendRaw(binary({ [name]: value }))).toMatchObject({ status: 400, body: { error: expect.any(String) }});
      expect(await count()).toBe(before);
    });

    it.each<[string | undefined, Buffer | string, object]>([
      [ 'text/plain', 'h\u00E9llo', { data: 'h\u00E9llo' }],
      [ 'text/plain; charset=utf-8', '\uFEFFa', { data: '\uFEFFa' }],
      [ 'application/xml', '<much wow="xml"/>', { data: '<much wow="xml"/>' }],
      [ 'text/plain; charset=iso-8859-1', Buffer.from([ 0xE9 ]), { data_base64: '6Q==' }],
      [ 'text/plain', Buffer.from([ 0xFF, 0xFE ]), { data_base64: '//4=' }],
      [ 'application/octet-stream', 'abc', { data_base64: 'YWJj' }],
      [ 'image/png', Buffer.from([ 0, 255 ]), { data_base64: 'AP8=' }],
      [ 'application/vnd.a+json', '"x"', { data: 'x' }],
      [ 'application/ld+json', '{"@context":"https://unknown.example/"}', { data: { '@context': 'https://unknown.example/' }}],
      [ 'text/plain', '', {}],
      [ undefined, '', {}],
    ])('have data of the type %s.', async(type, body, expected): Promise<void> => {
      const { status, body: { id } } = await sendRaw({ ...binary(), ...type !== undefined && { 'content-type': type }}, body);
      expect(status).toBe(201);
      const { data, data_base64: encoded, datacontenttype } = await read(id);
      expect({ data, data_base64: encoded, datacontenttype }).toEqual({ data_base64: undefined, data: undefined, datacontenttype: type, ...expected });
    });

    it.each<[string | undefined, Buffer | string, number]>([
      [ 'application/json', '{', 400 ], [ 'application/json', Buffer.from([ 0x22, 0xFF, 0x22 ]), 400 ], [ 'application/json', '{"a":1,"a":2}', 400 ],
      [ undefined, 'x', 400 ], [ 'nothing', 'x', 400 ], [ 'application/cloudevents+avro', 'x', 415 ], [ 'application/cloudevents', 'x', 415 ],
      [ 'application/cloudevents-batch+xml', 'x', 415 ],
    ])('are refused with data %s %j.', async(type, body, status): Promise<void> => {
      expect((await sendRaw({ ...binary(), ...type !== undefined && { 'content-type': type }}, body)).status).toBe(status);
    });

    it('are other requests for an idempotency key with other attributes.', async(): Promise<void> => {
      const headers = { 'idempotency-key': anId().replace(' ', '-'), 'content-type': 'text/plain' };
      const [ first, second ] = [ binary(), binary() ];
      const { body: { id } } = await sendRaw({ ...first, ...headers }, 'a');
      expect(await sendRaw({ ...first, ...headers }, 'a')).toMatchObject({ status: 201, body: { id }});
      expect((await sendRaw({ ...second, ...headers }, 'a')).status).toBe(409);
      expect((await sendRaw({ ...first, ...headers, 'content-type': 'text/html' }, 'a')).status).toBe(409);
    });

    it('need the header ce-specversion.', async(): Promise<void> => {
      const { 'ce-specversion': version, ...headers } = binary();
      expect(version).toBe('1.0');
      expect((await sendRaw({ ...headers, 'content-type': 'text/plain' }, 'a')).status).toBe(415);
      expect((await sendRaw({ ...headers, 'content-type': 'application/json' }, '{}')).status).toBe(400);
    });
  });

  describe('in batched mode', (): void => {
    it('are all accepted, with an answer for each.', async(): Promise<void> => {
      const events = [ anEvent({ data: 1 }), anEvent({ data_base64: 'AA==', datacontenttype: 'image/png' }), anEvent() ];
      const { status, body, headers } = await send(events, BATCH);
      expect([ status, headers.get('location') ]).toEqual([ 201, body.ids[0] ]);
      expect(body).toEqual({ id: body.ids[0], ids: [ expect.any(String), expect.any(String), expect.any(String) ]});
      for (const [ index, url ] of (body.ids as string[]).entries()) {
        expect(await read(url)).toMatchObject({ id: events[index].id });
      }
    });

    it('are all refused if one is, with its index.', async(): Promise<void> => {
      const before = await count();
      for (const [ wrong, status ] of [
        [ anEvent({ type: '' }), 400 ], [ 5, 400 ], [ null, 400 ], [[ anEvent() ], 400 ], [ anEvent({ source: scene.producer.pod }), 400 ],
        [ anEvent({ recipients: `${scene.server.baseUrl}nobody/profile/card#me` }), 400 ],
      ] as const) {
        const { status: actual, body } = await send([ anEvent(), wrong, anEvent() ], BATCH);
        expect([ actual, body ]).toEqual([ status, { error: expect.stringMatching(/^\[1\]: /u) }]);
      }
      expect((await send([ anEvent(), anEvent({ type: 'payroll/salary' }) ], BATCH, scene.producer.fetch)).status).toBe(403);
      expect(await count()).toBe(before);
    });

    it('can be empty, and have at most 1,000 events.', async(): Promise<void> => {
      expect(await send([], BATCH)).toMatchObject({ status: 200, body: { ids: []}});
      const { producer } = scene;
      const events = Array.from({ length: 1_001 }, (): object => anEvent());
      const sendAll = async(some: object[]): Promise<Reply> => send(some, BATCH, producer.fetch, {}, producer.pod);
      const published = async(): Promise<number> => (await members(producer, `${producer.pod}publish/`)).length;
      expect(await sendAll(events)).toMatchObject({ status: 400, body: { error: expect.stringContaining('at most 1000') }});
      expect(await published()).toBe(0);
      const { status, body: { ids } } = await sendAll(events.slice(1));
      expect([ status, new Set(ids).size ]).toEqual([ 201, 1_000 ]);
      expect(await published()).toBe(1_000);
    });

    it('are an array, and single events are none.', async(): Promise<void> => {
      expect((await send(anEvent(), BATCH)).status).toBe(400);
      expect((await send([ anEvent() ], STRUCTURED)).status).toBe(400);
    });
  });

  describe('have recipients', (): void => {
    it('in the form of deliveries.', async(): Promise<void> => {
      const { user, producer, subscriber } = scene;
      const event = anEvent({ recipients: `${user.webId} ${user.webId}`, participants: producer.webId });
      await grant(producer, `${producer.pod}topics/realestate/`, { [user.webId]: [ 'Append' ]});
      const { status, body: { id } } = await send(event);
      expect(status).toBe(201);
      expect(await read(id)).toEqual({ ...event, ...own(id, { recipients: user.webId, participants: producer.webId }) });
      const uuid = id.split('/').at(-1) as string;
      for (const [ agent, inbox ] of [[ user, `${user.pod}inbox/` ], [ producer, `${producer.pod}inbox/` ], [ subscriber, subscriber.inbox ]] as const) {
        await arrived(agent, `${inbox}${uuid}`);
      }
    });

    it('or are for the pod itself, which forwards them and gets no copy.', async(): Promise<void> => {
      const { user, subscriber, producer } = scene;
      const { status, body: { id } } = await send(anEvent(), STRUCTURED, producer.fetch);
      expect(status).toBe(201);
      const uuid = (id as string).split('/').at(-1)!;
      await arrived(subscriber, `${subscriber.inbox}${uuid}`);
      expect(await members(user, `${user.pod}inbox/`)).not.toContain(`${user.pod}inbox/${uuid}`);
    });

    it('need access to the topic in the pod itself too.', async(): Promise<void> => {
      const { producer, user } = scene;
      expect(await send(anEvent({ type: 'payroll/salary' }), STRUCTURED, producer.fetch)).toMatchObject({
        status: 403, body: { error: `Not authorized to publish to ${user.pod} on topic payroll/salary` },
      });
      expect((await send(anEvent(), STRUCTURED, fetch)).status).toBe(403);
      expect((await send(anEvent({ type: 'open/x' }), STRUCTURED, fetch)).status).toBe(201);
    });

    it('and a dry run tells the same.', async(): Promise<void> => {
      const check = async(body: unknown, type = STRUCTURED): Promise<any> =>
        (await post(scene.producer.fetch, `${scene.user.pod}publish/check`, body, { 'content-type': type })).json();
      expect(await check(anEvent())).toEqual({ accepted: true, events: [{ accepted: true, subscriptions: 1, excluded: 0 }]});
      expect(await check([
        anEvent({ type: 'payroll/salary' }), anEvent({ source: scene.user.pod }), anEvent({ authid: 'x' }),
      ], BATCH)).toEqual({ accepted: false, events: [
        { accepted: false, status: 403, error: expect.stringContaining('payroll/salary') },
        { accepted: false, status: 400, error: expect.stringContaining('acl:Write') },
        { accepted: false, status: 400, error: expect.stringContaining('authid') },
      ]});
    });
  });

  describe('are published once', (): void => {
    it('in each mode, and a repeat gets the same answer.', async(): Promise<void> => {
      const event = anEvent({ data: 'x', datacontenttype: 'text/plain', subject: 's' });
      const before = await count();
      const first = await send(event);
      expect([ first.status, first.headers.get('idempotent-replayed') ]).toEqual([ 201, null ]);
      const { data, ...reordered } = event;
      const batch = await send([ event, anEvent() ], BATCH);
      expect(batch).toMatchObject({ status: 201, body: { id: first.body.id, ids: [ first.body.id, expect.any(String) ], repeated: [ 0 ]}});
      expect(batch.headers.get('idempotent-replayed')).toBeNull();
      for (const [ body, type ] of [[ { data, ...reordered }, STRUCTURED ], [[ event, event ], BATCH ]] as const) {
        const { status, headers, body: answer } = await send(body, type);
        expect([ status, headers.get('idempotent-replayed'), headers.get('location'), answer.id ])
          .toEqual([ 201, 'true', first.body.id, first.body.id ]);
      }
      const headers = binary({ 'ce-id': encodeURIComponent(String(event.id)), 'ce-subject': 's', 'content-type': 'text/plain' });
      expect(await sendRaw(headers, 'x')).toEqual({ status: 201, body: { id: first.body.id }});
      expect(await count()).toBe(before + 2);
    });

    it('and another event of the same identity conflicts.', async(): Promise<void> => {
      const event = anEvent({ data: 1 });
      expect((await send(event)).status).toBe(201);
      const before = await count();
      for (const fields of [{ data: 2 }, { subject: 's' }, { type: 'realestate/contact#remove' }, { x: 'y' }, { recipients: scene.user.webId }]) {
        expect(await send({ ...event, ...fields })).toMatchObject({ status: 409, body: { error: expect.stringContaining('source and id') }});
      }
      expect(await send([ anEvent(), { ...event, data: 2 }], BATCH)).toMatchObject({ status: 409, body: { error: expect.stringMatching(/^\[1\]: /u) }});
      const twice = anEvent();
      expect(await send([ twice, { ...twice, x: 'y' }], BATCH)).toMatchObject({ status: 409, body: { error: expect.stringMatching(/^\[1\]: /u) }});
      expect(await count()).toBe(before);
    });

    it('by each agent in each pod, with each source, and by the public each time.', async(): Promise<void> => {
      const { producer, user } = scene;
      const event = anEvent();
      const ids = new Set([
        (await send(event)).body.id,
        (await send({ ...event, source: 'urn:crm:2' })).body.id,
        (await send(event, STRUCTURED, producer.fetch)).body.id,
        (await send(event, STRUCTURED, producer.fetch, {}, producer.pod)).body.id,
      ]);
      const open = anEvent({ type: 'open/x' });
      ids.add((await send(open, STRUCTURED, fetch)).body.id).add((await send(open, STRUCTURED, fetch)).body.id).add((await send(open)).body.id);
      expect(ids.size).toBe(7);
      expect([ ...ids ].every((id): boolean => id.startsWith(`${user.pod}publish/`) || id.startsWith(`${producer.pod}publish/`))).toBe(true);
    });

    it('when they come at the same time.', async(): Promise<void> => {
      const event = anEvent();
      const before = await count();
      const answers = await Promise.all(Array.from({ length: 8 }, async(_, index): Promise<Reply> =>
        index % 2 === 0 ? send(event) : send([ event ], BATCH)));
      expect(new Set(answers.map(({ status, body: { id } }): string => `${status} ${id}`)).size).toBe(1);
      expect(answers.filter(({ headers }): boolean => headers.get('idempotent-replayed') === null)).toHaveLength(1);
      expect(await count()).toBe(before + 1);
    });
  });

  describe('have sources', (): void => {
    it('that nobody can take from another pod, however it is spelled.', async(): Promise<void> => {
      const { producer, server: { baseUrl }, user } = scene;
      const { host, hostname, port } = new URL(baseUrl);
      const { name } = user;
      const spellings = [
        user.pod, user.pod.slice(0, -1), `${user.pod}sensors/1`, `${user.pod}profile/card#me`, `${user.pod}?x=1`, `${user.pod}#x`, `${user.pod}x?y#z`,
        `HTTP://${host.toUpperCase()}/${name}/`, `http://${host}//${name}//`, `http://${host}/./${name}/x/../`, `http://${host}/x/%2e%2e/${name}/`,
        `http://${host}/%${name.charCodeAt(0).toString(16)}${name.slice(1)}/`, `http:${host}/${name}/`, `http:/${host}/${name}/`, `http:///${host}/${name}/`,
        `//${host}/${name}/`, `/${name}/`, `/${name}/x`, `${name}/`, `./${name}/`, `../${name}/`, `/x/../${name}/`, `/%${name.charCodeAt(0).toString(16)}${name.slice(1)}/`,
        `https://${host}/${name}/`, `http://${hostname}.:${port}/${name}/`, `http://127.0.0.1:${port}/${name}/`, `http://2130706433:${port}/${name}/`,
        `http://0x7f.1:${port}/${name}/`, `http://[::1]:${port}/${name}/`, `http://a@${host}/${name}/`, `http://a:b@${host}/${name}/`, `//a@${host}/${name}/`,
        baseUrl, `${baseUrl}.events/agent#this`, `${baseUrl}.account/`, `${baseUrl}nobody/`,
      ];
      const before = await count();
      const refused = await Promise.all(spellings.map(async(source): Promise<string> =>
        `${source} ${(await send(anEvent({ source }), STRUCTURED, producer.fetch)).status}`));
      expect(refused).toEqual(spellings.map((source): string => `${source} 400`));
      const publicly = await Promise.all(spellings.map(async(source): Promise<string> =>
        `${source} ${(await send(anEvent({ source, type: 'open/x' }), STRUCTURED, fetch)).status}`));
      expect(publicly).toEqual(spellings.map((source): string => `${source} 400`));
      const inBinary = await Promise.all(spellings.map(async(source): Promise<string> => `${source} ${(await replyOf(await producer.fetch(`${user.pod}publish/`, {
        method: 'POST',
        headers: { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-type': TOPIC, 'ce-source': [ ...source ].map((one): string => `%${one.charCodeAt(0).toString(16)}`).join('') },
      }))).status}`));
      expect(inBinary).toEqual(spellings.map((source): string => `${source} 400`));
      expect(await count()).toBe(before);
    });

    it('in pods that they may write, and names without an owner.', async(): Promise<void> => {
      const { user, producer } = scene;
      await grant(user, `${user.pod}sensors/`, { [producer.webId]: [ 'Write' ]});
      for (const [ agent, source ] of [
        [ user, user.pod ], [ user, `${user.pod}any/thing?x=1#y` ], [ user, user.webId ], [ producer, `${user.pod}sensors/1` ], [ producer, `${user.pod}sensors/` ],
        [ producer, producer.pod ], [ producer, producer.webId ], [ producer, 'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66' ], [ producer, 'mailto:a@b.example' ],
        [ producer, '/nobody/sensors' ], [ producer, '1-555-123-4567' ], [ producer, '#x' ], [ producer, '?x' ],
      ] as const) {
        const event = anEvent({ source });
        const { status, body } = await send(event, STRUCTURED, agent.fetch);
        expect([ source, status, body ]).toEqual([ source, 201, { id: expect.any(String) }]);
        expect((await read(body.id)).source).toBe(source);
      }
      expect((await send(anEvent({ source: `${user.pod}sensorsx` }), STRUCTURED, producer.fetch)).status).toBe(400);
    });

    it('of no other server that does not speak for them.', async(): Promise<void> => {
      for (const fetcher of [ scene.user.fetch, fetch ]) {
        for (const source of [ 'https://other.example/', 'https://other.example/x#y', '//other.example/', `http://localhost:1/${scene.user.name}/` ]) {
          expect(await send(anEvent({ source, type: 'open/x' }), STRUCTURED, fetcher)).toMatchObject({ status: 400, body: { error: expect.stringContaining(source) }});
        }
      }
    });
  });

  describe('of the SDK', (): void => {
    let sdk: CloudEventsSdk;

    beforeAll((): void => {
      sdk = requireOutside('cloudevents') as CloudEventsSdk;
    });

    it('are sent in all modes, and read back.', async(): Promise<void> => {
      for (const data of [{ n: 1 }, 'text', undefined ]) {
        for (const mode of [ 'binary', 'structured', 'batch' ] as const) {
          const fields = {
            id: anId(), source: 'urn:sdk', type: TOPIC, subject: 's', time: '2026-01-31T12:00:00.000Z', tenant: 't1',
            ...data !== undefined && { data, datacontenttype: typeof data === 'string' ? 'text/plain' : 'application/json' },
          };
          const event = new sdk.CloudEvent(fields);
          const { headers, body } = mode === 'binary' ? sdk.HTTP.binary(event) : sdk.HTTP.structured(event);
          const message = mode === 'batch' ? { headers: { 'content-type': BATCH }, body: `[${body}]` } : { headers, body };
          const { status, body: { id } } = await replyOf(await scene.user.fetch(`${scene.user.pod}publish/`, { method: 'POST', ...message }));
          expect([ mode, data, status ]).toEqual([ mode, data, 201 ]);
          const response = await scene.user.fetch(id, { headers: { accept: STRUCTURED }});
          const got = sdk.HTTP.toEvent({ headers: { 'content-type': response.headers.get('content-type')! }, body: await response.text() });
          expect(got.validate()).toBe(true);
          expect(got).toMatchObject(fields);
        }
      }
    });
  });
});

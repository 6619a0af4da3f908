import { grant } from '../util/access';
import type { TestKey } from '../util/accounts';
import { createApiKey, createCredentials } from '../util/accounts';
import { validateAnswer } from '../util/openapi';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const CONTACT = { channel_id: 'realestate', source_name: 'contact#add' };

interface Checked { readonly status: number; readonly headers: Headers; readonly body: any }

describe('A precheck', (): void => {
  let scene: Scene;
  let producer: TestKey;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    producer = await createApiKey(scene.server.baseUrl, scene.producer.webId);
  });

  afterAll(async(): Promise<void> => scene.end());

  const check = async(body: unknown, headers: Record<string, string> = { 'x-auth-token': producer.key }, project = 'user'): Promise<Checked> => {
    const url = `${scene.server.baseUrl}v1/${project}/events/check`;
    const response = await post(fetch, url, body, { 'content-type': 'application/json', ...headers });
    const text = await response.text();
    expect(response.headers.get('x-request-id')).toMatch(new RegExp(`^${UUID}-\\d{13}-localhost$`, 'u'));
    expect(validateAnswer('POST', `/v1/${project}/events/check`, response.status, response.headers, text)).toEqual([]);
    return { status: response.status, headers: response.headers, body: JSON.parse(text) };
  };

  const fault = (code: string, message: string, details: unknown, { headers }: Checked): object =>
    ({ error_code: code, error_msg: message, error_details: details, request_id: headers.get('x-request-id') });

  it('follows subscriptions, grants, and what becomes of them, and stores nothing.', async(): Promise<void> => {
    const before = (await check({ sources: [ CONTACT ]})).body;
    expect(before).toEqual({ failed_count: 1, sources: [
      { ...CONTACT, check_result: false, check_detail: 'No active subscription would receive it' },
    ]});

    const subscription = await post(scene.subscriber.fetch, `${scene.user.pod}subscriptions/`, {
      topic: 'realestate/contact', inbox: scene.subscriber.inbox,
    });
    expect(subscription.status).toBe(201);
    const held = await members(scene.user, scene.user.inbox);
    const offer = { channel_id: 'realestate', source_name: 'offer' };
    const other = { channel_id: 'weather' };
    expect((await check({ sources: [ offer, CONTACT, other, CONTACT, { source_name: 'x' }]})).body).toEqual({
      failed_count: 3,
      sources: [
        { ...offer, check_result: false, check_detail: 'No active subscription would receive it' },
        { ...CONTACT, check_result: true, check_detail: '1 subscription would receive it' },
        { ...other, check_result: false, check_detail: 'Not authorized to publish on this topic' },
        { ...CONTACT, check_result: true, check_detail: '1 subscription would receive it' },
        { source_name: 'x', check_result: false, check_detail: 'No channel_id found: it is the first part of the topic' },
      ],
    });
    expect(await members(scene.user, scene.user.inbox)).toEqual(held);
    expect(await members(scene.user, `${scene.user.pod}publish/`)).toEqual([]);

    const topics = `${scene.user.pod}topics/realestate/`;
    await grant(scene.user, topics, { [scene.producer.webId]: [ 'Append' ]});
    expect((await check({ sources: [ CONTACT ]})).body.sources[0].check_detail).toBe('No active subscription would receive it');
    await grant(scene.user, topics, { [scene.subscriber.webId]: [ 'Read' ]});
    expect((await check({ sources: [ CONTACT ]})).body.sources[0].check_detail).toBe('Not authorized to publish on this topic');
    await grant(scene.user, topics, { [scene.producer.webId]: [ 'Append' ], [scene.subscriber.webId]: [ 'Read' ]});
    expect((await check({ sources: [ CONTACT ]})).body.failed_count).toBe(0);
    await scene.subscriber.fetch(subscription.headers.get('location')!, { method: 'DELETE' });
    expect((await check({ sources: [ CONTACT ]})).body.failed_count).toBe(1);
  });

  it('takes an access token as well, and whatever may be left out.', async(): Promise<void> => {
    const url = `${scene.server.baseUrl}v1/user/events/check`;
    for (const body of [ '', '{}', '{"sources":[]}' ]) {
      const response = await scene.producer.fetch(url, { method: 'POST', body });
      expect(await response.json()).toEqual({ failed_count: 0, sources: []});
    }
  });

  it('tells nobody anything without credentials that are good for the pod.', async(): Promise<void> => {
    const limited = await createApiKey(scene.server.baseUrl, scene.producer.webId, { pods: [ scene.producer.pod ]});
    for (const project of [ 'user', 'nobody' ]) {
      const none = await check('{', {}, project);
      expect(none.status).toBe(401);
      expect(none.body).toEqual(fault('EG.00014010', 'Incorrect token or token resolution failed', expect.stringContaining('X-Auth-Token'), none));
      expect(none.headers.get('www-authenticate')).toContain('Bearer');
      for (const token of [ '', 'spe_nothing' ]) {
        expect(await check({}, { 'x-auth-token': token }, project)).toMatchObject({ status: 401, body: { error_code: 'EG.00014010' }});
      }
      const elsewhere = await check({}, { 'x-auth-token': limited.key }, project);
      expect(elsewhere.status).toBe(403);
      expect(elsewhere.body).toEqual(fault('EG.00014030', 'No permissions to request this method', expect.any(String), elsewhere));
    }
    expect((await check({}, { 'x-auth-token': limited.key }, 'producer')).status).toBe(200);
    const revoked = await createApiKey(scene.server.baseUrl, scene.producer.webId);
    await revoked.revoke();
    expect((await check({}, { 'x-auth-token': revoked.key })).status).toBe(401);
  });

  it('takes a token of this server, for the pod that it is of.', async(): Promise<void> => {
    const { server, producer: { webId }} = scene;
    const { id, secret } = await createCredentials(server.baseUrl, 'producer', webId);
    const issued = await post(fetch, `${server.baseUrl}user/__token`, { grant_type: 'client_credentials', client_id: id, client_secret: secret });
    const token = (await issued.json()).access_token as string;
    const presented: Record<string, string>[] = [{ 'x-auth-token': token }, { authorization: `Bearer ${token}` }];
    for (const headers of presented) {
      const { status, body } = await check({ sources: [ CONTACT ]}, headers);
      expect([ status, body.sources[0].check_detail ]).toEqual([ 200, 'No active subscription would receive it' ]);
      for (const project of [ 'producer', 'nobody' ]) {
        expect(await check({}, headers, project)).toMatchObject({ status: 403, body: { error_code: 'EG.00014030' }});
      }
    }
  });

  it('knows a pod by its name alone.', async(): Promise<void> => {
    const names = [ 'nobody', 'USER', 'user%2F', 'user%2Fpublish', '%2e%2e%2fuser', 'x%2F..%2Fuser', 'profile', 'ü', 'a'.repeat(300), '.account' ];
    for (const project of names) {
      const missing = await check({}, undefined, project);
      expect([ project, missing.status ]).toEqual([ project, 404 ]);
      expect(missing.body).toEqual(fault('EG.00014040', 'Not request resource found', expect.stringContaining('no pod'), missing));
    }
    // A client or proxy makes these paths shorter before anybody sees them.
    const shortened = await fetch(`${scene.server.baseUrl}v1/x/%2e%2e/user/events/check`, { method: 'POST', headers: { 'x-auth-token': producer.key }});
    expect(shortened.status).toBe(200);
  });

  it('says what is wrong with a request, in the form of EventGrid.', async(): Promise<void> => {
    const malformed = await check('{"sources":');
    expect(malformed.status).toBe(400);
    expect(malformed.body).toEqual(fault('EG.00014000', 'Bad request', expect.stringContaining('not valid JSON'), malformed));
    const many = await check({ sources: Array.from({ length: 1_001 }, (): object => ({})) });
    expect(many.body.error_details).toBe('There are 1001 sources, and at most 1000 are accepted');
    const large = await check(JSON.stringify({ sources: []}).padEnd(262_145));
    expect(large).toMatchObject({ status: 413, body: { error_code: 'EG.00014000' }});
    const both = await check({}, { 'x-auth-token': producer.key, authorization: 'Bearer x' });
    expect(both).toMatchObject({ status: 400, body: { error_code: 'EG.00014000' }});
    const response = await fetch(`${scene.server.baseUrl}v1/user/events/check`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('OPTIONS, POST');
    expect(await response.json()).toMatchObject({ error_code: 'EG.00014000', request_id: response.headers.get('x-request-id') });
  });
});

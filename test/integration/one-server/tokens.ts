import { decodeJwt } from 'jose';
import type { ClientCredentials, TestCredentials } from '../../util/accounts';
import { createApiKey, createCredentials, unlinkWebId } from '../../util/accounts';
import { dpopToken } from '../../util/tokens';
import type { Scene } from '../../util/scene';
import { setScene } from '../../util/scene';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/u;

interface Answer { readonly status: number; readonly headers: Headers; readonly body: any }

describe('A token', (): void => {
  let scene: Scene;
  let credentials: TestCredentials;
  let endpoint: string;
  let eventhos: string;
  let publish: string;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server, producer } = scene;
    credentials = await createCredentials(server.baseUrl, producer.name, producer.webId);
    endpoint = `${producer.pod}__token`;
    eventhos = `${producer.pod}auth/token`;
    publish = `${producer.pod}publish/`;
  });

  afterAll(async(): Promise<void> => scene.end());

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  const send = async(url: string, headers: Record<string, string>, body: string | object = ''): Promise<Answer> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(url, { method: 'POST', headers, body: text });
    return { status: response.status, headers: response.headers, body: await response.json().catch((): undefined => undefined) };
  };
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
  const grantOf = ({ id, secret }: ClientCredentials = credentials): Record<string, string> =>
    ({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  const basicOf = (id: string, secret: string): string =>
    `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
  const event = (topic = 'realestate/contact#add'): object => ({ recipient: scene.user.webId, topic, data: { n: 1 }});
  const publishing = async(token: string, topic?: string): Promise<number> =>
    (await send(publish, { ...JSON_TYPE, authorization: `Bearer ${token}` }, event(topic))).status;
  const tokenBy = async(headers: Record<string, string>, body: string | object = ''): Promise<string> => {
    const answer = await send(endpoint, headers, body);
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', access_token: expect.stringMatching(JWT) }});
    return answer.body.access_token;
  };
  const later = (seconds: number): void => {
    const time = Date.now() + seconds * 1_000;
    jest.spyOn(Date, 'now').mockReturnValue(time);
  };

  it('is for a client that presents its id and secret, in a form, as JSON, or by Basic.', async(): Promise<void> => {
    const { id, secret } = credentials;
    const { status, headers, body } = await send(endpoint, FORM, form(grantOf()));
    expect(status).toBe(200);
    expect(body).toEqual({ access_token: expect.stringMatching(JWT), token_type: 'Bearer', expires_in: 3_600, scope: 'publish subscribe manage' });
    expect([ 'content-type', 'cache-control', 'access-control-allow-origin', 'x-personium-version' ].map((name): unknown => headers.get(name)))
      .toEqual([ 'application/json', 'no-store', '*', '1.8.4' ]);
    expect(headers.get('set-cookie')).toBeNull();
    const tokens = [
      body.access_token,
      await tokenBy(JSON_TYPE, grantOf()),
      await tokenBy({ ...FORM, authorization: basicOf(id, secret) }, 'grant_type=client_credentials'),
      await tokenBy({ ...JSON_TYPE, authorization: basicOf(id, secret) }, { grant_type: 'client_credentials', client_id: id }),
      (await send(eventhos, JSON_TYPE, grantOf())).body.content.access_token,
      (await send(eventhos, FORM, form(grantOf()))).body.content.jwt_token,
    ];
    for (const token of tokens) {
      expect(await publishing(token)).toBe(201);
    }
  });

  it('in the form of eventhos is told with a code.', async(): Promise<void> => {
    const { status, headers, body } = await send(eventhos, JSON_TYPE, grantOf());
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      code: 200_000,
      message: `Token generated for client ${credentials.id}`,
      content: { jwt_token: expect.stringMatching(JWT), access_token: body.content.jwt_token, expires_in: 3_600, client_id: credentials.id },
    });
  });

  it('is for who has an API key, ends with it, and is limited like it.', async(): Promise<void> => {
    const { baseUrl } = scene.server;
    const { key, revoke } = await createApiKey(baseUrl, scene.producer.webId, { topics: [ 'realestate/*' ]});
    const token = await tokenBy({ 'x-api-key': key });
    const child = await tokenBy({ authorization: `Bearer ${token}` });
    await tokenBy({ authorization: `Bearer ${key}` });
    for (const text of [ token, child ]) {
      expect(await publishing(text)).toBe(201);
      expect(await publishing(text, 'weather#today')).toBe(403);
    }
    await revoke();
    for (const text of [ token, child ]) {
      expect(await publishing(text)).toBe(401);
    }
    const soon = await createApiKey(baseUrl, scene.producer.webId, { expires: new Date(Date.now() + 60_000).toISOString() });
    const { body } = await send(endpoint, { 'x-api-key': soon.key });
    expect(body.expires_in).toBeLessThanOrEqual(60);
    const elsewhere = await createApiKey(baseUrl, scene.producer.webId, { pods: [ scene.user.pod ]});
    expect(await send(endpoint, { 'x-api-key': elsewhere.key })).toMatchObject({ status: 403, body: { error: 'unauthorized_client' }});
  });

  it('is for who has an access token, and ends no later, even if it makes another.', async(): Promise<void> => {
    const first = await (await scene.producer.fetch(endpoint, { method: 'POST' })).json();
    expect(first.expires_in).toBeLessThanOrEqual(600);
    expect(await publishing(first.access_token)).toBe(201);
    const child = await tokenBy({ authorization: `Bearer ${first.access_token}` });
    expect(decodeJwt(child).exp).toBe(decodeJwt(first.access_token).exp);
    const { token, proofFor } = await dpopToken(scene.server.baseUrl, credentials);
    const byDpop = await tokenBy({ authorization: `DPoP ${token}`, dpop: await proofFor('POST', endpoint) });
    expect(await publishing(byDpop)).toBe(201);
    expect(decodeJwt(byDpop).exp).toBe(decodeJwt(token).exp);
    later(601);
    expect(await publishing(child)).toBe(401);
  });

  it('opens nothing but the event endpoints of its pod.', async(): Promise<void> => {
    const { pod, inbox } = scene.producer;
    const { body } = await send(endpoint, JSON_TYPE, { ...grantOf(), p_cookie: true });
    const [ , cookie ] = /^p_cookie=([^;]+)/u.exec((await send(endpoint, JSON_TYPE, { ...grantOf(), p_cookie: true })).headers.get('set-cookie')!)!;
    for (const [ token, refused ] of [[ body.access_token, 403 ], [ cookie, 401 ]]) {
      for (const [ url, status ] of [[ inbox, refused ], [ `${inbox}x`, refused ], [ `${pod}.acl`, 401 ]]) {
        const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }});
        expect([ url, response.status ]).toEqual([ url, status ]);
      }
      const put = await fetch(`${pod}mine`, { method: 'PUT', headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' }, body: 'x' });
      expect(put.status).toBe(401);
    }
    const elsewhere = await send(`${scene.user.pod}publish/`, { ...JSON_TYPE, authorization: `Bearer ${body.access_token}` }, event());
    expect(elsewhere.status).toBe(403);
    const more = await send(`${scene.user.pod}__token`, { authorization: `Bearer ${body.access_token}` });
    expect(more).toMatchObject({ status: 403, body: { error: 'unauthorized_client' }});
  });

  it('tells whose it is, and of which client, as access control needs it.', async(): Promise<void> => {
    expect(decodeJwt(await tokenBy(JSON_TYPE, grantOf()))).toMatchObject({ webid: scene.producer.webId, client: credentials.id, idp: scene.server.baseUrl, pod: scene.producer.pod });
  });

  it('in a cookie counts with its peer only, and only where nothing else is presented.', async(): Promise<void> => {
    const { pod } = scene.producer;
    const { headers, body } = await send(endpoint, FORM, `${form(grantOf())}&p_cookie=true`);
    const set = headers.get('set-cookie')!;
    expect(set).toMatch(new RegExp(`^p_cookie=[\\w.-]+; Path=${new URL(pod).pathname}; Max-Age=3600; HttpOnly; SameSite=Strict$`, 'u'));
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 3_600, scope: 'publish subscribe manage', p_cookie_peer: expect.stringMatching(/^[\w-]{43}$/u) });
    const [ cookie ] = set.split(';');
    const external = async(query: string, more: Record<string, string>): Promise<number> =>
      (await send(`${pod}__event${query}`, { ...JSON_TYPE, ...more }, { Type: 'a' })).status;
    const query = `?p_cookie_peer=${body.p_cookie_peer}`;
    expect(await external(query, { cookie })).toBe(200);
    expect(await external('', { cookie })).toBe(401);
    expect(await external(query, {})).toBe(401);
    expect(await external(query, { cookie, authorization: 'Bearer wrong' })).toBe(401);
    expect((await send(`${scene.user.pod}__event${query}`, { ...JSON_TYPE, cookie }, {})).status).toBe(403);
    expect(await send(`${endpoint}${query}`, { cookie })).toMatchObject({ status: 401, body: { error: 'invalid_client' }});
    expect((await send(`${publish}${query}`, { ...JSON_TYPE, cookie }, event())).status).toBe(401);
  });

  it.each<[string, number, string, (url: string) => Promise<Answer>]>([
    [ 'nothing', 401, 'invalid_client', async(url): Promise<Answer> => send(url, {}) ],
    [ 'a grant that is not there', 400, 'unsupported_grant_type', async(url): Promise<Answer> => send(url, JSON_TYPE, { ...grantOf(), grant_type: 'authorization_code' }) ],
    [ 'no grant', 400, 'invalid_request', async(url): Promise<Answer> => send(url, JSON_TYPE, { ...grantOf(), grant_type: undefined }) ],
    [ 'no secret', 400, 'invalid_request', async(url): Promise<Answer> => send(url, JSON_TYPE, { ...grantOf(), client_secret: undefined }) ],
    [ 'a secret that is no text', 400, 'invalid_request', async(url): Promise<Answer> => send(url, JSON_TYPE, { ...grantOf(), client_secret: 5 }) ],
    [ 'a wrong secret', 401, 'invalid_client', async(url): Promise<Answer> => send(url, JSON_TYPE, { ...grantOf(), client_secret: 'x' }) ],
    [ 'a client that is not there', 401, 'invalid_client', async(url): Promise<Answer> => send(url, JSON_TYPE, { ...grantOf(), client_id: '../x' }) ],
    [ 'a Basic header without a colon', 401, 'invalid_client', async(url): Promise<Answer> => send(url, { ...FORM, authorization: 'Basic eA==' }, 'grant_type=client_credentials') ],
    [ 'a Basic header that cannot be decoded', 401, 'invalid_client', async(url): Promise<Answer> => send(url, { ...FORM, authorization: 'Basic JTpY' }, 'grant_type=client_credentials') ],
    [ 'two secrets', 400, 'invalid_request', async(url): Promise<Answer> => send(url, { ...FORM, authorization: basicOf('x', 'y') }, form(grantOf())) ],
    [ 'an API key and a secret', 400, 'invalid_request', async(url): Promise<Answer> => send(url, { ...FORM, 'x-api-key': 'spe_x' }, form(grantOf())) ],
    [ 'an API key and Basic', 400, 'invalid_request', async(url): Promise<Answer> => send(url, { ...FORM, 'x-api-key': 'spe_x', authorization: basicOf('x', 'y') }, 'grant_type=client_credentials') ],
    [ 'an API key that is wrong', 401, 'invalid_client', async(url): Promise<Answer> => send(url, { 'x-api-key': 'spe_x' }) ],
    [ 'a token that is wrong', 401, 'invalid_client', async(url): Promise<Answer> => send(url, { authorization: 'Bearer x' }) ],
    [ 'a cookie that is no boolean', 400, 'invalid_request', async(url): Promise<Answer> => send(url, JSON_TYPE, { ...grantOf(), p_cookie: 'yes' }) ],
    [ 'a field twice', 400, 'invalid_request', async(url): Promise<Answer> => send(url, FORM, `${form(grantOf())}&client_id=x`) ],
    [ 'broken JSON', 400, 'invalid_request', async(url): Promise<Answer> => send(url, JSON_TYPE, '{"client_secret":"open sesame') ],
    [ 'JSON that is no object', 400, 'invalid_request', async(url): Promise<Answer> => send(url, JSON_TYPE, '[]') ],
    [ 'another type', 415, 'invalid_request', async(url): Promise<Answer> => send(url, { 'content-type': 'text/plain' }, 'x') ],
    [ 'too much', 413, 'invalid_request', async(url): Promise<Answer> => send(url, JSON_TYPE, ' '.repeat(8_193)) ],
    [ 'another method', 405, 'invalid_request', async(url): Promise<Answer> => {
      const response = await fetch(url);
      return { status: response.status, headers: response.headers, body: await response.json() };
    } ],
  ])('is not given for %s: %i, %s.', async(_, status, error, ask): Promise<void> => {
    const answer = await ask(endpoint);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status, body: { error, error_description: expect.stringMatching(/^[\x20\x21\x23-\x5B\x5D-\x7E]+$/u) },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-personium-version')).toBe('1.8.4');
    expect(answer.headers.has('www-authenticate')).toBe(status === 401);
    expect(JSON.stringify(answer.body)).not.toContain('sesame');
  });

  it.each<[string, number, number, () => Promise<Answer>]>([
    [ 'an empty body', 400, 400_001, async(): Promise<Answer> => send(eventhos, {}) ],
    [ 'no secret', 400, 400_001, async(): Promise<Answer> => send(eventhos, JSON_TYPE, { ...grantOf(), client_secret: '' }) ],
    [ 'an id that is no text', 400, 400_003, async(): Promise<Answer> => send(eventhos, JSON_TYPE, { ...grantOf(), client_id: [ 'x' ]}) ],
    [ 'a grant that is not there', 400, 400_002, async(): Promise<Answer> => send(eventhos, FORM, form({ ...grantOf(), grant_type: 'password' })) ],
    [ 'a client that is not there', 400, 400_004, async(): Promise<Answer> => send(eventhos, JSON_TYPE, { ...grantOf(), client_id: 'x' }) ],
    [ 'a wrong secret', 401, 401_100, async(): Promise<Answer> => send(eventhos, JSON_TYPE, { ...grantOf(), client_secret: 'x' }) ],
    [ 'an API key', 400, 400_011, async(): Promise<Answer> =>
      send(eventhos, JSON_TYPE, { ...grantOf(), client_secret: (await createApiKey(scene.server.baseUrl, scene.producer.webId)).key }) ],
    [ 'broken JSON', 400, 500_000, async(): Promise<Answer> => send(eventhos, JSON_TYPE, '{"client_secret":"open sesame') ],
    [ 'another type', 415, 500_000, async(): Promise<Answer> => send(eventhos, { 'content-type': 'text/plain' }, 'x') ],
    [ 'too much', 413, 413_000, async(): Promise<Answer> => send(eventhos, JSON_TYPE, ' '.repeat(8_193)) ],
  ])('in the form of eventhos is not given for %s: %i, %i.', async(_, status, code, ask): Promise<void> => {
    const answer = await ask();
    expect({ status: answer.status, body: answer.body }).toEqual({
      status, body: { code, message: expect.stringMatching(/\w/u), errorUUID: expect.stringMatching(UUID) },
    });
    expect(JSON.stringify(answer.body)).not.toMatch(/sesame|spe_/u);
  });

  it('is not given for a while to a client that has failed too often, in either form.', async(): Promise<void> => {
    const { user, server } = scene;
    const own = await createCredentials(server.baseUrl, user.name, user.webId);
    const ask = async(path: string, secret: string): Promise<Answer> => send(`${user.pod}${path}`, JSON_TYPE, grantOf({ ...own, secret }));
    const failures = await Promise.all(Array.from({ length: 30 }, async(_, i): Promise<Answer> => ask(i % 2 ? '__token' : 'auth/token', `${i}`)));
    expect(new Set(failures.map(({ status }): number => status))).toEqual(new Set([ 401 ]));
    const oauth = await ask('__token', own.secret);
    expect(oauth).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable' }});
    expect(Number(oauth.headers.get('retry-after'))).toBeGreaterThan(0);
    const inOther = await ask('auth/token', own.secret);
    expect(inOther).toMatchObject({ status: 429, body: { code: 401_003 }});
    expect(Number(inOther.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    later(61);
    expect((await ask('__token', own.secret)).status).toBe(200);
  });

  describe('by a name and password', (): void => {
    const passwordOf = (name: string, secret: string): Record<string, string> => ({ grant_type: 'password', username: name, password: secret });
    const logIn = async(fields: Record<string, string> = passwordOf(credentials.id, credentials.secret), url = endpoint): Promise<Answer> =>
      send(url, FORM, form(fields));
    const refresh = async(token: string, more: Record<string, string> = {}, url = endpoint): Promise<Answer> =>
      send(url, FORM, form({ grant_type: 'refresh_token', refresh_token: token, ...more }));
    const invalid = { status: 400, body: { error: 'invalid_grant', error_description: expect.stringMatching(/^\[PR400-AN-00(?:10|17)\] - /u) }};

    it('opens a session, which refresh tokens continue for 24 hours.', async(): Promise<void> => {
      const begun = Date.now();
      const first = await logIn();
      expect(first).toMatchObject({ status: 200, body: { expires_in: 3_600, refresh_token_expires_in: 86_400, scope: 'publish subscribe manage' }});
      expect(first.body.refresh_token).toMatch(/^spr_[\w-]{64}$/u);
      expect(await publishing(first.body.access_token)).toBe(201);
      jest.spyOn(Date, 'now').mockReturnValue(begun + 23.5 * 3_600_000);
      expect(await publishing(first.body.access_token)).toBe(401);
      const second = await refresh(first.body.refresh_token);
      expect(second.status).toBe(200);
      // The access token ends with the session.
      expect(second.body.expires_in).toBeLessThanOrEqual(1_801);
      expect(second.body.refresh_token_expires_in).toBeLessThanOrEqual(1_801);
      expect(await publishing(second.body.access_token)).toBe(201);
      jest.spyOn(Date, 'now').mockReturnValue(begun + 24 * 3_600_000 + 2_000);
      expect(await refresh(second.body.refresh_token)).toMatchObject(invalid);
      expect(await publishing(second.body.access_token)).toBe(401);
    });

    it('has refresh tokens that are no access tokens, wherever they are sent.', async(): Promise<void> => {
      const { pod, webId } = scene.producer;
      const { body } = await logIn();
      const token = body.refresh_token as string;
      const basic = basicOf(webId, token);
      for (const headers of [{ authorization: `Bearer ${token}` }, { authorization: `DPoP ${token}` }, { 'x-api-key': token }, { authorization: basic }] as Record<string, string>[]) {
        for (const url of [ publish, `${pod}__event`, `${pod}subscriptions/`, endpoint, scene.producer.inbox, `${pod}.acl` ]) {
          const method = url === publish || url.includes('__') ? 'POST' : 'GET';
          const { status } = await fetch(url, { method, headers: { ...JSON_TYPE, ...headers }, ...method === 'POST' && { body: '{}' }});
          expect([ url, status >= 400 && status < 500 && status !== 415 ]).toEqual([ url, true ]);
        }
      }
      expect(await send(`${pod}__event`, { ...JSON_TYPE, authorization: `Bearer ${token}` }, {})).toMatchObject({ status: 401, body: { code: 'PR401-AU-0007' }});
      expect(await logIn(passwordOf(webId, token))).toMatchObject(invalid);
      expect((await refresh(token)).status).toBe(200);
    });

    it('gets the same answer to a refresh token for 10 seconds, also at once and after a restart, and later none.', async(): Promise<void> => {
      const begun = Date.now();
      const { body } = await logIn();
      const answers = await Promise.all(Array.from({ length: 5 }, async(): Promise<Answer> => refresh(body.refresh_token, { p_cookie: 'true' })));
      const shown = answers.map((answer): unknown => [ answer.status, answer.body, answer.headers.get('set-cookie') ]);
      expect(shown[0]).toEqual([ 200, expect.objectContaining({ p_cookie_peer: expect.any(String) }), expect.stringMatching(/^p_cookie=/u) ]);
      expect(new Set(shown.map((one): string => JSON.stringify(one))).size).toBe(1);
      jest.spyOn(Date, 'now').mockReturnValue(begun + 9_000);
      await scene.server.restart();
      expect((await refresh(body.refresh_token, { p_cookie: 'true' })).body).toEqual(answers[0].body);
      const next = await refresh(answers[0].body.refresh_token);
      expect(next.status).toBe(200);
      jest.spyOn(Date, 'now').mockReturnValue(begun + 60_000);
      expect(await refresh(body.refresh_token, { p_cookie: 'true' })).toMatchObject(invalid);
      // The whole session has ended.
      expect(await refresh(next.body.refresh_token)).toMatchObject(invalid);
    });

    it('has sessions that end with their API key, client credentials, or WebID.', async(): Promise<void> => {
      const { server, producer } = scene;
      const key = await createApiKey(server.baseUrl, producer.webId, { topics: [ 'realestate/*' ], scopes: [ 'publish', 'read' ]});
      const client = await createCredentials(server.baseUrl, producer.name, producer.webId);
      const sessions = [ await logIn(passwordOf(producer.webId, key.key)), await logIn(passwordOf(client.id, client.secret)), await logIn() ];
      expect(sessions.map(({ body }): unknown => body.scope)).toEqual([ 'publish read', 'publish subscribe manage', 'publish subscribe manage' ]);
      const [ byKey, byClient, other ] = await Promise.all(sessions.map(async({ body }): Promise<Answer> => refresh(body.refresh_token)));
      expect([ byKey, byClient, other ].map(({ status }): number => status)).toEqual([ 200, 200, 200 ]);
      expect(await publishing(byKey.body.access_token)).toBe(201);
      expect(await publishing(byKey.body.access_token, 'weather#today')).toBe(403);
      await key.revoke();
      await client.revoke();
      expect(await refresh(byKey.body.refresh_token)).toMatchObject(invalid);
      expect(await refresh(sessions[0].body.refresh_token)).toMatchObject(invalid);
      expect(await refresh(byClient.body.refresh_token)).toMatchObject(invalid);
      expect(await publishing(byKey.body.access_token)).toBe(401);
      const third = await createCredentials(server.baseUrl, scene.subscriber.name, scene.subscriber.webId);
      const session = await logIn(passwordOf(third.id, third.secret), `${scene.subscriber.pod}__token`);
      const link = await unlinkWebId(server.baseUrl, scene.subscriber.webId);
      await link();
      // The client credentials work again, and the session has ended.
      expect((await logIn(passwordOf(third.id, third.secret), `${scene.subscriber.pod}__token`)).status).toBe(200);
      expect(await refresh(session.body.refresh_token, {}, `${scene.subscriber.pod}__token`)).toMatchObject(invalid);
      expect((await refresh(other.body.refresh_token)).status).toBe(200);
    });

    it('never has more scopes than the credential, and fewer if these are requested.', async(): Promise<void> => {
      const { producer, server } = scene;
      const key = await createApiKey(server.baseUrl, producer.webId, { scopes: [ 'subscribe', 'read' ]});
      const all = await logIn({ ...passwordOf(producer.webId, key.key), scope: 'publish subscribe manage read' });
      expect(all.body.scope).toBe('subscribe read');
      expect(await publishing(all.body.access_token)).toBe(403);
      const fewer = await refresh(all.body.refresh_token, { scope: 'subscribe' });
      expect(fewer.body.scope).toBe('subscribe');
      const again = await refresh(fewer.body.refresh_token, { scope: 'manage' });
      expect(again).toMatchObject({ status: 400, body: { error: 'invalid_scope' }});
      expect((await refresh(fewer.body.refresh_token)).body.scope).toBe('subscribe read');
      const narrow = await logIn({ ...passwordOf(credentials.id, credentials.secret), scope: 'subscribe' });
      expect(await publishing(narrow.body.access_token)).toBe(403);
      expect((await refresh(narrow.body.refresh_token, { scope: 'publish' })).body.error).toBe('invalid_scope');
      // A token obtained with it has no more.
      const child = await send(endpoint, { ...FORM, authorization: `Bearer ${narrow.body.access_token}` }, 'scope=publish+subscribe');
      expect(child.body.scope).toBe('subscribe');
      expect(child.body).not.toHaveProperty('refresh_token');
      const byClient = await send(endpoint, FORM, form({ ...grantOf(), scope: 'manage' }));
      expect([ byClient.body.scope, await publishing(byClient.body.access_token) ]).toEqual([ 'manage', 403 ]);
    });

    it('is refused in the same way for each fault, and after 30 failures for a while.', async(): Promise<void> => {
      const { server, user, producer } = scene;
      const { key } = await createApiKey(server.baseUrl, user.webId);
      const elsewhere = await createApiKey(server.baseUrl, user.webId, { pods: [ user.pod ]});
      const faults = [
        passwordOf('nobody', 'x'), passwordOf(credentials.id, 'x'), passwordOf(credentials.id, key), passwordOf(producer.webId, key),
        passwordOf(`${server.baseUrl}nobody#me`, key), passwordOf(user.webId, elsewhere.key), passwordOf('../x', 'x'), passwordOf('\u0000', '\u0000'),
      ];
      const answers = await Promise.all(faults.map(async(fields): Promise<Answer> => logIn(fields)));
      const names = [ 'content-type', 'content-length', 'www-authenticate', 'cache-control', 'retry-after' ];
      expect(new Set(answers.map(({ status, body, headers }): string =>
        JSON.stringify([ status, body, names.map((name): unknown => headers.get(name)) ]))).size).toBe(1);
      expect(answers[0]).toMatchObject(invalid);
      await Promise.all(Array.from({ length: 30 }, async(_, index): Promise<Answer> => logIn(passwordOf(user.webId, `${index}`))));
      const refused = await logIn(passwordOf(user.webId, key));
      expect(refused).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable' }});
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      // The key itself is not affected.
      expect((await send(endpoint, { 'x-api-key': key })).status).toBe(200);
      later(61);
      expect((await logIn(passwordOf(user.webId, key))).status).toBe(200);
    });
  });

  it('ends soon when the client credentials are deleted, but not when the server starts again.', async(): Promise<void> => {
    const { server, producer } = scene;
    const own = await createCredentials(server.baseUrl, producer.name, producer.webId);
    const token = await tokenBy(JSON_TYPE, grantOf(own));
    await server.restart();
    expect(await publishing(token)).toBe(201);
    await own.revoke();
    expect(await send(endpoint, JSON_TYPE, grantOf(own))).toMatchObject({ status: 401 });
    later(10);
    expect(await publishing(token)).toBe(401);
  });
});

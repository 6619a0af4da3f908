import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { createApiKey } from '../../util/accounts';
import { grant } from '../../util/access';
import { runs } from '../../util/effort';
import type { Scene } from '../../util/scene';
import { members, post, setScene } from '../../util/scene';
import { eventually } from '../../util/wait';

interface Sent {
  readonly method?: string;
  readonly url?: string;
  /** A list is as many headers of the same name. */
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

interface Got {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

describe('External events, as clients of Personium send them,', (): void => {
  let scene: Scene;
  let external: string;
  let authorization: string;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { producer, subscriber, server } = scene;
    external = `${producer.pod}__event`;
    authorization = `Bearer ${(await createApiKey(server.baseUrl, producer.webId)).key}`;
    await grant(producer, `${producer.pod}topics/`, { [subscriber.webId]: [ 'Read' ]});
    await post(subscriber.fetch, `${producer.pod}subscriptions/`, { topic: '*', inbox: subscriber.inbox });
  });

  afterAll(async(): Promise<void> => scene.end());

  /** Sends headers and methods that fetch does not. */
  const send = async({ method = 'POST', url = external, headers = {}, body = '{}' }: Sent): Promise<Got> =>
    new Promise((resolve, reject): void => {
      const all = { 'Content-Length': Buffer.byteLength(body), ...headers };
      httpRequest(url, { method, headers: all }, (response): void => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer): unknown => chunks.push(chunk));
        response.on('end', (): void => resolve({
          status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString(),
        }));
      }).on('error', reject).end(body);
    });
  /** The newest event that the pod holds. */
  const latest = async(): Promise<any> => {
    const { fetch: read, pod } = scene.producer;
    return (await read((await members(scene.producer, `${pod}publish/`)).at(-1)!, { headers: { accept: 'application/ld+json' }})).json();
  };
  /** Of the copies that the subscriber got, what they are about. */
  const copied = async(): Promise<string[]> => Promise.all((await members(scene.subscriber, scene.subscriber.inbox))
    .map(async(url): Promise<string> => (await (await scene.subscriber.fetch(url, { headers: { accept: 'application/ld+json' }})).json()).subject));

  it('are accepted by the documented request, whose line breaks are left out, for they make it no JSON.', async(): Promise<void> => {
    const got = await send({
      headers: { Authorization: authorization, Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: '{"Type":"authSchema", "Object":"https://cell1.unit1.example/box1/service_name/token_keeper", "Info":"[XXXX2033] Success ' +
        'schema authorization. cellUrl=https://keeper-d4a57bb26eae481486b07d06487051d1.unit1.example/"}',
    });
    expect(got).toMatchObject({
      status: 200, body: '', headers: { 'content-length': '0', 'access-control-allow-origin': '*', 'x-personium-version': '1.8.4' },
    });
    expect(await latest()).toMatchObject({
      topic: 'authSchema',
      subject: 'https://cell1.unit1.example/box1/service_name/token_keeper',
      data: '[XXXX2033] Success schema authorization. cellUrl=https://keeper-d4a57bb26eae481486b07d06487051d1.unit1.example/',
      publisher: scene.producer.webId,
      requestKey: expect.stringMatching(/^[\w-]{4}_[\w-]{22}$/u),
    });
  });

  it('are sent by the headers that override others.', async(): Promise<void> => {
    const overrides = [ `Authorization:${authorization}`, 'X-Personium-RequestKey: from-override', 'Host:evil.example', 'none' ];
    const { status } = await send({ headers: { 'X-Override': overrides, Authorization: 'Basic eA==' }, body: '{"Info":"it came, whole"}' });
    expect(status).toBe(200);
    expect(await latest()).toMatchObject({ data: 'it came, whole', requestKey: 'from-override', publisher: scene.producer.webId });
  });

  it('are sent with a cookie and its peer, and with neither alone.', async(): Promise<void> => {
    const form = { authorization, 'Content-Type': 'application/x-www-form-urlencoded' };
    const asked = await send({ url: `${scene.producer.pod}__token`, headers: form, body: 'p_cookie=true' });
    const [ cookie ] = String(asked.headers['set-cookie']).split(';');
    const url = `${external}?p_cookie_peer=${JSON.parse(asked.body).p_cookie_peer}`;
    const answers = [
      await send({ url, headers: { Cookie: `a=b; ${cookie}` }}),
      await send({ url, headers: { 'X-Override': `Cookie:${cookie}` }}),
      await send({ url }),
      await send({ url: `${external}?p_cookie_peer=other`, headers: { Cookie: cookie }}),
      await send({ headers: { Cookie: cookie }}),
      await send({ url, headers: { Cookie: cookie, Authorization: 'Bearer x' }}),
      await send({ url: url.replace(external, `${scene.user.pod}__event`), headers: { Cookie: cookie }}),
    ];
    expect(answers.map(({ body }): unknown => body && JSON.parse(body).code))
      .toEqual([ '', '', 'PR401-AU-0009', 'PR401-AU-0009', 'PR401-AU-0001', 'PR401-AU-0006', 'PR403-AU-0007' ]);
  });

  describe('are checked in order,', (): void => {
    // Each has the faults of those behind it.
    it.each<[string, string, string, (sent: Required<Sent>) => Sent]>([
      [ 'PR400-EV-0002', 'Request header is invalid [X-Personium-RequestKey].', 'the key of the request', (sent): Sent => sent ],
      [ 'PR400-EV-0002', 'Request header is invalid [X-Personium-RequestKey].', 'its override', (sent): Sent =>
        ({ ...sent, headers: { 'X-Override': 'x-personium-requestkey:ä' }}) ],
      [ 'PR404-DV-0003', 'Cell not found.', 'the pod', (sent): Sent => ({ ...sent, headers: {}}) ],
      [ 'PR501-MC-0001', 'Method not implemented.', 'the method', (sent): Sent => ({ ...sent, headers: {}, url: external }) ],
      [ 'PR405-MC-0001', 'Method not allowed.', 'its override', ({ body }): Sent => ({ body, headers: { 'X-HTTP-Method-Override': 'GET' }}) ],
      [ 'PR401-AU-0006', 'Token parse error.', 'the token', ({ body }): Sent => ({ body, headers: { Authorization: 'Bearer x' }}) ],
      [ 'PR401-AU-0001', 'Authorization required.', 'the privilege', ({ body }): Sent => ({ body }) ],
      [ 'PR400-CM-0004', 'JSON parse error. [The request body is no JSON object].', 'the body', ({ body }): Sent => ({ body, headers: { authorization }}) ],
      [ 'PR400-EV-0004', '[Info] field format error.', 'the types', (): Sent =>
        ({ headers: { authorization }, body: JSON.stringify({ Type: 'x'.repeat(51_201), Info: 5 }) }) ],
      [ 'PR400-EV-0004', '[Type] field format error.', 'the lengths', (): Sent =>
        ({ headers: { authorization }, body: JSON.stringify({ Type: 'x'.repeat(51_201) }) }) ],
    ])('%s "%s" for %s.', async(code, value, _name, change): Promise<void> => {
      const url = `${scene.server.baseUrl}nobody/__event`;
      const got = await send(change({ method: 'PROPFIND', url, headers: { 'X-Personium-RequestKey': 'not a key' }, body: 'null' }));
      expect([ got.status, JSON.parse(got.body) ]).toEqual([ Number(code.slice(2, 5)), { code, message: { lang: 'en', value }}]);
      expect(got.headers).toMatchObject({ 'access-control-allow-origin': '*', 'x-personium-version': '1.8.4' });
    });
  });

  it('tell browsers before that they may send these headers.', async(): Promise<void> => {
    const { status, headers } = await send({ method: 'OPTIONS', body: '', headers: {
      Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-override,x-personium-requestkey',
    }});
    expect([ status, headers['access-control-allow-headers'] ]).toEqual([ 204, 'x-override,x-personium-requestkey' ]);
  });

  it('are refused of an API key for other topics or pods.', async(): Promise<void> => {
    const { producer, server, user } = scene;
    for (const limits of [{ topics: [ 'window' ]}, { pods: [ user.pod ]}]) {
      const { key } = await createApiKey(server.baseUrl, producer.webId, limits);
      const got = await send({ headers: { Authorization: `Bearer ${key}` }, body: '{"Type":"door"}' });
      expect([ got.status, JSON.parse(got.body).code ]).toEqual([ 403, 'PR403-AU-0007' ]);
    }
  });

  it('are forwarded until they have made three hops, and accepted beyond.', async(): Promise<void> => {
    const via = 'https://a.example/,https://b.example/,https://c.example/';
    const hops: [string, Record<string, string>][] = [
      [ 'chain 3', { 'X-Personium-RuleChain': '3' }],
      [ 'no chain', { 'X-Personium-RuleChain': 'x' }],
      [ 'via 3', { 'X-Personium-RuleChain': '1', 'X-Personium-Via': via }],
      [ 'chain 2', { 'X-Personium-RuleChain': '2' }],
      [ 'proxies', { Via: '1.1 a, 1.1 b, 1.1 c' }],
    ];
    for (const [ name, headers ] of hops) {
      expect((await send({ headers: { authorization, ...headers }, body: JSON.stringify({ Type: 'hop', Object: name }) })).status).toBe(200);
    }
    const got = await eventually(async(): Promise<string[] | undefined> => {
      const subjects = await copied();
      return subjects.includes('proxies') ? subjects : undefined;
    });
    expect(got.filter((subject): boolean => hops.some(([ name ]): boolean => name === subject)).sort()).toEqual([ 'chain 2', 'proxies' ]);
  });

  it('are made once by a key, however often they are sent.', async(): Promise<void> => {
    const headers = { authorization, 'Idempotency-Key': 'once' };
    const count = async(): Promise<number> => (await members(scene.producer, `${scene.producer.pod}publish/`)).length;
    const before = await count();
    const sent = Array.from({ length: 3 }, async(): Promise<Got> => send({ headers }));
    expect((await Promise.all(sent)).map(({ status }): number => status)).toEqual([ 200, 200, 200 ]);
    const other = await send({ headers, body: '{"Type":"other"}' });
    expect([ other.status, JSON.parse(other.body).code ]).toEqual([ 409, 'PR409-EV-0001' ]);
    expect(await count()).toBe(before + 1);
  });

  it('never fail, whatever the headers and the query.', async(): Promise<void> => {
    const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0xFF }).filter((code): boolean => code !== 0x7F).map((code): string => String.fromCodePoint(code)) });
    const names = [ 'authorization', 'cookie', 'dpop', 'x-api-key', 'idempotency-key', 'x-personium-requestkey', 'x-personium-rulechain', 'host' ];
    const override = fc.oneof(text, fc.tuple(fc.constantFrom(...names, 'content-length', '__proto__'), text).map((parts): string => parts.join(':')));
    const asked = fc.record({
      'X-Override': fc.array(override, { maxLength: 4 }),
      'X-HTTP-Method-Override': fc.constantFrom('POST', 'POST', 'GET', ' ', 'x'),
      ...Object.fromEntries(names.slice(0, -1).map((name): [string, typeof text] => [ name, text ])),
    }, { requiredKeys: []});
    await fc.assert(fc.asyncProperty(asked, fc.option(text), async(headers, peer): Promise<void> => {
      const url = `${external}${peer === null ? '' : `?p_cookie_peer=${encodeURIComponent(peer)}`}`;
      const { status, body, headers: answered } = await send({ url, headers: { authorization, ...headers } });
      expect([ 200, 400, 401, 403, 405 ]).toContain(status);
      expect(status === 200 ? body : JSON.parse(body).code).toMatch(status === 200 ? /^$/u : new RegExp(`^PR${status}-[A-Z]{2}-\\d{4}$`, 'u'));
      expect(answered['x-personium-version']).toBe('1.8.4');
    }), { numRuns: runs(200) });
  });
});

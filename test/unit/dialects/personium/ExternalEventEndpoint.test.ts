import type { Server } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpHandler, HttpRequest, TargetExtractor } from '@solid/community-server';
import { UnsecuredJWT } from 'jose';
import type { Authenticator } from '../../../../src/http/Authenticator';
import { HttpProblem, unauthorized } from '../../../../src/http/errors';
import { EventHttpHandler } from '../../../../src/http/EventHttpHandler';
import { pairOf } from '../../../../src/dialects/personium/cookiePair';
import { ExternalEventEndpoint } from '../../../../src/dialects/personium/ExternalEventEndpoint';
import type { HttpExchange } from '../../../../src/http/Endpoint';
import { generateKey } from '../../../../src/identity/ApiKey';
import type { Caller } from '../../../../src/identity/Caller';
import { ProfileUnavailable } from '../../../../src/identity/profiles/ProfileUnavailable';
import type { PodDirectory } from '../../../../src/pod/PodDirectory';
import { Conflict } from '../../../../src/event/Conflict';
import { NotAuthorized } from '../../../../src/event/NotAuthorized';
import { NotAdmitted } from '../../../../src/publish/NotAdmitted';
import type { Admission, PublishRequest } from '../../../../src/publish/PublishRequest';
import type { Publisher } from '../../../../src/publish/Publisher';
import { TooMany } from '../../../../src/event/TooMany';
import { StorageFull } from '../../../../src/store/StorageFull';
import { ServerUrls } from '../../../../src/url/ServerUrls';
import { inlineWork } from '../../../util/work';

const POD = 'http://localhost/pod/';
const ME = 'Bearer me';
const BAD_KEY = { 'X-Personium-RequestKey': 'a b' };

/** What makes a request that is accepted, unless it is changed. */
interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

interface Got {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** A token of which nothing was verified. */
const jwt = (exp: number): string => new UnsecuredJWT({ exp }).encode();

describe('The endpoint for external events', (): void => {
  let server: Server;
  let published: PublishRequest[];
  let failure: Error | undefined;

  const authenticator = {
    callerOf: async({ request: { headers, url }, pod }: HttpExchange, scopes: readonly string[], dialect: string): Promise<Caller> => {
      expect([ scopes, dialect ]).toEqual([[ 'publish' ], 'personium' ]);
      const pair = pairOf({ headers, url });
      if (pair) {
        if (pair.cookie !== 'it' || pair.peer !== 'peer' || pod !== POD) {
          throw unauthorized('They are not valid');
        }
        return { agent: 'me' };
      }
      if (headers.authorization !== undefined && headers['x-api-key'] !== undefined) {
        throw new HttpProblem(400, 'Both were sent');
      }
      switch (headers.authorization ?? headers['x-api-key']) {
        case undefined: return {};
        case ME: return { agent: 'me' };
        case 'Bearer you': return { agent: 'you' };
        case 'Bearer limited': throw new NotAuthorized('This API key is limited to other pods');
        case 'Bearer elsewhere': throw new ProfileUnavailable('https://elsewhere.example/#me', { reason: 'it is down' });
        default: throw unauthorized('It is not valid');
      }
    },
  } as unknown as Authenticator;
  const publisher = {
    admit: async(admission: Admission): Promise<void> => {
      expect(admission.resource).toBe(`${POD}__event`);
      if (admission.caller.agent !== 'me') {
        throw new NotAdmitted(admission.pod, admission.resource, admission.caller.agent === undefined);
      }
    },
    publish: async(request: PublishRequest): Promise<object> => {
      if (failure) {
        throw failure;
      }
      published.push(request);
      return { events: []};
    },
  } as unknown as Publisher;
  const targetExtractor = {
    handleSafe: async({ request }: { request: HttpRequest }): Promise<object> =>
      ({ path: `http://localhost${request.url!.split('?')[0]}` }),
  } as unknown as TargetExtractor;
  const pods = {
    locate: async(url: string): Promise<string | undefined> => /^http:\/\/localhost\/[^/]+\//u.exec(url)?.[0],
    exists: async(pod: string): Promise<boolean> => pod === POD,
  } as unknown as PodDirectory;

  beforeAll(async(): Promise<void> => {
    const endpoint = new ExternalEventEndpoint(authenticator, publisher, inlineWork(), 200_000);
    const urls = new ServerUrls('http://localhost/');
    const handler = new EventHttpHandler(targetExtractor, pods, [ endpoint ], urls.baseUrl, [], {} as unknown as HttpHandler, urls);
    server = createServer((request, response): void => {
      handler.handleSafe({ request: request as unknown as HttpRequest, response }).catch((error: unknown): void => {
        response.writeHead(299);
        response.end((error as Error).message);
      });
    });
    await new Promise<void>((resolve): unknown => server.listen(0, 'localhost', resolve));
  });

  afterAll((): unknown => server.close());

  beforeEach((): void => {
    published = [];
    failure = undefined;
  });

  const send = async({ method = 'POST', path = '/pod/__event', headers = {}, body = '{}' }: Sent): Promise<Got> =>
    new Promise((resolve, reject): void => {
      const { port } = server.address() as AddressInfo;
      const all = { 'Content-Length': Buffer.byteLength(body), ...headers };
      httpRequest({ host: 'localhost', port, path, method, headers: all }, (response): void => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer): unknown => chunks.push(chunk));
        response.on('end', (): void => resolve({
          status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString(),
        }));
      }).on('error', reject).end(body);
    });
  const sendAsMe = async({ headers, ...sent }: Sent = {}): Promise<Got> =>
    send({ ...sent, headers: { Authorization: ME, ...headers }});
  const expectError = ({ status, headers, body }: Got, code: string, value: unknown): void => {
    expect(JSON.parse(body)).toEqual({ code, message: { lang: 'en', value }});
    expect(status).toBe(Number(code.slice(2, 5)));
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'access-control-allow-origin': '*', 'x-personium-version': '1.8.4' });
    expect(published).toEqual([]);
  };

  it('accepts an event, and says nothing but the headers of its dialect.', async(): Promise<void> => {
    const body = '{"Type":"a","Object":"b","Info":"c"}';
    const { status, headers, body: answered } = await sendAsMe({ headers: { 'X-Personium-RequestKey': 'key' }, body });
    expect([ status, answered ]).toEqual([ 200, '' ]);
    expect(headers).toMatchObject({
      'content-length': '0',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'Allow, Retry-After, WWW-Authenticate, X-Personium-Version',
      'x-personium-version': '1.8.4',
    });
    expect(headers).not.toHaveProperty('x-personium-requestkey');
    expect(published).toEqual([{
      pod: POD,
      caller: { agent: 'me' },
      resource: `${POD}__event`,
      drafts: [{ topic: 'a', data: '"c"', recipients: [], sources: [], annotations: { subject: 'b', requestKey: 'key' }}],
      toProducer: true,
      hops: 0,
      once: undefined,
    }]);
  });

  it('tells the pipeline of hops, and of the key of a request that can be repeated.', async(): Promise<void> => {
    await sendAsMe({ headers: { 'X-Personium-RuleChain': '2', 'X-Personium-Via': 'https://a.example/', 'Idempotency-Key': 'once' }});
    await sendAsMe({ headers: { 'X-Personium-RuleChain': 'x' }});
    expect(published.map(({ hops, idempotencyKey: once }): unknown => [ hops, once?.key ])).toEqual([[ 2, 'once' ], [ Infinity, undefined ]]);
  });

  describe('checks in order', (): void => {
    // Each row has all faults of those below it.
    it.each([
      [ 'the key of the request', 'PR400-EV-0002', 'Request header is invalid [X-Personium-RequestKey].', {}],
      [ 'the overridden key', 'PR400-EV-0002', 'Request header is invalid [X-Personium-RequestKey].', { headers: { 'X-Override': 'X-Personium-RequestKey:a b' }}],
      [ 'the pod', 'PR404-DV-0003', 'Cell not found.', { headers: {}}],
      [ 'the method', 'PR405-MC-0001', 'Method not allowed.', { path: '/pod/__event', headers: {}}],
      [ 'the credentials', 'PR401-AU-0003', 'Invalid authentication scheme.', { path: '/pod/__event', method: 'POST', headers: { Authorization: 'Basic bWU6bWU=' }}],
      [ 'the privilege', 'PR403-AU-0002', 'Necessary privilege is lacking.', { path: '/pod/__event', method: 'POST', headers: { Authorization: 'Bearer you' }}],
      [ 'the body', 'PR400-CM-0004', 'JSON parse error. [The request body is no JSON object].', { path: '/pod/__event', method: 'POST', headers: { Authorization: ME }}],
      [ 'the types', 'PR400-EV-0004', '[Info] field format error.', { path: '/pod/__event', method: 'POST', headers: { Authorization: ME }, body: JSON.stringify({ Type: 'x'.repeat(51_201), Info: 5 }) }],
      [ 'the lengths', 'PR400-EV-0004', '[Type] field format error.', { path: '/pod/__event', method: 'POST', headers: { Authorization: ME }, body: JSON.stringify({ Type: 'x'.repeat(51_201) }) }],
    ])('with %s.', async(_name, code, value, sent: Sent): Promise<void> => {
      expectError(await send({ path: '/none/__event', method: 'PUT', headers: BAD_KEY, body: '[]', ...sent }), code, value);
    });
  });

  describe('takes methods', (): void => {
    it.each([ 'GET', 'PUT', 'PATCH', 'DELETE', 'LOCK' ])('but not %s.', async(method): Promise<void> => {
      const got = await sendAsMe({ method });
      expectError(got, 'PR405-MC-0001', 'Method not allowed.');
      expect(got.headers.allow).toBe('OPTIONS, POST');
    });

    it('but not HEAD, with no body.', async(): Promise<void> => {
      expect(await sendAsMe({ method: 'HEAD' })).toMatchObject({ status: 405, body: '', headers: { 'x-personium-version': '1.8.4' }});
    });

    it.each([ 'PROPFIND', 'PROPPATCH' ])('without %s implemented.', async(method): Promise<void> => {
      expectError(await sendAsMe({ method }), 'PR501-MC-0001', 'Method not implemented.');
      expectError(await sendAsMe({ headers: { 'X-HTTP-Method-Override': method }}), 'PR501-MC-0001', 'Method not implemented.');
    });

    it.each([ 'GET', 'OPTIONS', 'post', 'ANY' ])('from the header, but not %s.', async(method): Promise<void> => {
      expectError(await sendAsMe({ headers: { 'X-HTTP-Method-Override': method }}), 'PR405-MC-0001', 'Method not allowed.');
    });

    it('from the header only with POST.', async(): Promise<void> => {
      expect((await sendAsMe({ headers: { 'X-HTTP-Method-Override': 'POST' }})).status).toBe(200);
      published = [];
      expectError(await sendAsMe({ method: 'PUT', headers: { 'X-HTTP-Method-Override': 'POST' }}), 'PR405-MC-0001', 'Method not allowed.');
    });

    it('and leaves OPTIONS to the server.', async(): Promise<void> => {
      expect(await send({ method: 'OPTIONS' })).toMatchObject({ status: 299 });
    });
  });

  it('acts on the headers that override others, all through.', async(): Promise<void> => {
    const overrides = [ `authorization:${ME}`, 'X-Personium-RequestKey:other', 'X-Personium-RuleChain: 1', 'Idempotency-Key:once' ];
    const headers = { Authorization: 'Bearer you', 'X-Personium-RequestKey': 'key', 'X-Override': overrides };
    expect(await send({ headers, body: '{"Type":"a"}' })).toMatchObject({ status: 200 });
    expect(published).toMatchObject([
      { caller: { agent: 'me' }, drafts: [{ topic: 'a', annotations: { requestKey: 'other' }}], hops: 1, idempotencyKey: { key: 'once' }},
    ]);
  });

  it('knows callers by a cookie and its peer.', async(): Promise<void> => {
    const path = '/pod/__event?p_cookie_peer=peer';
    expect(await send({ path, headers: { Cookie: 'p_cookie=it' }})).toMatchObject({ status: 200 });
    expect(await send({ path, headers: { 'X-Override': 'Cookie:p_cookie=it' }})).toMatchObject({ status: 200 });
    expect(published.map(({ caller }): unknown => caller.agent)).toEqual([ 'me', 'me' ]);
  });

  it.each([
    [ 'a peer alone', '?p_cookie_peer=peer', {}, 'PR401-AU-0009', 'Authentication failed.' ],
    [ 'a wrong cookie', '?p_cookie_peer=peer', { Cookie: 'p_cookie=other' }, 'PR401-AU-0009', 'Authentication failed.' ],
    [ 'a wrong peer', '?p_cookie_peer=other', { Cookie: 'p_cookie=it' }, 'PR401-AU-0009', 'Authentication failed.' ],
    [ 'an empty peer', '?p_cookie_peer=', { Cookie: 'p_cookie=it' }, 'PR401-AU-0009', 'Authentication failed.' ],
    [ 'a cookie alone', '', { Cookie: 'p_cookie=it' }, 'PR401-AU-0001', 'Authorization required.' ],
    [ 'a pair, and a bad token', '?p_cookie_peer=peer', { Cookie: 'p_cookie=it', Authorization: 'Bearer x' }, 'PR401-AU-0006', 'Token parse error.' ],
    [ 'a pair, and a bad API key', '?p_cookie_peer=peer', { Cookie: 'p_cookie=it', 'X-API-Key': 'x' }, 'PR401-AU-0005', 'Authentication failed.' ],
    [ 'nothing', '', {}, 'PR401-AU-0001', 'Authorization required.' ],
    [ 'a token that has expired', '', { Authorization: `Bearer ${jwt(1)}` }, 'PR401-AU-0002', 'Access token expired.' ],
    [ 'Basic', '', { Authorization: 'Basic bWU6bWU=' }, 'PR401-AU-0003', 'Invalid authentication scheme.' ],
    [ 'Basic with an API key', '', { Authorization: `Basic ${generateKey()}` }, 'PR401-AU-0003', 'Invalid authentication scheme.' ],
    [ 'no scheme', '', { Authorization: jwt(1) }, 'PR401-AU-0003', 'Invalid authentication scheme.' ],
    [ 'an empty header', '', { Authorization: '' }, 'PR401-AU-0003', 'Invalid authentication scheme.' ],
    [ 'a bad API key', '', { 'X-API-Key': generateKey() }, 'PR401-AU-0005', 'Authentication failed.' ],
    [ 'a bad API key as a token', '', { Authorization: `Bearer ${generateKey()}` }, 'PR401-AU-0005', 'Authentication failed.' ],
    [ 'what is no token', '', { Authorization: 'DPoP x.y.z' }, 'PR401-AU-0006', 'Token parse error.' ],
    [ 'no token', '', { Authorization: 'Bearer' }, 'PR401-AU-0006', 'Token parse error.' ],
    [ 'a token of others', '', { Authorization: `bearer ${jwt(4_000_000_000)}` }, 'PR401-AU-0008', 'Token dsig error.' ],
  ])('is told who asks with %s, or not.', async(_name, query, headers, code, value): Promise<void> => {
    const got = await send({ path: `/pod/__event${query}`, headers: headers });
    expectError(got, code, value);
    expect(got.headers['www-authenticate']).toMatch(/^DPoP .*, Bearer /u);
  });

  it('refuses two credentials, and those for other pods.', async(): Promise<void> => {
    expectError(await sendAsMe({ headers: { 'X-API-Key': 'x' }}), 'PR400-AN-0018', 'Both were sent');
    expectError(
      await sendAsMe({ headers: { Authorization: 'Bearer limited' }}),
      'PR403-AU-0007',
      'Insufficient scope is granted for the access token. [event] Privilege is required.',
    );
    expectError(await sendAsMe({ headers: { Authorization: 'Bearer elsewhere' }}), 'PR503-SV-0002', expect.stringContaining('https://elsewhere.example/#me'));
  });

  it('refuses bodies that are too large or no text, and bad keys to repeat by.', async(): Promise<void> => {
    expectError(await sendAsMe({ body: 'x'.repeat(200_001) }), 'PR413-CM-0001', expect.stringContaining('200000 bytes'));
    const latin = await new Promise<Got>((resolve, reject): void => {
      const { port } = server.address() as AddressInfo;
      httpRequest({ host: 'localhost', port, path: '/pod/__event', method: 'POST', headers: { Authorization: ME }}, (response): void => {
        let body = '';
        response.on('data', (chunk: Buffer): void => { body += chunk.toString(); });
        response.on('end', (): void => resolve({ status: response.statusCode!, headers: response.headers, body }));
      }).on('error', reject).end(Buffer.from('{"Type":"é"}', 'latin1'));
    });
    expectError(latin, 'PR400-CM-0004', 'JSON parse error. [The request body is not valid UTF-8].');
    expectError(await sendAsMe({ headers: { 'Idempotency-Key': 'a b' }}), 'PR400-EV-0002', 'Request header is invalid [Idempotency-Key].');
  });

  it.each<[Error, string, unknown]>([
    [ new NotAuthorized('Other topics'), 'PR403-AU-0007', 'Insufficient scope is granted for the access token. [event] Privilege is required.' ],
    [ new Conflict('Another request'), 'PR409-EV-0001', 'Another request' ],
    [ new TooMany('Too many events', 7), 'PR429-SV-0001', 'Too many events' ],
    [ new StorageFull('The disk is full'), 'PR507-SV-0001', expect.stringContaining('no room') ],
    [ new Error('the password is secret'), 'PR500-SV-9999', expect.stringMatching(/^Unknown Exception \[[\da-f-]{36}\]$/u) ],
    [ new HttpProblem(500, 'Of another kind'), 'PR500-SV-9999', 'Of another kind' ],
  ])('has a code for what went wrong in the pipeline (%#).', async(error, code, value): Promise<void> => {
    failure = error;
    const got = await sendAsMe();
    expectError(got, code, value);
    expect(got.headers['retry-after']).toBe(error instanceof TooMany ? '7' : undefined);
  });
});

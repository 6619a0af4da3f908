import { request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { Parser } from 'n3';
import type { Scope } from '../../../src/identity/scopes';
import { SCOPES } from '../../../src/identity/scopes';
import { grant } from '../../util/access';
import type { TestKey } from '../../util/accounts';
import { createApiKey } from '../../util/accounts';
import type { Scene } from '../../util/scene';
import { members, post, setScene } from '../../util/scene';

const UNKNOWN = '0190a0b0-0000-7000-8000-000000000001';
const CONTAINS = 'http://www.w3.org/ns/ldp#contains';
const SHOWN = 'realestate/contact#add';
const HIDDEN = 'realestate/secret#add';
const FORM = 'application/x-www-form-urlencoded';
const REDACTED = /spe_[\w-]{8}/u;

interface Answer { readonly status: number; readonly headers: Record<string, unknown>; readonly body: string }

/** A request by its method, its path relative to the pod, its body, and the scopes of which a key needs one. */
type Row = [ name: string, method: string, path: string, body: unknown, scopes: readonly Scope[] ];

const MATRIX: Row[] = [
  [ 'publish', 'POST', 'publish/', { topic: SHOWN, data: {}}, [ 'publish' ]],
  [ 'publish, in the form of Yodata', 'POST', '/publish/', { topic: SHOWN, data: {}}, [ 'publish' ]],
  [ 'check', 'POST', 'publish/check', { topic: SHOWN, data: {}}, [ 'publish' ]],
  [ 'send an event of Personium', 'POST', '__event', { Type: 'a', Object: 'b', Info: 'c' }, [ 'publish' ]],
  [ 'send an event of eventhos', 'POST', 'event/send?event-identifier=none', {}, [ 'publish' ]],
  [ 'precheck', 'POST', 'v1', { sources: [{ channel_id: 'realestate', source_name: 'contact#add' }]}, [ 'publish' ]],
  [ 'list subscriptions', 'GET', 'subscriptions/', undefined, [ 'subscribe' ]],
  [ 'read a subscription', 'GET', `subscriptions/${UNKNOWN}`, undefined, [ 'subscribe' ]],
  [ 'subscribe', 'POST', 'subscriptions/', { topic: SHOWN }, [ 'subscribe' ]],
  [ 'unsubscribe', 'DELETE', `subscriptions/${UNKNOWN}`, undefined, [ 'subscribe' ]],
  [ 'replace a secret', 'POST', `subscriptions/${UNKNOWN}/secret`, undefined, [ 'subscribe' ]],
  [ 'replay', 'POST', `subscriptions/${UNKNOWN}/replay`, {}, [ 'subscribe', 'manage' ]],
  [ 'list deliveries', 'GET', 'deliveries/', undefined, [ 'subscribe' ]],
  [ 'read a delivery', 'GET', 'deliveries/1', undefined, [ 'subscribe' ]],
  [ 'retry a delivery', 'POST', 'deliveries/1/redeliver', undefined, [ 'manage' ]],
  [ 'list systems', 'GET', 'system', undefined, [ 'subscribe' ]],
  [ 'list the catalogue', 'GET', 'event', undefined, [ 'subscribe' ]],
  [ 'create a system', 'POST', 'system', {}, [ 'manage' ]],
  [ 'create an event', 'POST', 'event', {}, [ 'manage' ]],
  [ 'change an event', 'PUT', 'event/1', {}, [ 'manage' ]],
  [ 'delete a system', 'DELETE', 'system/1', undefined, [ 'manage' ]],
  [ 'read the published log', 'GET', 'event/received', undefined, [ 'read', 'manage' ]],
  [ 'list the inbox', 'GET', 'inbox/', undefined, [ 'read' ]],
  [ 'head the inbox', 'HEAD', 'inbox/', undefined, [ 'read' ]],
  [ 'list publish/', 'GET', 'publish/', undefined, [ 'read' ]],
  [ 'read a missing member', 'GET', `inbox/${UNKNOWN}`, undefined, [ 'read' ]],
  [ 'read a missing event', 'GET', `publish/${UNKNOWN}`, undefined, [ 'read' ]],
  [ 'delete a missing member', 'DELETE', `inbox/${UNKNOWN}`, undefined, [ 'read' ]],
];

describe('An API key', (): void => {
  let scene: Scene;
  let inbox: string;
  let publish: string;
  const keys = {} as Record<Scope | 'all' | 'limited' | 'foreign' | 'elsewhere', TestKey>;

  /** Sends a request with its path unchanged, which `fetch` would normalize. */
  const send = async(method: string, url: string, headers: Record<string, string> = {}, body?: unknown): Promise<Answer> => {
    const { port, origin } = new URL(scene.server.baseUrl);
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject): void => {
      const all = { ...text && { 'content-type': 'application/json' }, ...method === 'DELETE' && !text && { 'content-length': '0' }, ...headers };
      request({ hostname: 'localhost', port, path: url.slice(origin.length), method, headers: all }, (message): void => {
        textOf(message).then((answer): void => resolve({ status: message.statusCode!, headers: message.headers, body: answer }), reject);
      }).on('error', reject).end(text);
    });
  };
  const by = ({ key }: TestKey, headers: Record<string, string> = {}): Record<string, string> => ({ 'x-api-key': key, ...headers });
  const messageOf = ({ body }: Answer): unknown => {
    const { message, error } = JSON.parse(body);
    return message ?? error;
  };
  const receive = async(topic = SHOWN, data: unknown = { name: 'Bruce Wayne' }): Promise<string> => {
    const response = await post(scene.producer.fetch, `${scene.producer.pod}publish/`, { recipient: scene.user.webId, topic, data });
    expect(response.status).toBe(201);
    return `${inbox}${(await response.json()).id.split('/').at(-1)}`;
  };
  const publishOwn = async(topic = SHOWN): Promise<string> => {
    const response = await post(scene.user.fetch, publish, { recipient: scene.user.webId, topic, data: {}});
    expect(response.status).toBe(201);
    return (await response.json()).id;
  };
  const exists = async(url: string): Promise<boolean> => (await scene.user.fetch(url, { method: 'HEAD' })).ok;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server: { baseUrl }, producer, user } = scene;
    inbox = user.inbox;
    publish = `${user.pod}publish/`;
    for (const scope of SCOPES) {
      keys[scope] = await createApiKey(baseUrl, user.webId, { scopes: [ scope ]});
    }
    keys.all = await createApiKey(baseUrl, user.webId, { scopes: SCOPES });
    keys.limited = await createApiKey(baseUrl, user.webId, { scopes: [ 'read' ], topics: [ 'realestate/contact#add' ]});
    keys.foreign = await createApiKey(baseUrl, producer.webId, { scopes: SCOPES });
    keys.elsewhere = await createApiKey(baseUrl, user.webId, { scopes: SCOPES, pods: [ producer.pod ]});
  });

  afterAll(async(): Promise<void> => scene.end());

  describe('with the scope', (): void => {
    it.each(SCOPES)('%s is accepted at the endpoints of this scope alone.', async(scope): Promise<void> => {
      const results: [string, boolean][] = [];
      for (const [ name, method, path, body ] of MATRIX) {
        const { baseUrl } = scene.server;
        const url = path === 'v1' ? `${baseUrl}v1/${scene.user.name}/events/check` : `${scene.user.pod}${path}`;
        const answer = await send(method, url, by(keys[scope]), body);
        expect(answer.status).toBeLessThan(500);
        expect(answer.status).not.toBe(401);
        expect(answer.body).not.toMatch(REDACTED);
        const isRefused = method === 'HEAD' ? answer.status === 403 : /lacks the scope|Insufficient scope/u.test(answer.body);
        expect(!isRefused || answer.status === 403).toBe(true);
        results.push([ name, !isRefused ]);
      }
      expect(results).toEqual(MATRIX.map(([ name, , , , scopes ]): [string, boolean] => [ name, scopes.includes(scope) ]));
    });

    it.each([ '__token', 'auth/token' ])('read gets a token at %s that reads, and has no other scope.', async(path): Promise<void> => {
      const url = `${scene.user.pod}${path}`;
      const answer = await send('POST', url, { authorization: `Bearer ${keys.read.key}`, 'content-type': FORM }, 'grant_type=client_credentials');
      const token = /"(?:access|jwt)_token":"([^"]+)"/u.exec(answer.body)?.[1];
      // Tokens of eventhos are for clients only.
      if (path === 'auth/token' && token === undefined) {
        expect(answer.status).toBeGreaterThanOrEqual(400);
        return;
      }
      const authorization = `Bearer ${token}`;
      expect((await send('GET', inbox, { authorization })).status).toBe(200);
      expect((await send('GET', `${scene.producer.pod}inbox/`, { authorization })).status).toBe(403);
      expect((await send('POST', publish, { authorization }, { topic: SHOWN, data: {}})).status).toBe(403);
      expect((await send('GET', `${scene.user.pod}topics/`, { authorization })).status).toBe(401);
    });

    it('publish gets a token that does not read.', async(): Promise<void> => {
      const { body } = await send('POST', `${scene.user.pod}__token`, { authorization: `Bearer ${keys.publish.key}`, 'content-type': FORM }, 'grant_type=client_credentials');
      const refused = await send('GET', inbox, { authorization: `Bearer ${JSON.parse(body).access_token}` });
      expect([ refused.status, messageOf(refused) ]).toEqual([ 403, expect.stringContaining('lacks the scope read') ]);
    });
  });

  describe('with the scope read', (): void => {
    it('reads inbox/, publish/ and their members by GET and HEAD, in RDF.', async(): Promise<void> => {
      const copy = await receive();
      const event = await publishOwn();
      for (const [ url, container ] of [[ copy, inbox ], [ event, publish ]]) {
        for (const accept of [ 'text/turtle', 'application/ld+json', '*/*' ]) {
          const listing = await send('GET', container, by(keys.read, { accept }));
          expect([ accept, listing.status ]).toEqual([ accept, 200 ]);
          expect(listing.body).toContain(url.slice(container.length));
          const member = await send('GET', url, by(keys.read, { accept }));
          expect(member.status).toBe(200);
          expect(member.body).toContain(SHOWN);
          expect(member.headers).toMatchObject({ 'cache-control': 'no-store', etag: expect.any(String) });
        }
        for (const each of [ url, container ]) {
          const head = await send('HEAD', each, by(keys.read));
          expect([ head.status, head.body ]).toEqual([ 200, '' ]);
        }
        expect((await send('GET', url, { authorization: `Bearer ${keys.read.key}` })).status).toBe(200);
        expect((await send('GET', url, { authorization: `bearer  ${keys.read.key}` })).status).toBe(200);
      }
    });

    it('sees what the owner sees, with the same conditions.', async(): Promise<void> => {
      const copy = await receive();
      const own = await (await scene.user.fetch(copy, { headers: { accept: 'application/ld+json' }})).text();
      const seen = await send('GET', copy, by(keys.read, { accept: 'application/ld+json' }));
      expect(seen.body).toBe(own);
      const etag = String(seen.headers.etag);
      expect((await send('GET', copy, by(keys.read, { accept: 'application/ld+json', 'if-none-match': etag }))).status).toBe(304);
      expect((await send('DELETE', copy, by(keys.read, { 'if-match': '"1-text/turtle"' }))).status).toBe(412);
      expect(await exists(copy)).toBe(true);
    });

    it('deletes members of the inbox with 200, and with an access token the status stays 205.', async(): Promise<void> => {
      const copy = await receive();
      const deleted = await send('DELETE', copy, by(keys.read));
      expect([ deleted.status, deleted.body ]).toEqual([ 200, '' ]);
      expect((await send('GET', copy, by(keys.read))).status).toBe(404);
      expect((await send('DELETE', copy, by(keys.read))).status).toBe(404);
      expect((await scene.user.fetch(await receive(), { method: 'DELETE' })).status).toBe(205);
    });

    it('deletes notifications that are not events.', async(): Promise<void> => {
      const note = `${inbox}note.txt`;
      await scene.user.fetch(note, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'mine' });
      expect((await send('GET', note, by(keys.read))).body).toBe('mine');
      expect((await send('DELETE', note, by(keys.read))).status).toBe(200);
      expect(await exists(note)).toBe(false);
    });

    it.each([ 'POST', 'PUT', 'PATCH' ])('does not %s to inbox/ or publish/ by LDP.', async(method): Promise<void> => {
      const copy = await receive();
      const headers = { 'content-type': method === 'PATCH' ? 'application/sparql-update' : 'text/plain' };
      const body = method === 'PATCH' ? 'INSERT DATA { <a:b> <a:b> <a:b> }' : 'changed';
      const before = await members(scene.user, inbox);
      for (const url of method === 'POST' ? [ inbox ] : [ copy, `${inbox}new`, inbox ]) {
        const answer = await send(method, url, by(keys.read, headers), body);
        expect([ url, answer.status, messageOf(answer) ]).toEqual([ url, 403, expect.stringContaining('API keys do not allow') ]);
      }
      expect(await members(scene.user, inbox)).toEqual(before);
    });

    it('does not delete events, inbox/ or publish/.', async(): Promise<void> => {
      const event = await publishOwn();
      for (const url of [ event, inbox ]) {
        const answer = await send('DELETE', url, by(keys.read));
        expect([ url, answer.status, messageOf(answer) ]).toEqual([ url, 403, expect.stringContaining('API keys do not allow DELETE') ]);
      }
      expect((await send('DELETE', publish, by(keys.read))).status).toBe(405);
      expect(await exists(event)).toBe(true);
    });

    it.each([
      'topics/', 'subscriptions/.acl', 'publish', 'inbox', 'inbox/.meta', 'inbox/.acr', 'publish/.meta', 'inbox/x.acl',
      'inbox/x.meta', 'inbox/x.acr', 'inbox/x.ACL', 'inbox/sub/', 'inbox/sub/x', 'publish/sub/', 'private', 'inbox/inbox/', 'topics/inbox/', 'xinbox/',
      'inbox/a%2Fb/c', 'private/inbox/x',
    ])('opens no other resource: %j.', async(path): Promise<void> => {
      const url = `${scene.user.pod}${path}`;
      for (const method of [ 'GET', 'HEAD', 'DELETE', 'PUT' ]) {
        const answer = await send(method, url, by(keys.all, { 'content-type': 'text/plain', accept: '*/*' }), method === 'PUT' ? 'x' : undefined);
        // The path of publish/ without its slash is the same endpoint.
        expect([ path, method, path === 'publish' && answer.status === 405 ? 401 : answer.status ]).toEqual([ path, method, 401 ]);
        if (method === 'GET' && !/\.(?:acl|ACL)$/u.test(path)) {
          expect(messageOf(answer)).toContain('API keys do not open');
        }
      }
    });

    it('opens nothing by access control documents of inbox/ and its members.', async(): Promise<void> => {
      const copy = await receive();
      for (const url of [ `${inbox}.acl`, `${copy}.acl`, `${copy}.meta`, `${publish}.acl` ]) {
        for (const method of [ 'GET', 'DELETE', 'PUT' ]) {
          expect([ url, method, (await send(method, url, by(keys.all, { 'content-type': 'text/turtle' }), method === 'PUT' ? '' : undefined)).status ])
            .toEqual([ url, method, 401 ]);
        }
      }
    });

    it('is public at public resources.', async(): Promise<void> => {
      const card = await send('GET', `${scene.user.pod}profile/card`, by(keys.publish));
      expect([ card.status, card.headers['content-type'] ]).toEqual([ 200, 'text/turtle' ]);
      const event = await publishOwn();
      await grant(scene.user, event, { public: [ 'Read' ]});
      for (const key of [ keys.publish, keys.foreign, keys.elsewhere ]) {
        expect((await send('GET', event, by(key))).status).toBe(200);
        expect((await send('DELETE', event, by(key))).status).toBe(403);
      }
    });

    it('works in pods of its WebID alone, within its list of pods.', async(): Promise<void> => {
      const copy = await receive();
      await grant(scene.user, copy, { [scene.producer.webId]: [ 'Read', 'Write' ]});
      expect((await scene.producer.fetch(copy)).status).toBe(200);
      for (const url of [ inbox, publish, copy ]) {
        const foreign = await send('GET', url, by(keys.foreign));
        expect([ url, foreign.status, messageOf(foreign) ]).toEqual([ url, 403, expect.stringMatching(/applies? in pods that|only if their WebID owns the pod/u) ]);
        const elsewhere = await send('GET', url, by(keys.elsewhere));
        expect([ url, elsewhere.status, messageOf(elsewhere) ]).toEqual([ url, 403, expect.stringContaining('limited to other pods') ]);
      }
      expect((await send('DELETE', copy, by(keys.foreign))).status).toBe(403);
      expect(await exists(copy)).toBe(true);
    });

    it('stays within access control.', async(): Promise<void> => {
      const copy = await receive();
      await grant(scene.user, copy, { [scene.producer.webId]: [ 'Read' ]});
      const acl = `<#a> a <http://www.w3.org/ns/auth/acl#Authorization>; <http://www.w3.org/ns/auth/acl#agent> <${scene.producer.webId}>;
        <http://www.w3.org/ns/auth/acl#accessTo> <${copy}>; <http://www.w3.org/ns/auth/acl#mode> <http://www.w3.org/ns/auth/acl#Read>.`;
      expect((await scene.user.fetch(`${copy}.acl`, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body: acl })).ok).toBe(true);
      const answer = await send('GET', copy, by(keys.read));
      expect([ answer.status, messageOf(answer) ]).toEqual([ 403, expect.stringContaining('has no acl:Read') ]);
      expect((await send('DELETE', copy, by(keys.read))).status).toBe(403);
      expect((await scene.user.fetch(`${copy}.acl`, { method: 'DELETE' })).ok).toBe(true);
      expect((await send('GET', copy, by(keys.read))).status).toBe(200);
    });

    it.each([ 'x-http-method-override', 'x-http-method', 'x-method-override', 'x-personium-override' ])('is not led to another method by %s.', async(header): Promise<void> => {
      const copy = await receive();
      expect((await send('GET', copy, by(keys.read, { [header]: 'DELETE' }))).status).toBe(200);
      expect((await send('POST', copy, by(keys.read, { [header]: 'DELETE', 'content-type': 'text/plain' }), 'x')).status).toBe(403);
      expect((await send('GET', publish, by(keys.read, { [header]: 'POST' }))).status).toBe(200);
      expect(await exists(copy)).toBe(true);
    });

    it.each([
      [ 'x-original-url', '/private' ], [ 'x-rewrite-url', '/private' ], [ 'x-forwarded-prefix', '/private' ], [ 'x-forwarded-path', '/private' ],
    ])('is not led to another path by %s.', async(header, value): Promise<void> => {
      const answer = await send('GET', inbox, by(keys.read, { [header]: value, accept: 'text/turtle' }));
      expect([ answer.status, answer.body.includes('ldp:Container') || answer.body.includes('ldp:BasicContainer') ]).toEqual([ 200, true ]);
      expect((await send('GET', `${scene.user.pod}private`, by(keys.read, { [header]: new URL(inbox).pathname }))).status).toBe(401);
    });

    it('is not led to another pod by the host.', async(): Promise<void> => {
      for (const headers of [
        { host: 'evil.example' }, { forwarded: 'host=evil.example' }, { 'x-forwarded-host': 'evil.example' },
        { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      ]) {
        const answer = await send('GET', inbox, by(keys.read, headers as unknown as Record<string, string>));
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.body).not.toContain('contains');
      }
    });

    it.each([
      'inbox/%2eacl', 'inbox/%2Eacl', 'inbox/%2e%61cl', 'inbox/x%2emeta', 'inbox%2f', 'inbox%2F.acl', 'inbox/..%2ftopics/', '%74opics/', 'inbox\\.acl',
      'inbox/%5C.acl', 'inbox/%252eacl/x',
    ])('is not led to another resource by the alias %s.', async(path): Promise<void> => {
      const answer = await send('GET', `${scene.user.pod}${path}`, by(keys.all));
      expect([ path, answer.status ]).toEqual([ path, 401 ]);
    });

    it.each([ '%69nbox/', '/inbox/', 'inbox//', 'topics/../inbox/' ])('reads inbox/ by its alias %s, which is the same resource.', async(path): Promise<void> => {
      const answer = await send('GET', `${scene.user.pod}${path}`, by(keys.read, { accept: 'application/n-triples' }));
      expect([ path, answer.status ]).toEqual([ path, 200 ]);
      expect(answer.body).toContain(`<${inbox}> <${CONTAINS}>`);
      expect((await send('GET', `${scene.user.pod}${path}`, by(keys.publish))).status).toBe(403);
    });

    it.each([ 'inbox/../topics/', 'inbox/./.acl', 'inbox/%2e%2e/topics/', 'inbox/sub/../.acl', 'inbox//.acl', '/inbox/.acl', 'inbox/x/../../topics/' ])('opens nothing by the path %s.', async(path): Promise<void> => {
      for (const method of [ 'GET', 'DELETE' ]) {
        const answer = await send(method, `${scene.user.pod}${path}`, by(keys.all));
        expect([ 400, 401 ]).toContain(answer.status);
      }
    });

    it.each([ 'x'.repeat(300), `${'x'.repeat(300)}/`, 'a$.ttl', '%00', '*', '~', '%F0%9F%94%91', 'x'.repeat(4_000) ])('gets the answer of the server for the odd name %#.', async(name): Promise<void> => {
      for (const folder of [ 'inbox/', 'publish/', 'topics/' ]) {
        for (const method of [ 'GET', 'DELETE' ]) {
          const odd = await send(method, `${scene.user.pod}${folder}${name}`, by(keys.all));
          const plain = await send(method, `${scene.user.pod}${folder}${name}`);
          expect([ 200, 201, 204, 205 ]).not.toContain(odd.status);
          // The server itself has no names with a dollar sign and a dot.
          expect(odd.status < 500 || odd.status === plain.status || odd.status === 501).toBe(true);
          expect(odd.body).not.toMatch(REDACTED);
        }
      }
    });

    it('is not read from the query.', async(): Promise<void> => {
      for (const name of [ 'x-api-key', 'access-key', 'api_key', 'key', 'access_token' ]) {
        expect((await send('GET', `${inbox}?${name}=${keys.read.key}`)).status).toBe(401);
      }
      expect((await send('GET', inbox, { 'access-key': keys.read.key })).status).toBe(401);
      expect((await send('GET', inbox, { 'x-auth-token': keys.read.key })).status).toBe(401);
      expect((await send('GET', inbox, { cookie: `x-api-key=${keys.read.key}` })).status).toBe(401);
    });

    it('is not accepted with another credential.', async(): Promise<void> => {
      for (const authorization of [ 'Bearer x', `Bearer ${keys.read.key}`, 'DPoP x', 'Basic eDp5' ]) {
        const answer = await send('GET', inbox, by(keys.read, { authorization }));
        expect([ answer.status, messageOf(answer) ]).toEqual([ 400, expect.stringContaining('send one of them') ]);
      }
    });

    it('leaves an access token in force at other resources.', async(): Promise<void> => {
      const answer = await scene.user.fetch(`${scene.user.pod}topics/`, { headers: { 'x-api-key': keys.read.key }});
      expect(answer.status).toBe(200);
    });

    it('ends when it is revoked or expires; a wrong key is refused, also at a public resource.', async(): Promise<void> => {
      const { baseUrl } = scene.server;
      const revoked = await createApiKey(baseUrl, scene.user.webId, { scopes: [ 'read' ]});
      const end = Date.now() + 3_600_000;
      const expiring = await createApiKey(baseUrl, scene.user.webId, { scopes: [ 'read' ], expires: new Date(end).toISOString() });
      expect((await send('GET', inbox, by(revoked))).status).toBe(200);
      expect((await send('GET', inbox, by(expiring))).status).toBe(200);
      await revoked.revoke();
      const clock = jest.spyOn(Date, 'now').mockReturnValue(end);
      const expired = await send('GET', inbox, by(expiring));
      clock.mockRestore();
      expect([ expired.status, messageOf(expired) ]).toEqual([ 401, expect.stringContaining('The API key is not valid') ]);
      const event = await publishOwn();
      await grant(scene.user, event, { public: [ 'Read' ]});
      for (const key of [ revoked.key, 'spe_x', `${keys.read.key}x`, keys.read.key.slice(0, -1), 'x' ]) {
        const answer = await send('GET', inbox, { 'x-api-key': key });
        expect([ answer.status, messageOf(answer) ]).toEqual([ 401, expect.stringContaining('The API key is not valid') ]);
        expect(answer.headers['www-authenticate']).toBeTruthy();
        expect(answer.headers['cache-control']).toBe('no-store');
      }
      expect((await send('GET', event)).status).toBe(200);
      expect((await send('DELETE', `${inbox}x`, by(revoked))).status).toBe(401);
    });

    it('subscribes to no notification channel.', async(): Promise<void> => {
      for (const type of [ 'WebSocketChannel2023', 'WebhookChannel2023' ]) {
        for (const headers of [ by(keys.all), { authorization: `Bearer ${keys.all.key}` } ]) {
          const answer = await send('POST', `${scene.server.baseUrl}.notifications/${type}/`, { ...headers, 'content-type': 'application/ld+json' }, {
            '@context': [ 'https://www.w3.org/ns/solid/notification/v1' ],
            type: `http://www.w3.org/ns/solid/notifications#${type}`,
            topic: inbox,
            ...type.startsWith('Webhook') && { sendTo: 'https://example.com/' },
          });
          expect([ type, answer.status, answer.body ]).toEqual([ type, 401, expect.anything() ]);
        }
      }
      const streaming = `${scene.server.baseUrl}.notifications/StreamingHTTPChannel2023/${encodeURIComponent(inbox)}`;
      expect([ 401, 404 ]).toContain((await send('GET', streaming, by(keys.all))).status);
    });

    it('does not change the answer to OPTIONS.', async(): Promise<void> => {
      for (const url of [ inbox, `${scene.user.pod}topics/` ]) {
        expect((await send('OPTIONS', url, by(keys.read))).status).toBe((await send('OPTIONS', url)).status);
      }
    });
  });

  describe('limited to topics', (): void => {
    const TYPES = [ 'text/turtle', 'application/ld+json', 'application/n-triples', 'application/trig', 'application/n-quads', 'text/n3' ];
    let shown: string;
    let hidden: string;
    let note: string;

    beforeAll(async(): Promise<void> => {
      shown = await receive(SHOWN);
      hidden = await receive(HIDDEN);
      note = `${inbox}note.txt`;
      await scene.user.fetch(note, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'mine' });
      await scene.user.fetch(`${inbox}sub/`, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body: '' });
      const patch = await scene.user.fetch(`${inbox}.meta`, {
        method: 'PATCH', headers: { 'content-type': 'application/sparql-update' }, body: `INSERT DATA { <${inbox}> <urn:x:secret> "about others" }`,
      });
      expect(patch.ok).toBe(true);
    });

    it.each(TYPES)('lists the members of these topics alone, as %s.', async(accept): Promise<void> => {
      const { body, status } = await send('GET', inbox, by(keys.limited, { accept }));
      expect(status).toBe(200);
      const listed = new Set([ ...body.matchAll(/[\da-f]{8}-[\da-f]{4}-7[\da-f-]{21}/gu) ].map(([ id ]): string => `${inbox}${id}`));
      expect(listed).toContain(shown);
      for (const url of listed) {
        expect((await (await scene.user.fetch(url, { headers: { accept: 'application/ld+json' }})).text())).toContain(SHOWN);
      }
      expect(body).not.toMatch(/note\.txt|sub\/|about others/u);
      // The container itself has no time and no size, which would change with other members.
      if (accept === 'text/turtle') {
        const quads = new Parser({ baseIRI: inbox }).parse(body);
        const own = quads.filter(({ subject, predicate }): boolean => subject.value === inbox && predicate.value !== CONTAINS);
        expect(new Set(own.map(({ predicate }): string => predicate.value))).toEqual(new Set([ 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type' ]));
        const contained = quads.filter(({ predicate }): boolean => predicate.value === CONTAINS);
        expect(contained).toHaveLength(listed.size);
        expect(new Set(quads.map(({ subject }): string => subject.value))).toEqual(new Set([ inbox, ...listed ]));
      }
    });

    it('lists nothing of others in HTML, neither by the page of the server nor by an index.', async(): Promise<void> => {
      await scene.user.fetch(`${inbox}index.html`, { method: 'PUT', headers: { 'content-type': 'text/html' }, body: `<p>${HIDDEN}</p>` });
      const { body, status } = await send('GET', inbox, by(keys.limited, { accept: 'text/html' }));
      expect(status).toBe(200);
      expect(body).toContain(shown.slice(inbox.length));
      expect(body).not.toContain(hidden.slice(inbox.length));
      expect(body).not.toMatch(/note\.txt|sub\/|about others/u);
      expect(body).not.toContain(HIDDEN);
      await scene.user.fetch(`${inbox}index.html`, { method: 'DELETE' });
    });

    it('counts exactly the members of these topics among many others.', async(): Promise<void> => {
      const count = async(): Promise<number> => {
        const { body } = await send('GET', publish, by(keys.limited, { accept: 'application/n-triples' }));
        return body.split(`<${CONTAINS}>`).length - 1;
      };
      const before = await count();
      const publishMany = async(topic: string, many: number): Promise<void> => {
        const events = Array.from({ length: many }, (_, index): object => ({ recipient: scene.user.webId, topic, data: index }));
        expect((await post(scene.user.fetch, publish, events)).status).toBe(201);
      };
      for (const [ topic, many ] of [[ HIDDEN, 450 ], [ SHOWN, 3 ], [ HIDDEN, 250 ], [ SHOWN, 210 ], [ HIDDEN, 1 ]] as const) {
        await publishMany(topic, many);
      }
      expect(await count()).toBe(before + 213);
      expect((await members(scene.user, publish)).length).toBeGreaterThanOrEqual(914);
    });

    it('reads no other member, and cannot delete it.', async(): Promise<void> => {
      for (const url of [ hidden, note, `${inbox}none`, `${inbox}${UNKNOWN}`, `${inbox}index.html`, await publishOwn(HIDDEN) ]) {
        for (const method of [ 'GET', 'HEAD', ...url.startsWith(inbox) ? [ 'DELETE' ] : []]) {
          for (const headers of [ {}, { 'if-none-match': '*' }, { 'if-match': '*' }, { range: 'bytes=0-1' } ]) {
            const answer = await send(method, url, by(keys.limited, headers as Record<string, string>));
            expect([ url, method, headers, answer.status ]).toEqual([ url, method, headers, 404 ]);
            expect(answer.headers.etag).toBeUndefined();
          }
        }
      }
      expect(await exists(hidden)).toBe(true);
      expect(await exists(note)).toBe(true);
      expect((await send('GET', shown, by(keys.limited))).status).toBe(200);
    });

    it('gets a refusal that does not tell whether a member exists.', async(): Promise<void> => {
      const one = await send('GET', hidden, by(keys.limited));
      const other = await send('GET', `${inbox}${UNKNOWN}`, by(keys.limited));
      const plain = ({ status, headers, body }: Answer, url: string): object => ({
        status, body: body.replaceAll(url, ''), headers: { ...headers, date: '' },
      });
      expect(JSON.parse(JSON.stringify(plain(one, hidden)).replaceAll(hidden, ''))).toEqual(
        JSON.parse(JSON.stringify(plain(other, `${inbox}${UNKNOWN}`)).replaceAll(`${inbox}${UNKNOWN}`, '')));
    });

    it('deletes members of these topics.', async(): Promise<void> => {
      const copy = await receive(SHOWN);
      expect((await send('DELETE', copy, by(keys.limited))).status).toBe(200);
      expect(await exists(copy)).toBe(false);
    });

    it('gets listings without ETag, which do not match conditions of the whole listing, and none is cached.', async(): Promise<void> => {
      const whole = await send('HEAD', inbox, by(keys.read, { accept: 'text/turtle' }));
      const etag = String(whole.headers.etag);
      expect(etag).toMatch(/turtle/u);
      const limited = await send('GET', inbox, by(keys.limited, { accept: 'text/turtle', 'if-none-match': etag, 'if-modified-since': new Date().toUTCString() }));
      expect(limited.status).toBe(200);
      expect(limited.headers).toMatchObject({ 'cache-control': 'no-store' });
      expect(limited.headers).not.toHaveProperty('etag');
      expect(limited.headers).not.toHaveProperty('last-modified');
      // A change of other topics leaves the listing as it is.
      await receive(HIDDEN);
      expect((await send('GET', inbox, by(keys.limited, { accept: 'text/turtle' }))).body).toBe(limited.body);
    });

    it('leaves the view of others as it is, also at the same time.', async(): Promise<void> => {
      const all = await members(scene.user, inbox);
      expect(all).toEqual(expect.arrayContaining([ shown, hidden, note ]));
      const answers = await Promise.all(Array.from({ length: 20 }, async(_, index): Promise<boolean> => {
        const { body } = await send('GET', inbox, by(index % 2 === 0 ? keys.limited : keys.read, { accept: 'application/n-triples' }));
        return body.includes(hidden);
      }));
      expect(answers).toEqual(Array.from({ length: 20 }, (_, index): boolean => index % 2 === 1));
      expect(await members(scene.user, inbox)).toEqual(all);
    });

    it('gets a token with the same limit.', async(): Promise<void> => {
      const { body } = await send('POST', `${scene.user.pod}__token`, { authorization: `Bearer ${keys.limited.key}`, 'content-type': FORM }, 'grant_type=client_credentials');
      const authorization = `Bearer ${JSON.parse(body).access_token}`;
      expect((await send('GET', shown, { authorization })).status).toBe(200);
      expect((await send('GET', hidden, { authorization })).status).toBe(404);
    });
  });
});

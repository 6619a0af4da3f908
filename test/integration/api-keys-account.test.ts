import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { differencesOf, examplesOf } from '../util/markdown';
import type { TestServer } from '../util/server';
import { ROOT, startServer } from '../util/server';

declare const requireOutside: NodeJS.Require;

const PASSWORD = 'correct horse battery staple';
const TOPIC = 'realestate/contact#add';
const KEY = /^spe_[\w-]{43}$/u;
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u;

interface Answer { readonly status: number; readonly body: any }
type Send = (method: string, url: string, body?: unknown) => Promise<Answer>;

/** An account of the server, logged in. */
interface Account {
  readonly pod: string;
  readonly webId: string;
  readonly controls: any;
  readonly authorization: string;
  readonly send: Send;
  /** Makes a key with what is given beside a name and the WebID. */
  readonly makeKey: (fields?: object) => Promise<{ id: string; key: string; resource: string }>;
}

function sender(authorization?: string): Send {
  return async(method, url, body): Promise<Answer> => {
    const response = await fetch(url, {
      method,
      headers: { accept: 'application/json', ...authorization && { authorization }, ...body !== undefined && { 'content-type': 'application/json' }},
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    return { status: response.status, body: await response.json() };
  };
}

async function logInto(baseUrl: string, name: string, pod = `${baseUrl}${name}/`): Promise<Account> {
  const { body: index } = await sender()('GET', `${baseUrl}.account/`);
  const { body: login } = await sender()('POST', index.controls.password.login, { email: `${name}@example.com`, password: PASSWORD });
  const authorization = `CSS-Account-Token ${login.authorization}`;
  const send = sender(authorization);
  const { body: { controls }} = await send('GET', `${baseUrl}.account/`);
  const webId = `${pod}profile/card#me`;
  const makeKey: Account['makeKey'] = async(fields): Promise<any> => {
    const { status, body } = await send('POST', controls.account.apiKeys, { name: 'my app', webId, ...fields });
    expect(status).toBe(200);
    return body;
  };
  return { pod, webId, controls, authorization, send, makeKey };
}

/** Calls a server on this machine, by the name of a subdomain, too, which need not resolve. */
async function call(method: string, url: string, headers: Record<string, string>, body?: unknown): Promise<Answer> {
  const { port, host, pathname } = new URL(url);
  return new Promise((resolve, reject): void => {
    const all = { host, accept: 'application/json', ...body !== undefined && { 'content-type': 'application/json' }, ...headers };
    request({ hostname: 'localhost', port, path: pathname, method, headers: all }, (message): void => {
      buffer(message).then((bytes): void => resolve({ status: message.statusCode!, body: bytes.toString() }), reject);
    }).on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Publishes an event of the agent to itself. */
async function publish(agent: Account, key: string, topic = TOPIC, pod = agent.pod, headers = {}): Promise<Answer> {
  return call('POST', `${pod}publish/`, { 'x-api-key': key, ...headers }, { recipient: agent.webId, topic, data: { name: 'Bruce' }});
}

describe('API keys under an account', (): void => {
  let server: TestServer;
  let alice: Account;
  let bob: Account;
  let log: string;
  let write: jest.SpyInstance;

  beforeAll(async(): Promise<void> => {
    log = '';
    // The server logs everything that it can.
    process.env.TEST_LOG = 'silly';
    const note = (text: unknown): true => {
      log += String(text);
      return true;
    };
    write = jest.spyOn(requireOutside('node:process').stdout, 'write').mockImplementation(note);
    server = await startServer('test/config/file.json', [ 'alice', 'bob' ]);
    alice = await logInto(server.baseUrl, 'alice');
    bob = await logInto(server.baseUrl, 'bob');
  });

  afterAll(async(): Promise<void> => {
    await server.stop();
    delete process.env.TEST_LOG;
    write.mockRestore();
  });

  /** Posts a form, as the page does without a script. */
  const form = async(body: string): Promise<Answer> => {
    const response = await fetch(alice.controls.account.apiKeys, {
      method: 'POST',
      headers: { accept: 'application/json', authorization: alice.authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    return { status: response.status, body: await response.json() };
  };

  it('are made with a name and a WebID, and publish.', async(): Promise<void> => {
    const { id, key, resource } = await alice.makeKey();
    expect(id).toMatch(UUID);
    expect(key).toMatch(KEY);
    expect(resource).toBe(`${alice.controls.account.apiKeys}${id}/`);
    expect((await publish(alice, key)).status).toBe(201);
    expect((await publish(alice, `${key.slice(0, -1)}${key.endsWith('A') ? 'E' : 'A'}`)).status).toBe(401);
  });

  it('are listed and shown without the key, with the day of their last use.', async(): Promise<void> => {
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const limits = { pods: [ alice.pod ], topics: [ 'realestate/*', 'weather' ]};
    const { id, key, resource } = await alice.makeKey({ name: '  ünlimited <b> ', expires, ...limits });
    const scopes = [ 'publish', 'subscribe' ];
    const expected = { id, name: 'ünlimited <b>', webId: alice.webId, created: expect.any(String), expires, scopes, ...limits, resource };
    const read = async(): Promise<any> => {
      const { status, body } = await alice.send('GET', resource);
      expect(status).toBe(200);
      return body;
    };
    expect(await read()).toEqual({ version: expect.anything(), controls: expect.anything(), ...expected });
    expect(Math.abs(Date.parse((await read()).created) - Date.now())).toBeLessThan(60_000);
    const before = new Date().toISOString().slice(0, 10);
    expect((await publish(alice, key)).status).toBe(201);
    const { status, body } = await alice.send('GET', alice.controls.account.apiKeys);
    expect(status).toBe(200);
    expect(body.apiKeys).toContainEqual({ ...expected, lastUsed: expect.any(String) });
    expect([ before, new Date().toISOString().slice(0, 10) ]).toContain((await read()).lastUsed);
    expect(JSON.stringify(body)).not.toContain('spe_');
    expect(body.fields).toEqual({
      name: { required: true, type: 'string' },
      webId: { required: true, type: 'string' },
      expires: { required: false, type: 'string' },
      pods: { required: false, type: 'array' },
      topics: { required: false, type: 'array' },
      scopes: { required: false, type: 'array' },
    });
  });

  it('have the scopes publish and subscribe unless others are requested, in one order.', async(): Promise<void> => {
    for (const [ requested, scopes ] of [
      [ undefined, [ 'publish', 'subscribe' ]], [[ 'read', 'publish', 'read' ], [ 'publish', 'read' ]], [ 'read, manage', [ 'manage', 'read' ]],
      [[ '', 'read' ], [ 'read' ]],
    ]) {
      const { resource } = await alice.makeKey({ scopes: requested });
      expect((await alice.send('GET', resource)).body.scopes).toEqual(scopes);
    }
  });

  it.each([
    [ 'scopes=&scopes=read&scopes=publish', [ 'publish', 'read' ]], [ 'scopes=&scopes=manage', [ 'manage' ]], [ 'scopes=read', [ 'read' ]],
    [ '', [ 'publish', 'subscribe' ]],
  ])('are made by a form without a script, with %j.', async(fields, scopes): Promise<void> => {
    const { status, body } = await form(`name=form&webId=${encodeURIComponent(alice.webId)}&pods=&topics=&expires=&${fields}`);
    expect(status).toBe(200);
    expect((await alice.send('GET', body.resource)).body.scopes).toEqual(scopes);
  });

  it('are not made by a form in which no scope is selected.', async(): Promise<void> => {
    const { status, body } = await form(`name=form&webId=${encodeURIComponent(alice.webId)}&scopes=`);
    expect([ status, body.message ]).toEqual([ 400, expect.stringContaining('scopes must not be empty') ]);
  });

  it('are made by a form, which sends texts.', async(): Promise<void> => {
    const { resource } = await alice.makeKey({ expires: '', pods: '', topics: ' \r\n' });
    expect(Object.keys((await alice.send('GET', resource)).body).sort())
      .toEqual([ 'controls', 'created', 'id', 'name', 'resource', 'scopes', 'version', 'webId' ]);
    const { resource: other } = await alice.makeKey({ pods: `${alice.pod}, ${bob.pod}\n${bob.pod}`, topics: 'a#b\r\nc/*\r\n' });
    expect((await alice.send('GET', other)).body).toMatchObject({ pods: [ alice.pod, bob.pod ], topics: [ 'a#b', 'c/*' ]});
  });

  it.each([
    [ 'no name', { name: undefined }, 'name is a required field' ],
    [ 'an empty name', { name: '  ' }, 'name is a required field' ],
    [ 'a long name', { name: 'x'.repeat(101) }, 'name must be at most 100 characters' ],
    [ 'a name of two lines', { name: 'a\nb' }, 'control characters' ],
    [ 'a name that is no Unicode', { name: 'a\uD800' }, 'control characters' ],
    [ 'a name that is an object', { name: { a: 1 }}, 'name must be a `string` type' ],
    [ 'no WebID', { webId: undefined }, 'webId is a required field' ],
    [ 'a WebID of nobody here', { webId: 'https://example.org/#me' }, 'is not a WebID of this account' ],
    [ 'an expiry in the past', { expires: '2020-01-01T00:00:00Z' }, 'expires must be' ],
    [ 'an expiry without time zone', { expires: '2999-01-01T00:00:00' }, 'expires must be' ],
    [ 'an expiry on no day', { expires: '2999-02-30T00:00:00Z' }, 'expires must be' ],
    [ 'an expiry at no time', { expires: '2999-02-03T25:00:00Z' }, 'expires must be' ],
    [ 'an expiry in words', { expires: 'tomorrow' }, 'expires must be' ],
    [ 'an expiry as a number', { expires: 32_503_680_000_000 }, 'expires must be' ],
    [ 'an expiry that is null', { expires: null }, 'expires cannot be null' ],
    [ 'a pod without its slash', { pods: [ 'http://localhost/alice' ]}, 'each of pods must be' ],
    [ 'a pod with a query', { pods: [ 'http://localhost/?alice/' ]}, 'each of pods must be' ],
    [ 'a pod that is no URL', { pods: 'alice/' }, 'each of pods must be' ],
    [ 'a pod that is no web page', { pods: [ 'ftp://localhost/alice/' ]}, 'each of pods must be' ],
    [ 'an empty list of pods', { pods: []}, 'pods must not be empty' ],
    [ 'a list of an empty pod', { pods: [ '' ]}, 'required' ],
    [ 'too many pods', { pods: Array.from({ length: 101 }, (_, index): string => `http://localhost/${index}/`) }, 'pods must have at most 100' ],
    [ 'pods that are an object', { pods: {}}, 'pods must be a `array` type' ],
    [ 'a pattern in the middle', { topics: [ 'a/*/b' ]}, 'each of topics must be' ],
    [ 'a topic that is too long', { topics: 'x'.repeat(1025) }, 'each of topics must be' ],
    [ 'an empty list of topics', { topics: []}, 'topics must not be empty' ],
    [ 'too many topics', { topics: Array.from({ length: 101 }, (_, index): string => `t${index}`).join('\n') }, 'topics must have at most 100' ],
    [ 'an empty list of scopes', { scopes: []}, 'scopes must not be empty: name at least one of publish, subscribe, manage, read' ],
    [ 'an empty scope', { scopes: '' }, 'scopes must not be empty' ],
    [ 'an unknown scope', { scopes: [ 'publish', 'admin' ]}, 'each of scopes must be one of publish, subscribe, manage, read' ],
    [ 'a scope in capitals', { scopes: [ 'Read' ]}, 'each of scopes must be' ],
    [ 'scopes that are an object', { scopes: { read: true }}, 'scopes must be a `array` type' ],
    [ 'a field that is misspelt', { expire: '2999-01-01T00:00:00Z' }, 'expire' ],
  ])('are not made with %s.', async(_, fields, message): Promise<void> => {
    const before = (await alice.send('GET', alice.controls.account.apiKeys)).body.apiKeys.length;
    const { status, body } = await alice.send('POST', alice.controls.account.apiKeys, { name: 'x', webId: alice.webId, ...fields });
    expect([ status, body.message ]).toEqual([ 400, expect.stringContaining(message) ]);
    expect((await alice.send('GET', alice.controls.account.apiKeys)).body.apiKeys).toHaveLength(before);
  });

  it.each([ [ 'a list', []], [ 'null', null ], [ 'a text', 'x' ] ])('are not made of %s.', async(_, body): Promise<void> => {
    expect((await alice.send('POST', alice.controls.account.apiKeys, body)).status).toBe(400);
  });

  it('end at once when they are revoked.', async(): Promise<void> => {
    const { key, resource } = await alice.makeKey();
    expect((await publish(alice, key)).status).toBe(201);
    expect(await alice.send('DELETE', resource)).toMatchObject({ status: 200 });
    expect((await publish(alice, key)).status).toBe(401);
    expect((await alice.send('GET', resource)).status).toBe(404);
    expect((await alice.send('DELETE', resource)).status).toBe(404);
  });

  it('end when they expire, and can still be removed.', async(): Promise<void> => {
    const expires = Date.now() + 2_000;
    const { key, resource } = await alice.makeKey({ expires: new Date(expires).toISOString() });
    expect((await publish(alice, key)).status).toBe(201);
    await new Promise((resolve): unknown => setTimeout(resolve, expires - Date.now() + 10));
    expect((await publish(alice, key)).status).toBe(401);
    expect((await alice.send('GET', resource)).status).toBe(200);
    expect((await alice.send('DELETE', resource)).status).toBe(200);
  });

  it('are nobody else\'s.', async(): Promise<void> => {
    const { id, key, resource } = await alice.makeKey();
    const own = `${bob.controls.account.apiKeys}${id}/`;
    expect((await bob.send('GET', alice.controls.account.apiKeys)).status).toBe(403);
    expect((await bob.send('POST', alice.controls.account.apiKeys, { name: 'x', webId: bob.webId })).status).toBe(403);
    expect((await bob.send('GET', resource)).status).toBe(403);
    expect((await bob.send('DELETE', resource)).status).toBe(403);
    expect((await bob.send('GET', own)).status).toBe(404);
    expect((await bob.send('DELETE', own)).status).toBe(404);
    expect((await bob.send('POST', bob.controls.account.apiKeys, { name: 'x', webId: alice.webId })).status).toBe(400);
    expect((await bob.send('GET', bob.controls.account.apiKeys)).body.apiKeys).toEqual([]);
    expect((await sender()('GET', alice.controls.account.apiKeys)).status).toBe(401);
    expect((await sender()('DELETE', resource)).status).toBe(401);
    expect((await publish(alice, key)).status).toBe(201);
  });

  it('can be limited to pods.', async(): Promise<void> => {
    const { key } = await alice.makeKey({ pods: [ alice.pod ]});
    expect((await publish(alice, key)).status).toBe(201);
    const elsewhere = await publish(alice, key, TOPIC, bob.pod);
    expect(elsewhere).toEqual({ status: 403, body: expect.stringContaining('limited to other pods') });
    const { key: other } = await alice.makeKey({ pods: [ bob.pod ]});
    expect(await publish(alice, other)).toEqual({ status: 403, body: expect.stringContaining('limited to other pods') });
  });

  it('can be limited to topics.', async(): Promise<void> => {
    const { key } = await alice.makeKey({ topics: [ 'realestate/*', 'weather#today' ]});
    expect((await publish(alice, key)).status).toBe(201);
    expect((await publish(alice, key, 'weather#today')).status).toBe(201);
    for (const topic of [ 'weather#tomorrow', 'weather', 'realestate' ]) {
      expect(await publish(alice, key, topic)).toEqual({ status: 403, body: expect.stringContaining('limited to other topics') });
    }
  });

  it('do not let an agent do more than it may.', async(): Promise<void> => {
    const { key } = await alice.makeKey();
    expect(await publish(alice, key, TOPIC, bob.pod)).toMatchObject({ status: 403 });
  });

  it('open nothing but the endpoints of events.', async(): Promise<void> => {
    const { key } = await alice.makeKey();
    for (const path of [ 'inbox/', 'publish/' ]) {
      expect(await call('GET', `${alice.pod}${path}`, { 'x-api-key': key }))
        .toEqual({ status: 403, body: expect.stringContaining('lacks the scope read') });
    }
    expect(await call('GET', `${alice.pod}topics/`, { 'x-api-key': key }))
      .toEqual({ status: 401, body: expect.stringContaining('API keys do not open') });
    expect((await call('GET', `${alice.pod}.acl`, { 'x-api-key': key })).status).toBe(401);
    expect((await call('PUT', `${alice.pod}file`, { 'x-api-key': key }, {})).status).toBe(401);
    expect((await call('GET', alice.controls.account.apiKeys, { 'x-api-key': key })).status).toBe(401);
  });

  it('are not sent with other credentials.', async(): Promise<void> => {
    const { key } = await alice.makeKey();
    expect(await publish(alice, key, TOPIC, alice.pod, { authorization: 'Bearer x' }))
      .toEqual({ status: 400, body: expect.stringContaining('x-api-key') });
  });

  it('have a page, to which the account page leads.', async(): Promise<void> => {
    const page = async(url: string): Promise<string> => (await fetch(url, { headers: { accept: 'text/html' }})).text();
    expect(alice.controls.html.account.apiKeys).toBe(alice.controls.account.apiKeys);
    const keys = await page(alice.controls.account.apiKeys);
    expect(keys).toContain('<title>API keys</title>');
    const boxes = [ ...keys.matchAll(/<input type="checkbox" name="scopes" value="(\w+)"( checked)?>/gu) ].map(([ , scope, isChecked ]): unknown[] => [ scope, Boolean(isChecked) ]);
    expect(boxes).toEqual([[ 'publish', true ], [ 'subscribe', true ], [ 'manage', false ], [ 'read', false ]]);
    expect(keys).toContain('delete members of your inbox');
    const overview = await page(alice.controls.html.account.account);
    expect(overview).toContain('<title>Your account</title>');
    expect(overview).toContain('id="clientCredentialsEntries"');
    expect(overview.match(/id="manageApiKeys"/gu)).toHaveLength(1);
    expect(await page(alice.controls.html.account.linkWebId)).not.toContain('manageApiKeys');
  });

  it('end when the account loses their WebID, and no others do.', async(): Promise<void> => {
    const { key } = await bob.makeKey();
    const { key: other } = await alice.makeKey();
    const { webIdLinks } = (await bob.send('GET', bob.controls.account.webId)).body;
    expect((await bob.send('DELETE', webIdLinks[bob.webId])).status).toBe(200);
    expect((await publish(bob, key)).status).toBe(401);
    expect((await bob.send('GET', bob.controls.account.apiKeys)).body.apiKeys).toEqual([]);
    expect((await bob.send('POST', bob.controls.account.apiKeys, { name: 'x', webId: bob.webId })).status).toBe(400);
    expect((await bob.send('DELETE', webIdLinks[bob.webId])).status).toBe(404);
    expect((await publish(alice, other)).status).toBe(201);
  });

  it('survive a restart, and are in no log.', async(): Promise<void> => {
    const { id, key } = await alice.makeKey();
    await server.restart();
    expect((await publish(alice, key)).status).toBe(201);
    expect(log).toContain(`created API key ${id} for ${alice.webId}`);
    expect(log).toContain('debug');
    expect(log).not.toContain('spe_');
  });
});

describe.each([ 'default', 'file-acp', 'memory-subdomains' ])('API keys of a server of %s.json', (config): void => {
  let server: TestServer;
  let alice: Account;

  beforeAll(async(): Promise<void> => {
    server = await startServer(`test/config/${config}.json`, [ 'alice' ]);
    const { protocol, host } = new URL(server.baseUrl);
    alice = await logInto(server.baseUrl, 'alice', config.endsWith('subdomains') ? `${protocol}//alice.${host}/` : undefined);
  });

  afterAll(async(): Promise<void> => server.stop());

  it('are at most 100, however fast they are made.', async(): Promise<void> => {
    const body = { name: 'x', webId: alice.webId };
    const answers = await Promise.all(Array.from({ length: config === 'default' ? 103 : 1 }, async(): Promise<Answer> =>
      alice.send('POST', alice.controls.account.apiKeys, body)));
    const refused = answers.filter(({ status }): boolean => status !== 200);
    expect(refused).toHaveLength(config === 'default' ? 3 : 0);
    for (const { status, body: { message }} of refused) {
      expect([ status, message ]).toEqual([ 409, expect.stringContaining('revoke one first') ]);
    }
    const { apiKeys } = (await alice.send('GET', alice.controls.account.apiKeys)).body;
    expect((await alice.send('DELETE', apiKeys[0].resource)).status).toBe(200);
  });

  it('publish until the account loses their WebID.', async(): Promise<void> => {
    const { key } = await alice.makeKey({ pods: [ alice.pod ]});
    expect((await publish(alice, key)).status).toBe(201);
    const { webIdLinks } = (await alice.send('GET', alice.controls.account.webId)).body;
    expect((await alice.send('DELETE', webIdLinks[alice.webId])).status).toBe(200);
    expect((await publish(alice, key)).status).toBe(401);
  });

  it('have a page, to which the account page leads.', async(): Promise<void> => {
    const page = async(url: string): Promise<string> => (await fetch(url, { headers: { accept: 'text/html' }})).text();
    expect(await page(alice.controls.html.account.apiKeys)).toContain('<title>API keys</title>');
    expect(await page(alice.controls.html.account.account)).toContain('id="manageApiKeys"');
  });
});

const hasTools = [ 'bash', 'curl' ].every((tool): boolean => spawnSync(tool, [ '--version' ]).status === 0);

(hasTools ? it : it.skip)('What docs/api-keys.md shows is what the server answers.', async(): Promise<void> => {
  const server = await startServer('test/config/default.json', [ 'alice' ]);
  const here = (text: string): string => text.replaceAll('http://localhost:3000/', server.baseUrl);
  const examples = examplesOf(readFileSync(join(ROOT, 'docs/api-keys.md'), 'utf8'));
  const separator = '----- next -----';
  const script = examples.map(({ command }): string => command).join(`\necho; echo '${separator}'\n`)
    .replace('http://localhost:3000', server.baseUrl.slice(0, -1))
    .replace('PASSWORD=demo', `PASSWORD='${PASSWORD}'`);
  const { stdout } = await promisify(execFile)('bash', [ '-euc', script ]).finally(server.stop);
  const answers = stdout.split(`${separator}\n`);
  expect(answers).toHaveLength(examples.length);
  for (const [ index, { line, answer }] of examples.entries()) {
    const differences = answer === undefined ? [] : differencesOf(answers[index], here(answer));
    expect({ line, differences }).toEqual({ line, differences: []});
  }
});

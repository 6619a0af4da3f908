import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../src/cli';
import { EXIT, exitCodeOf, messageOf } from '../../../src/cli/exit';
import type { Io } from '../../../src/cli/Io';
import { prettyJson, table, visible } from '../../../src/cli/print';
import { CONFIG_FILE, readSettings } from '../../../src/cli/settings';
import { RequestFailed } from '../../../src/client';

/** A terminal that remembers what is printed. */
function terminal(more: Partial<Io> = {}): Io & { printed: string; warned: string } {
  const io = {
    env: {}, cwd: '/nowhere', home: '/nowhere', signal: new AbortController().signal, printed: '', warned: '',
    out: async(text: string): Promise<void> => {
      io.printed += text;
    },
    err: (text: string): void => {
      io.warned += text;
    },
    readInput: async(): Promise<string> => '',
    askSecret: async(): Promise<string | undefined> => undefined,
    ...more,
  };
  return io;
}

describe('The settings', (): void => {
  let folder: string;
  const io = (env: Record<string, string> = {}): ReturnType<typeof terminal> => terminal({ env, cwd: join(folder, 'work'), home: join(folder, 'home') });
  const write = async(name: string, config: unknown, mode = 0o600): Promise<void> =>
    writeFile(join(folder, name), typeof config === 'string' ? config : JSON.stringify(config), { mode });

  beforeEach(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-cli-'));
    await mkdir(join(folder, 'work'));
    await mkdir(join(folder, 'home'));
  });

  afterEach(async(): Promise<void> => rm(folder, { recursive: true, force: true }));

  it('come from the flags, else the environment, else the file.', async(): Promise<void> => {
    await write(`home/${CONFIG_FILE}`, { email: 'home', pod: 'http://x/home/' });
    expect(await readSettings({}, io())).toEqual({ email: 'home', pod: 'http://x/home/' });
    await write(`work/${CONFIG_FILE}`, { clientId: 'file', clientSecret: 'file', issuer: 'http://file' });
    const env = { SOLID_POD_EVENTS_CLIENT_ID: 'env', SOLID_POD_EVENTS_CLIENT_SECRET: 'env', SOLID_POD_EVENTS_EMAIL: '' };
    const flags = { clientId: 'flag', config: CONFIG_FILE };
    expect(await readSettings(flags, io(env))).toEqual({ clientId: 'flag', clientSecret: 'env', issuer: 'http://file/' });
  });

  it('do not send a secret from elsewhere where a file says that merely lies in the folder.', async(): Promise<void> => {
    await write(`work/${CONFIG_FILE}`, { pod: 'http://evil/', email: 'file' });
    const env = { SOLID_POD_EVENTS_API_KEY: 'spe_1' };
    await expect(readSettings({}, io(env))).rejects.toMatchObject({ code: 2, message: expect.stringContaining('in this folder sets "pod"') });
    await expect(readSettings({ password: 'flag' }, io())).rejects.toThrow('"password" comes from another source');
    expect(await readSettings({ pod: 'http://x/' }, io(env))).toMatchObject({ pod: 'http://x/', apiKey: 'spe_1' });
    await write(`home/${CONFIG_FILE}`, { pod: 'http://x/home/' });
    await rm(join(folder, 'work', CONFIG_FILE));
    expect(await readSettings({}, io(env))).toMatchObject({ pod: 'http://x/home/', apiKey: 'spe_1' });
  });

  it('warn of a file with secrets that others can read, and of no other.', async(): Promise<void> => {
    const terminals = [ io(), io(), io({ SOLID_POD_EVENTS_CONFIG: '../open.json' }) ];
    await write('secret.json', { apiKey: 'spe_1' });
    await readSettings({ config: '../secret.json' }, terminals[0]);
    await write('plain.json', { pod: 'http://x/' }, 0o644);
    await readSettings({ config: join(folder, 'plain.json') }, terminals[1]);
    await write('open.json', { apiKey: 'spe_1' }, 0o644);
    expect(await readSettings({}, terminals[2])).toEqual({ apiKey: 'spe_1' });
    expect(terminals.map(({ warned }): string => warned)).toEqual([ '', '', expect.stringMatching(/^Warning: .*open\.json/u) ]);
  });

  it.each([
    [ 'is not valid JSON', '{ "apiKey": spe_1' ], [ 'is not a JSON object', '[]' ], [ 'Invalid "key"', { key: 'spe_1' }], [ 'Invalid "pod"', { pod: 5 }], [ 'Invalid pod', { pod: 'user' }],
  ])('are refused where the file %s.', async(message, config): Promise<void> => {
    await write('bad.json', config);
    const refused = readSettings({ config: '../bad.json' }, io());
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code: EXIT.usage, message: expect.not.stringContaining('spe_1') });
  });

  it('are refused where they are given twice, and where the file is not there.', async(): Promise<void> => {
    await expect(readSettings({ pod: [ 'http://x/', 'http://y/' ]}, io())).rejects.toThrow('--pod is given more than once');
    await expect(readSettings({ config: 'none.json' }, io())).rejects.toThrow('Cannot read the configuration file');
  });
});

describe('The exit code', (): void => {
  it.each([
    [ EXIT.failed, new RequestFailed(403, 'GET', 'http://x/', '') ],
    [ EXIT.login, new RequestFailed(401, 'GET', 'http://x/', '') ],
    [ EXIT.network, Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED', message: '' }}) ],
    [ EXIT.network, Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }) ],
    [ EXIT.usage, new TypeError('Invalid topic') ],
    [ EXIT.failed, new Error('x') ],
    [ EXIT.failed, 'x' ],
  ])('is %i for %s.', (code, error): void => {
    expect(exitCodeOf(error)).toBe(code);
    expect(messageOf(error)).toEqual(expect.any(String));
  });
});

describe('What is printed', (): void => {
  it('cannot steer a terminal.', (): void => {
    expect(visible('a\u001B[31m\u009B\u202Eb\n')).toBe('a\\u001b[31m\\u009b\\u202eb\\u000a');
    expect(prettyJson({ a: '\u009B' }, 2)).toBe('  {\n    "a": "\\u009b"\n  }\n');
    expect(table([ 'A', 'B' ], [[ 'long\u0007', 'x' ]])).toBe('A           B\nlong\\u0007  x\n');
  });
});

describe('The keys', (): void => {
  let server: Server;
  let base: string;
  let keys: object[];
  const requests: string[] = [];
  const env = { SOLID_POD_EVENTS_EMAIL: 'me@example.com', SOLID_POD_EVENTS_PASSWORD: 'secret' };

  /** The part of the account API that is used. */
  function answer(request: IncomingMessage, body: string): [number, object] {
    requests.push(`${request.method} ${request.url} ${body}`);
    const isLoggedIn = request.headers.authorization === 'CSS-Account-Token token';
    switch (`${request.method} ${request.url}`) {
      case 'GET /.account/':
        return [ 200, { controls: { password: { login: `${base}.account/login/` }, ...isLoggedIn && { account: { apiKeys: `${base}.account/1/keys/` }}}}];
      case 'POST /.account/login/':
        return JSON.parse(body).password === 'secret' ? [ 200, { authorization: 'token' }] : [ 403, { message: 'Invalid email/password combination.' }];
      case 'GET /.account/1/keys/':
        return isLoggedIn ? [ 200, { apiKeys: keys }] : [ 401, {}];
      case 'POST /.account/1/keys/':
        return [ 200, { id: 'k2', key: 'spe_new', resource: `${base}.account/1/keys/k2/` }];
      default:
        return request.method === 'DELETE' && isLoggedIn ? [ 200, {}] : [ 404, {}];
    }
  }

  beforeAll(async(): Promise<void> => {
    server = createServer((request, response): void => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string): unknown => body += text).on('end', (): void => {
        const [ status, json ] = answer(request, body);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      });
    });
    await new Promise<void>((resolve): unknown => server.listen(0, 'localhost', resolve));
    base = `http://localhost:${(server.address() as { port: number }).port}/`;
    keys = [{ id: 'k1', name: 'sensor', webId: 'http://x/#me', created: '2026-01-01T00:00:00Z', scopes: [ 'subscribe', 'read' ], topics: [ 'a/*' ], resource: `${base}.account/1/keys/k1/` }];
  });

  afterAll(async(): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve): unknown => server.close(resolve));
  });

  it('are made, and shown once.', async(): Promise<void> => {
    const io = terminal({ env });
    const args = [ 'keys', 'create', 'sensor', '--server', base, '--web-id', 'http://x/#me', '--expires', '2027-01-31', '--for-topic', 'a/*', '--for-topic', 'b', '--scope', 'read', '--scope', 'publish' ];
    expect(await run(args, io)).toBe(0);
    expect(io).toMatchObject({ printed: 'spe_new\n', warned: 'Store this key now: it is not shown again.\n' });
    expect(requests.at(-1)).toBe('POST /.account/1/keys/ {"name":"sensor","webId":"http://x/#me","expires":"2027-01-31T00:00:00.000Z","topics":["a/*","b"],"scopes":["read","publish"]}');
  });

  it('are listed.', async(): Promise<void> => {
    const io = terminal({ env: { ...env, SOLID_POD_EVENTS_ISSUER: base }});
    expect(await run([ 'keys', 'list', '--json' ], io)).toBe(0);
    expect(JSON.parse(io.printed)).toEqual(keys);
    const shown = terminal({ env });
    await run([ 'keys', 'list', '--server', base ], shown);
    expect(shown.printed).toMatch(/^k1 +sensor +http:\/\/x\/#me +never +never +subscribe read +a\/\*$/mu);
  });

  it('are revoked, by a password that is asked for.', async(): Promise<void> => {
    const io = terminal({ env: { SOLID_POD_EVENTS_SERVER: base }, askSecret: async(): Promise<string> => 'secret' });
    expect(await run([ 'keys', 'revoke', 'k1', '--email', 'me@example.com' ], io)).toBe(0);
    expect(requests.at(-1)).toBe('DELETE /.account/1/keys/k1/ ');
    expect(await run([ 'keys', 'revoke', 'k9', '--email', 'me@example.com' ], io)).toBe(EXIT.failed);
    expect(io.warned).toContain('The account has no API key k9');
  });

  it('take a login.', async(): Promise<void> => {
    const io = terminal({ env: { SOLID_POD_EVENTS_SERVER: base, SOLID_POD_EVENTS_EMAIL: 'me@example.com' }});
    expect(await run([ 'keys', 'list' ], io)).toBe(EXIT.login);
    expect(await run([ 'keys', 'list', '--password', 'wrong' ], io)).toBe(EXIT.login);
    expect(io.warned).toContain('Invalid email/password combination.');
    expect(io.warned).not.toContain('wrong');
    expect(await run([ 'keys', 'list', '--server', 'http://x y/' ], io)).toBe(EXIT.usage);
    expect(await run([ 'keys', 'create', 'a', '--web-id', 'b', '--expires', 'soon' ], io)).toBe(EXIT.usage);
    expect(await run([ 'keys', 'create', 'a', '--web-id', 'b', '--scope', 'all' ], io)).toBe(EXIT.usage);
    expect(await run([ 'keys' ], io)).toBe(EXIT.usage);
  });

  it('do not take the password to another server.', async(): Promise<void> => {
    const io = terminal({ env });
    const [ kept ] = keys;
    keys = [{ ...kept, resource: 'http://evil.example/' }];
    expect(await run([ 'keys', 'revoke', 'k1', '--server', base ], io)).toBe(EXIT.failed);
    expect(io.warned).toContain('http://evil.example/, which is on another server');
  });
});

import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { ContextLoader } from '../../src/event/ContextLoader';
import type { Event } from '../../src/event/Event';
import { createEvent, readMembers } from '../../src/event/EventDocument';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn, seedFile } from '../util/accounts';
import { flatten } from '../util/flat';
import type { ServerProcess } from '../util/process';
import { environment, killAll, PublishStream, spawnServer, startProcess } from '../util/process';
import { freePort, ROOT } from '../util/server';
import { eventually } from '../util/wait';

const TOPIC = 'realestate/contact#add';
const CONFIG = 'test/config/file.json';

/** How a command ended. */
interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command of the server, in a folder and an environment. */
async function command(args: readonly string[], cwd = ROOT, env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve): void => {
    execFile(process.execPath, [ join(ROOT, 'bin/server.js'), ...args ], { cwd, env: { ...environment(), ...env }}, (error, out, err): void =>
      resolve({ code: error ? Number(error.code) : 0, out, err }));
  });
}

/** What a refusal has to be: one line for a person, that names no class and no place in the code. */
function expectSentence({ code, err, out }: Outcome, expected: RegExp, exit = 1): void {
  expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: exit, out: '', lines: 1 });
  expect(err).toMatch(expected);
  expect(err).not.toMatch(/\n\s+at |node:internal|\.js:\d+|urn:solid|Error:/u);
}

/** The rows of a query on a store, which may be in use. */
function rows<T>(data: string, sql: string): T[] {
  const db = new Database(join(data, '.events/events.sqlite'), { readonly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
}

describe('An operator', (): void => {
  let folder: string;
  let data: string;
  let port: number;
  let baseUrl: string;
  let server: ServerProcess;
  let flat: { config: readonly string[]; modules: string };
  let seedConfig: string;
  let producer: TestAgent;
  let user: TestAgent;
  let subscriber: TestAgent;
  let stream: PublishStream;
  const agents: TestAgent[] = [];

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-operator-'));
    data = join(folder, 'data');
    flat = await flatten(CONFIG);
    port = await freePort();
    seedConfig = await seedFile(folder, [ 'producer', 'user', 'subscriber' ]);
    server = await startProcess({ ...flat, port, data, seedConfig });
    baseUrl = server.baseUrl;
    producer = await logIn(baseUrl, 'producer', 'Bearer');
    user = await logIn(baseUrl, 'user', 'Bearer');
    subscriber = await logIn(baseUrl, 'subscriber', 'Bearer');
    agents.push(producer, user, subscriber);
    await grant(user, `${user.pod}topics/realestate/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
    const response = await subscriber.fetch(`${user.pod}subscriptions/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'realestate/*', inbox: subscriber.inbox }),
    });
    expect(response.status).toBe(201);
    stream = new PublishStream(producer, [ user.webId ], TOPIC);
  });

  afterAll(async(): Promise<void> => {
    await Promise.all(agents.map(async(agent): Promise<void> => agent.logout()));
    await killAll();
    await rm(folder, { recursive: true, force: true });
  });

  const holder = (): RegExp => new RegExp(`in use by process ${pid()}, started 20\\d\\d-[^ ]+Z\\. Stop that process`, 'u');
  const pid = (): number => (JSON.parse(readFileSync(join(data, '.events/lock.json'), 'utf8')) as { pid: number }).pid;

  it('F1: cannot start a second server on a folder, nor change it beside a server; the first one goes on.', async(): Promise<void> => {
    const start = [ '-c', CONFIG, '-m', '.', '-f', data ];
    expectSentence(await command([ ...start, '-p', `${await freePort()}` ]), holder());
    expectSentence(await command([ ...start, '-p', `${await freePort()}`, '-b', baseUrl ]), holder());
    expectSentence(await command([ 'move', '--from', baseUrl, '--to', 'http://other.example/', '-f', data ]), holder());
    const backup = join(folder, 'locked');
    expect((await command([ 'backup', backup, '-f', data, '--events-only' ])).code).toBe(0);
    expectSentence(await command([ 'restore', backup, '-f', data, '--force' ]), holder());
    const check = await command([ 'check', '-f', data, '--json' ]);
    expect([ check.code, JSON.parse(check.out) ]).toEqual([ 0, expect.objectContaining({ isRunning: true, problems: [], baseUrl }) ]);
    expect(JSON.parse(check.out).process.pid).toBe(pid());
    await stream.publish();
    expect(stream.acknowledged).toHaveLength(1);
  });

  it('F1: is told the same where only the server itself can read the configuration.', async(): Promise<void> => {
    const expected = holder();
    const second = spawnServer({ ...flat, port: await freePort(), data, logLevel: 'error' });
    const { code } = await second.exit;
    expectSentence({ code: code!, err: second.output(), out: '' }, expected);
    expect((await fetch(user.webId)).status).toBe(200);
  });

  it('F3: backs a server up and restores it under load, without losing what was acknowledged before.', async(): Promise<void> => {
    stream.start(4);
    await eventually(async(): Promise<true | undefined> => stream.acknowledged.length > 10 || undefined, 60_000);
    const before = stream.acknowledged.flatMap(({ ids }): readonly string[] => ids!);
    const backup = join(folder, 'backup');
    const made = await command([ 'backup', backup, '-f', data ]);
    const count = stream.acknowledged.length;
    await eventually(async(): Promise<true | undefined> => stream.acknowledged.length > count + 3 || undefined, 60_000);
    await server.kill('SIGKILL');
    await stream.stop();
    expect([ made.code, made.err ]).toEqual([ 0, '' ]);
    expect(made.out).toMatch(/accounts, logins and keys of the server \(\.internal\/\): [1-9]\d* files/u);
    expect(made.out).toContain('Not included:');
    const manifest = JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ format: 1, baseUrl, isWhole: true, counts: { pods: 3 }});
    expect(manifest.counts.events).toBeGreaterThanOrEqual(before.length);

    const other = join(folder, 'restored');
    expect(await command([ 'restore', backup, '-f', other ])).toMatchObject({ code: 0, err: '' });
    expectSentence(await command([ 'restore', backup, '-f', other ]), /is not empty .*--force/u);
    server = await startProcess({ ...flat, port, data: other });
    const events = rows<{ id: string; members: string; bytes: number }>(other, 'SELECT lower(hex(uuid)) AS id, members, bytes FROM events');
    const known = new Set(events.map(({ id }): string => id));
    expect(before.filter((url): boolean => !known.has(url.split('/').at(-1)!.replaceAll('-', '')))).toEqual([]);
    const sent = new Map(stream.attempts.flatMap(({ data: items }) => items).map((item) => [ `${item.request} ${item.place}`, item ]));
    for (const { members } of events) {
      const { request, place } = JSON.parse(readMembers({ members }).data!);
      expect(JSON.parse(readMembers({ members }).data!)).toEqual(sent.get(`${request} ${place}`));
    }
    // The owner logs in with the account of before, and reads over HTTP.
    const again = await logIn(baseUrl, 'producer', 'Bearer');
    agents.push(again);
    const read = await again.fetch(before.at(-1)!);
    expect([ read.status, (await read.json()).id ]).toEqual([ 200, before.at(-1) ]);
    await eventually(async(): Promise<true | undefined> => rows(other, 'SELECT 1 FROM forwards').length === 0 || undefined, 60_000);
    const [{ copies }] = rows<{ copies: number }>(other, `SELECT COUNT(*) AS copies FROM entries WHERE container = (SELECT id FROM containers WHERE url = '${subscriber.inbox}')`);
    expect(copies).toBe(events.length);
    await expect(server.kill('SIGTERM')).resolves.toEqual({ code: 0, signal: null });
    expect((await command([ 'check', '--full', '-f', other ])).out).toContain('No problems found');
  });

  it('F1: finds the folder free after the server was killed.', async(): Promise<void> => {
    const check = await command([ 'check', '-f', data, '--full', '--json' ]);
    expect([ check.code, JSON.parse(check.out) ]).toEqual([ 0, expect.objectContaining({ isRunning: false, process: null, problems: []}) ]);
  });

  it('F2: cannot start with another base URL by mistake, and moves the store on purpose without losing what waits.', async(): Promise<void> => {
    const store = new SqliteEventStore(new SqliteSession(data));
    await store.open();
    const text = `{ "see": "${baseUrl}user/", "n": 1.50 }`;
    const draft = { recipients: [ user.webId, 'https://else.example/#me' ], sources: [], topic: TOPIC, data: text };
    const event: Event = await createEvent(draft, producer.pod, producer.webId, new ContextLoader());
    await store.accept([{ event, forwards: [{ pod: user.pod, inbox: user.inbox }]}]);
    await store.close();
    const hash = async(): Promise<string> => createHash('sha256').update(await readFile(join(data, '.events/events.sqlite'))).digest('hex');
    const before = await hash();
    const newPort = await freePort();
    const to = `http://localhost:${newPort}/`;
    const refused = await command([ '-c', CONFIG, '-m', '.', '-f', data, '-p', `${newPort}` ]);
    expectSentence(refused, /belongs to the base URL http.*and this server has http.*solid-pod-events-server move --from/u);
    expect(refused.err).toContain(baseUrl);
    expect(refused.err).toContain(to);
    const dry = await command([ 'move', '--from', baseUrl, '--to', to, '-f', data, '--dry-run' ]);
    expect([ dry.code, await hash() ]).toEqual([ 0, before ]);
    expectSentence(await command([ 'move', '--from', 'http://localhost:1/', '--to', to, '-f', data ]), /belongs to the base URL/u);

    // The first run is killed wherever it is by then; the second one ends it.
    const first = spawn(process.execPath, [ join(ROOT, 'bin/server.js'), 'move', '--from', baseUrl, '--to', to, '-f', data ], { cwd: ROOT, env: environment() });
    const ended = new Promise((resolve): unknown => first.on('close', resolve));
    await eventually(async(): Promise<true | undefined> => existsSync(join(data, '.events/lock.json')) || undefined, 60_000);
    first.kill('SIGKILL');
    await ended;
    const moved = await command([ 'move', '--from', baseUrl, '--to', to, '-f', data ]);
    if (moved.code !== 0) {
      // It had just ended.
      expect(moved.err).toContain(`belongs to the base URL ${to}`);
    } else {
      expect(moved.out).toMatch(/access control \(\.acl, \.acr\)[\s\S]*WebID of this server becomes http/u);
    }
    // What the command says is not moved.
    for (const name of await readdir(data, { recursive: true })) {
      if (!name.startsWith('.events') && /(?:\.acl|\.acr|\.meta|\.ttl|\.json)$/u.test(name)) {
        const path = join(data, name);
        await writeFile(path, (await readFile(path, 'utf8')).replaceAll(baseUrl, to));
      }
    }
    server = await startProcess({ ...flat, port: newPort, data });
    const inbox = subscriber.inbox.replace(baseUrl, to);
    await eventually(async(): Promise<true | undefined> => rows(data, 'SELECT 1 FROM forwards').length === 0 || undefined, 60_000);
    expect(rows(data, `
      SELECT 1 FROM entries n JOIN containers c ON c.id = n.container JOIN events e ON e.id = n.event
      WHERE c.url = '${inbox}' AND lower(hex(e.uuid)) = '${event.id.replaceAll('-', '')}'
    `)).toHaveLength(1);
    const [{ members }] = rows<{ members: string }>(data, `SELECT members FROM events WHERE lower(hex(uuid)) = '${event.id.replaceAll('-', '')}'`);
    const read = readMembers({ members });
    expect(read.data).toBe(text);
    expect(read.values).toMatchObject({
      id: `${to}producer/publish/${event.id}`,
      origin: `${to}producer/`,
      publisher: producer.webId.replace(baseUrl, to),
      recipient: [ user.webId.replace(baseUrl, to), 'https://else.example/#me' ],
    });
    await expect(server.kill('SIGTERM')).resolves.toEqual({ code: 0, signal: null });
  });

  it('F3: is told of a store that lost its write-ahead log, or is missing, and never gets a new one in its place.', async(): Promise<void> => {
    const lost = join(folder, 'lost');
    await mkdir(join(lost, '.events'), { recursive: true });
    const args = [ '-c', CONFIG, '-m', '.', '-f', lost, '-p', `${await freePort()}` ];
    await writeFile(join(lost, '.events/events.sqlite'), '');
    expectSentence(await command(args), /is empty: its data was in the file events\.sqlite-wal.*Restore a backup/u);
    await rm(join(lost, '.events/events.sqlite'));
    await writeFile(join(lost, '.events/store.json'), '{"id":"1","created":"2026-01-01T00:00:00.000Z","events":3}');
    expectSentence(await command(args), /is missing.*2026-01-01.*Restore a backup.*delete store\.json/u);
    await writeFile(join(lost, '.events/events.sqlite'), 'no database at all'.repeat(1_000));
    expectSentence(await command(args), /cannot be read: file is not a database\. Restore a backup/u);
    expect(readdirSync(join(lost, '.events')).filter((name): boolean => /^events/u.test(name))).toEqual([ 'events.sqlite' ]);
    expect((await command([ 'check', '-f', lost ])).code).toBe(1);
  });

  it('F5: is told each mistake in one sentence, before the server is loaded.', async(): Promise<void> => {
    const own = join(folder, 'mistakes');
    await mkdir(own);
    await writeFile(join(own, 'broken.json'), '{');
    await writeFile(join(own, 'import.json'), JSON.stringify({ import: [ 'css:config/no-such.json' ]}));
    await writeFile(join(own, 'file'), '');
    const busy = createServer();
    await new Promise<void>((resolve): unknown => busy.listen(0, 'localhost', resolve));
    const { port: used } = busy.address() as { port: number };
    const free = `${await freePort()}`;
    try {
      const usage: [ readonly string[], RegExp ][] = [
        [[ '--prot', '1' ], /Unknown option --prot\. Did you mean --port\?/u ],
        [[ '--eventAllow=::1\/128' ], /Unknown option --event-?[aA]llow\. Did you mean --eventsAllow\?/u ],
        [[ '-p' ], /-p needs a value/u ],
        [[ '-p', 'http' ], /Invalid --port/u ],
        [[ '-p', '99999' ], /Invalid --port/u ],
        [[ '-p', free, '-p', '2' ], /--port \(-p\) is given more than once/u ],
        [[ '--workers', '2' ], /--workers: a server with events runs in one process/u ],
        [[ '-b', 'localhost:3000' ], /Invalid --baseUrl/u ],
        [[ '-l', 'loud' ], /Invalid --loggingLevel/u ],
        [[ '--eventsAllow', '0.0.0.0/0' ], /Invalid --eventsAllow/u ],
        [[ '--eventsMetrics', 'here' ], /Invalid --eventsMetrics/u ],
        [[ 'restart' ], /Unknown command "restart"\. Did you mean restore\?/u ],
        [[ 'backup' ], /Missing argument: folder/u ],
        [[ 'move', '--from', 'http://a/' ], /Missing option --to/u ],
        [[ 'check', '--fast' ], /Unknown option --fast/u ],
      ];
      const failures: [ readonly string[], RegExp ][] = [
        [[ '-p', `${used}`, '-f', 'data' ], new RegExp(`Port ${used} is in use.*--port`, 'u') ],
        [[ '-p', free, '-f', 'file' ], /is a file.*--rootFilePath/u ],
        [[ '-p', free, '--seedConfig', 'nothing.json' ], /--seedConfig cannot be read/u ],
        [[ '-c', 'nothing.json' ], /nothing\.json does not exist/u ],
        [[ '-c', 'broken.json' ], /broken\.json is not valid JSON/u ],
        [[ '-c', 'import.json' ], /no-such\.json, which .*import\.json imports, does not exist/u ],
        [[ 'restore', 'nowhere' ], /There is no backup at/u ],
        [[ 'backup', 'b', '-f', 'data' ], /There is no event store at/u ],
      ];
      for (const [ args, expected ] of usage) {
        expectSentence(await command(args, own), expected, 2);
      }
      for (const [ args, expected ] of failures) {
        expectSentence(await command(args, own), expected);
      }
      expectSentence(await command([], own, { CSS_EVENT_ALLOW: '::1/128' }), /Unknown environment variable CSS_EVENT_ALLOW\. Did you mean CSS_EVENTS_ALLOW\?/u, 2);
      expectSentence(await command([], own, { CSS_PORT: `${used}` }), new RegExp(`Port ${used} is in use`, 'u'));
      const help = await command([ '--help' ], own);
      expect([ help.code, help.err ]).toEqual([ 0, '' ]);
      expect(help.out).toMatch(/--eventsAllow[\s\S]*--eventsMetrics[\s\S]*move --from[\s\S]*backup[\s\S]*restore[\s\S]*check/u);
      expect(existsSync(join(own, 'data'))).toBe(false);
    } finally {
      busy.close();
    }
  });

  it('F6: builds only what has changed, never deletes first, and one build waits for another.', async(): Promise<void> => {
    const own = join(folder, 'clone');
    await mkdir(join(own, 'src'), { recursive: true });
    await cp(join(ROOT, 'scripts/build.js'), join(own, 'scripts/build.js'));
    await symlink(join(ROOT, 'node_modules'), join(own, 'node_modules'));
    await writeFile(join(own, 'tsconfig.build.json'), JSON.stringify({
      compilerOptions: { target: 'es2022', module: 'node16', strict: true, rootDir: 'src', outDir: 'dist', types: []}, include: [ 'src' ],
    }));
    const build = async(): Promise<string> => (await promisify(execFile)(process.execPath, [ 'scripts/build.js' ], { cwd: own })).stdout;
    const state = (): string[] => readdirSync(join(own, 'dist')).filter((name): boolean => name.endsWith('.js')).sort();
    const inodes = async(): Promise<string> => (await promisify(execFile)('ls', [ '-i', join(own, 'dist') ])).stdout;
    await writeFile(join(own, 'src/a.ts'), 'export const a = 1;\n');
    await writeFile(join(own, 'src/b.ts'), 'export const b = 1;\n');
    expect((await Promise.all([ build(), build() ])).sort()).toEqual([ '', 'Building dist\n' ]);
    expect(state()).toEqual([ 'a.js', 'b.js' ]);
    const before = await inodes();
    await expect(build()).resolves.toBe('');
    await expect(inodes()).resolves.toBe(before);
    // What does not compile leaves all as it was.
    await writeFile(join(own, 'src/a.ts'), 'export const a: string = 1;\n');
    await expect(build()).rejects.toThrow();
    await expect(inodes()).resolves.toBe(before);
    await rm(join(own, 'src/b.ts'));
    await writeFile(join(own, 'src/a.ts'), 'export const a = 2;\n');
    await build();
    expect(state()).toEqual([ 'a.js' ]);
    expect(readFileSync(join(own, 'dist/a.js'), 'utf8')).toContain('a = 2');
    // A file that somebody removed is made again.
    await rm(join(own, 'dist/a.js'));
    await build();
    expect([ state(), readdirSync(own).filter((name): boolean => /^\.dist-\d/u.test(name)) ]).toEqual([[ 'a.js' ], []]);
  });
});

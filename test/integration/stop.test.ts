import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { WebSocket } from 'ws';
import { ContextLoader } from '../../src/event/ContextLoader';
import { createEvent } from '../../src/event/EventDocument';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn, seedFile } from '../util/accounts';
import { flatten } from '../util/flat';
import type { ProcessOptions, ServerProcess } from '../util/process';
import { killAll, PublishStream, spawnServer, startProcess, untilReady } from '../util/process';
import { members } from '../util/scene';
import { freePort } from '../util/server';
import { eventually } from '../util/wait';

const TOPIC = 'realestate/contact#add';

/** The ids of what a container holds, by LDP. */
async function idsIn(container: string, agent: TestAgent): Promise<string[]> {
  return (await members(agent, container)).map((url): string => url.split('/').at(-1)!).sort();
}

describe('A server that is stopped', (): void => {
  let folder: string;
  let file: string;
  let options: ProcessOptions;
  let server: ServerProcess;
  let producer: TestAgent;
  let user: TestAgent;
  let subscriber: TestAgent;

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-stop-'));
    file = join(folder, 'data/.events/events.sqlite');
    options = {
      ...await flatten('config/examples/start-loopback.json'),
      port: await freePort(),
      data: join(folder, 'data'),
      seedConfig: await seedFile(folder, [ 'producer', 'user', 'subscriber' ]),
    };
    server = await startProcess(options);
    producer = await logIn(server.baseUrl, 'producer', 'Bearer');
    user = await logIn(server.baseUrl, 'user', 'Bearer');
    subscriber = await logIn(server.baseUrl, 'subscriber', 'Bearer');
    await grant(user, `${user.pod}topics/realestate/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
  });

  afterAll(async(): Promise<void> => {
    await Promise.all([ producer, user, subscriber ].map(async(agent): Promise<void> => agent.logout()));
    await killAll();
    await rm(folder, { recursive: true, force: true });
  });

  async function subscriptions(): Promise<unknown> {
    return (await user.fetch(`${user.pod}subscriptions/`)).json();
  }

  function count(sql: string): number {
    const db = new Database(file, { readonly: true });
    try {
      return db.prepare(`SELECT COUNT(*) ${sql}`).pluck().get() as number;
    } finally {
      db.close();
    }
  }

  /** Listens, over a WebSocket, for what arrives in the subscriber's inbox. */
  async function listen(): Promise<WebSocket> {
    const response = await subscriber.fetch(`${server.baseUrl}.notifications/WebSocketChannel2023/`, {
      method: 'POST',
      headers: { 'content-type': 'application/ld+json' },
      body: JSON.stringify({
        '@context': [ 'https://www.w3.org/ns/solid/notification/v1' ],
        type: 'http://www.w3.org/ns/solid/notifications#WebSocketChannel2023',
        topic: subscriber.inbox,
      }),
    });
    const { receiveFrom } = await response.json();
    const socket = new WebSocket(receiveFrom);
    await once(socket, 'open');
    return socket;
  }

  it('has printed where it is, and the endpoints of each pod.', async(): Promise<void> => {
    expect(server.output()).toContain(`Solid server with events at ${server.baseUrl}\n`);
    for (const { pod } of [ producer, user, subscriber ]) {
      const lines = [ `publish         POST ${pod}publish/`, `external event  POST ${pod}__event`,
        `subscribe       POST ${pod}subscriptions/`, `inbox           GET  ${pod}inbox/` ];
      expect(server.output()).toContain(`\n  ${pod}\n    ${lines.join('\n    ')}\n`);
    }
  });

  it.each([ 'SIGTERM', 'SIGINT' ] as const)('keeps every acknowledged event when %s comes amid a stream of publishes.', async(signal): Promise<void> => {
    const response = await subscriber.fetch(`${user.pod}subscriptions/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'realestate/*', inbox: subscriber.inbox }),
    });
    expect(response.status).toBe(201);
    const followed = await subscriptions();
    const stream = new PublishStream(producer, [ user.webId ], TOPIC);
    stream.start(6);
    await eventually(async(): Promise<true | undefined> => stream.acknowledged.length > 20 || undefined);
    const began = Date.now();
    const exit = await server.kill(signal);
    const duration = Date.now() - began;
    await stream.stop();
    expect(exit).toEqual({ code: 0, signal: null });
    // It has stopped in order, within its own limit.
    await expect(readFile(`${file}-wal`)).rejects.toThrow('ENOENT');
    process.stdout.write(`${signal}: ended after ${duration} ms, ${stream.acknowledged.length} requests acknowledged\n`);

    server = await startProcess(options);
    await eventually(async(): Promise<true | undefined> => count('FROM forwards') === 0 || undefined);
    const published = await idsIn(`${producer.pod}publish/`, producer);
    const acknowledged = stream.acknowledged.flatMap(({ ids }): readonly string[] => ids!);
    expect(published).toEqual(expect.arrayContaining(acknowledged.map((url): string => url.split('/').at(-1)!)));
    await expect(idsIn(subscriber.inbox, subscriber)).resolves.toEqual(published);
    await expect(idsIn(user.inbox, user)).resolves.toEqual(published);
    expect(count('FROM entries')).toBe(3 * published.length);
    await expect(subscriptions()).resolves.toEqual(followed);
  });

  it('goes on, after the next start, with a fan-out that it had not finished.', async(): Promise<void> => {
    await server.kill('SIGTERM');
    const store = new SqliteEventStore(new SqliteSession(options.data));
    await store.open();
    const draft = { recipients: [ user.webId ], sources: [], topic: TOPIC, data: '{"name":"Bruce Wayne"}' };
    const event = await createEvent(draft, producer.pod, producer.webId, new ContextLoader());
    await store.accept([{ event, forwards: [{ pod: user.pod, inbox: user.inbox }]}]);
    await store.close();
    server = await startProcess(options);
    for (const { inbox, fetch } of [ user, subscriber ]) {
      const copy = await eventually(async(): Promise<Response | undefined> => {
        const response = await fetch(`${inbox}${event.id}`);
        return response.ok ? response : undefined;
      });
      await expect(copy.json()).resolves.toMatchObject({ publisher: producer.webId, data: { name: 'Bruce Wayne' }});
    }
  });

  it('answers nothing any more, and leaves a database of one file, though somebody listens.', async(): Promise<void> => {
    const socket = await listen();
    const closed = new Promise((resolve): unknown => socket.on('close', resolve));
    await expect(server.kill('SIGTERM')).resolves.toEqual({ code: 0, signal: null });
    await closed;
    await expect(fetch(server.baseUrl)).rejects.toThrow('fetch failed');
    await expect(readFile(`${file}-wal`)).rejects.toThrow('ENOENT');
  });

  it.each([ 'WAL', 'DELETE' ])('does not start on a database of a newer schema, and leaves it as it was (journal mode %s).', async(mode): Promise<void> => {
    await server.kill('SIGTERM');
    const db = new Database(file);
    const version = db.pragma('user_version', { simple: true }) as number;
    db.pragma(`journal_mode = ${mode}`);
    db.pragma('user_version = 999');
    db.close();
    const hash = async(): Promise<string> => createHash('sha256').update(await readFile(file)).digest('hex');
    const before = await hash();
    const refused = spawnServer(options);
    const { code, signal } = await refused.exit;
    expect([ code, signal ]).toEqual([ 1, null ]);
    expect(refused.output()).toContain(file);
    expect(refused.output()).toMatch(/newer version.*\b999\b.*knows \d+ at most/u);
    await expect(hash()).resolves.toBe(before);

    const restored = new Database(file);
    restored.pragma(`user_version = ${version}`);
    restored.close();
    server = await untilReady(spawnServer(options));
    await expect(idsIn(subscriber.inbox, subscriber)).resolves.not.toEqual([]);
  });
});

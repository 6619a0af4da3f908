import { closeSync, cpSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { parse, v7 } from 'uuid';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { createApiKey, logIn } from '../util/accounts';
import { amount } from '../util/effort';
import { flatten } from '../util/flat';
import type { HostileScene } from '../util/hostile';
import { startHostileScene } from '../util/hostile';
import type { ServerProcess } from '../util/process';
import { killAll, spawnServer } from '../util/process';
import { members, post } from '../util/scene';
import { eventually } from '../util/wait';

const CONFIG = 'test/config/file.json';
const HOUR = 60 * 60_000;
/** Maximum time of a start, in milliseconds, on a machine with much else to do. */
const START_LIMIT = 300_000;

jest.setTimeout(2 * START_LIMIT);

interface Ready { status: string; store: { writable: boolean; integrity: string }; fanOut: object; deliveries: object }

const sleep = async(milliseconds: number): Promise<void> => new Promise((resolve): void => {
  setTimeout(resolve, milliseconds);
});

describe('A server whose database is abused', (): void => {
  let scene: HostileScene;
  let server: ServerProcess;
  let producer: TestAgent;
  let user: TestAgent;
  let subscriber: TestAgent;
  let baseUrl: string;
  let files: { events: string; replays: string };
  let published: () => Promise<Response>;

  /** Holds the write lock of a database as another process does, while some work is done. */
  const whileLocked = async<T>(file: string, work: () => Promise<T>): Promise<T> => {
    const other = new Database(file);
    other.pragma('busy_timeout = 5000');
    other.exec('BEGIN IMMEDIATE');
    try {
      return await work();
    } finally {
      other.exec('ROLLBACK');
      other.close();
    }
  };
  const ready = async(): Promise<{ status: number; body: Ready }> => {
    const response = await fetch(`${baseUrl}.events/ready`);
    return { status: response.status, body: await response.json() as Ready };
  };
  const start = async(): Promise<void> => {
    const { port } = new URL(baseUrl);
    server = spawnServer({ ...await flatten(CONFIG), port: Number(port), data: scene.data, logLevel: 'info' });
    await eventually(async(): Promise<true | undefined> => fetch(baseUrl).then((): true => true, (): undefined => undefined),
      START_LIMIT);
  };

  beforeAll(async(): Promise<void> => {
    scene = await startHostileScene(CONFIG);
    ({ server, producer, user, subscriber } = scene);
    ({ baseUrl } = server);
    files = { events: join(scene.data, '.events/events.sqlite'), replays: join(scene.data, '.events/replays.sqlite') };
    published = async(): Promise<Response> =>
      post(producer.fetch, `${producer.pod}publish/`, { recipient: user.webId, topic: 'a/b#c', data: { at: 1 }});
    // Each pod is set up, and each token known.
    expect((await published()).status).toBe(201);
    expect((await user.fetch(user.inbox)).status).toBe(200);
  });

  afterAll(async(): Promise<void> => {
    await scene.end();
    await killAll();
  });

  it('tells load balancers that it is alive and ready, without credentials.', async(): Promise<void> => {
    for (const [ name, body ] of [
      [ 'health', { status: 'alive' }],
      [ 'ready', {
        status: 'ready',
        store: { writable: true, integrity: 'unchecked' },
        fanOut: { running: true, waiting: expect.any(Number), oldestDueSeconds: expect.any(Number) },
        deliveries: { running: true, waiting: 0, oldestDueSeconds: 0 },
      }],
    ] as const) {
      const response = await fetch(`${baseUrl}.events/${name}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toEqual(body);
      const head = await fetch(`${baseUrl}.events/${name}`, { method: 'HEAD' });
      expect([ head.status, await head.text() ]).toEqual([ 200, '' ]);
      expect((await fetch(`${baseUrl}.events/${name}`, { method: 'POST' })).status).toBe(405);
    }
  });

  describe('A6: while another process holds the write lock', (): void => {
    it('serves reads, and answers writes with 503 and Retry-After.', async(): Promise<void> => {
      const group = `${user.pod}group`;
      await user.fetch(group, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body: `
        <#g> <http://www.w3.org/2006/vcard/ns#hasMember> <${subscriber.webId}>.` });
      await user.fetch(`${user.pod}shared/x`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'x' });
      await grant(user, `${user.pod}shared/`, { public: [ 'Read' ], [`group:${group}#g`]: [ 'Read', 'Write' ]});
      const acl = await (await user.fetch(`${user.pod}shared/.acl`)).text();
      const { key } = await createApiKey(baseUrl, producer.webId);
      const [ copy ] = await members(user, user.inbox);
      const { result, answered, failures, turns } = await scene.during(async() => whileLocked(files.events, async() => {
        const writes = await Promise.all([
          published(),
          fetch(`${producer.pod}publish/`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
            body: JSON.stringify({ recipient: user.webId, topic: 'a/b#c', data: { at: 1 }}),
          }),
          post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'a/*', inbox: subscriber.inbox }),
          user.fetch(copy, { method: 'DELETE' }),
          grant(user, `${user.pod}shared/`, { public: [ 'Read' ]}).catch((error: unknown): unknown => error),
        ]);
        const reads = await Promise.all([
          fetch(baseUrl), fetch(user.webId), fetch(`${user.pod}shared/x`), subscriber.fetch(`${user.pod}shared/x`),
          user.fetch(user.inbox), user.fetch(copy), user.fetch(`${user.pod}deliveries/`), fetch(`${baseUrl}.events/health`),
        ]);
        return { writes, reads, ready: await ready() };
      }));
      const [ changed, ...writes ] = result.writes.reverse() as [unknown, ...Response[]];
      expect(writes.map(({ status, headers }): unknown[] => [ status, Number(headers.get('retry-after')) > 0 ]))
        .toEqual(writes.map((): unknown[] => [ 503, true ]));
      expect(String(changed)).toContain('503');
      expect(result.reads.map(({ status }): number => status)).toEqual(result.reads.map((): number => 200));
      expect(result.ready).toMatchObject({ status: 503, body: { status: 'unavailable', store: { writable: false }}});
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(10);
      // An idle event loop makes 200 of these turns in a second, and the work takes more than four.
      expect(turns).toBeGreaterThan(100);
      // Nothing was changed, and everything can be done again.
      expect(await (await user.fetch(`${user.pod}shared/.acl`)).text()).toBe(acl);
      expect((await published()).status).toBe(201);
      expect((await user.fetch(copy, { method: 'DELETE' })).status).toBe(205);
      await eventually(async(): Promise<true | undefined> => (await ready()).status === 200 || undefined);
    });

    it('makes a write wait that can be made soon.', async(): Promise<void> => {
      const { waiting, wasAnswered } = await whileLocked(files.events, async() => {
        let isAnswered = false;
        const response = published().finally((): unknown => isAnswered = true);
        await sleep(1_000);
        return { waiting: response, wasAnswered: isAnswered };
      });
      expect(wasAnswered).toBe(false);
      expect((await waiting).status).toBe(201);
    });

    it('does the same for the proofs that were used.', async(): Promise<void> => {
      const agent = await logIn(baseUrl, 'producer');
      const event = { recipient: user.webId, topic: 'a/b#c', data: { at: 1 }};
      const { result, failures, turns } = await scene.during(async() => whileLocked(files.replays, async() =>
        post(agent.fetch, `${producer.pod}publish/`, event)));
      expect([ result.status, Number(result.headers.get('retry-after')) > 0 ]).toEqual([ 503, true ]);
      expect(failures).toEqual([]);
      expect(turns).toBeGreaterThan(100);
      expect((await post(agent.fetch, `${producer.pod}publish/`, event)).status).toBe(201);
      await agent.logout();
    });
  });

  /** Entries of the largest inbox. */
  const COUNT = amount(100_000, 40_000);

  describe(`A10: with ${COUNT} entries in an inbox`, (): void => {
    beforeAll(async(): Promise<void> => {
      const db = new Database(files.events);
      db.pragma('busy_timeout = 5000');
      const container = db.prepare('SELECT id FROM containers WHERE url = ?').pluck().get(user.inbox);
      const pod = db.prepare('SELECT id FROM pods WHERE url = ?').pluck().get(producer.pod);
      const context = db.prepare('SELECT id FROM contexts LIMIT 1').pluck().get();
      const event = db.prepare('INSERT INTO events (uuid, pod, topic, published, context, members, bytes) ' +
        'VALUES (?, ?, \'a/b#c\', ?, ?, \'{}\', 300)');
      const entry = db.prepare('INSERT INTO entries (container, event) VALUES (?, ?)');
      for (let at = 0; at < COUNT; at += 5_000) {
        db.transaction((): void => {
          for (let index = 0; index < 5_000; index += 1) {
            entry.run(container, event.run(parse(v7()), pod, Date.now(), context).lastInsertRowid);
          }
        }).immediate();
        await sleep(5);
      }
      db.close();
    });

    it.each([
      [ 'text/turtle', /^<> ldp:contains/gmu ],
      [ 'application/ld+json', /"http:\/\/www.w3.org\/ns\/ldp#contains"/gu ],
      [ 'application/n-triples', /ldp#contains>/gu ],
      [ 'text/html', /<li>/gu ],
    ])('lists them as %s beside others.', async(accept, pattern): Promise<void> => {
      const { result, answered, failures, turns } = await scene.during(async(): Promise<string> => {
        const response = await user.fetch(user.inbox, { headers: { accept }});
        expect(response.status).toBe(200);
        return response.text();
      });
      expect(result.match(pattern)!.length).toBeGreaterThanOrEqual(COUNT);
      // One that got no answer in 10 seconds, on a machine with much else to do, is none that was refused.
      expect(failures.filter((status): boolean => status !== 0)).toEqual([]);
      expect(answered).toBeGreaterThan(COUNT / 10_000);
      expect(turns).toBeGreaterThan(COUNT / 2_000);
    });

    it('lets go of readers that leave, or do not read, and ends them when it stops.', async(): Promise<void> => {
      const { authorization } = await new Promise<Record<string, string>>((resolve): void => {
        // The token of the owner, as its session sends it.
        const echo = createServer((request, response): void => {
          response.end();
          echo.close();
          resolve(request.headers as Record<string, string>);
        }).listen(0, '127.0.0.1', (): unknown => user.fetch(`http://127.0.0.1:${(echo.address() as { port: number }).port}/`));
      });
      const open = async(accept: string): Promise<IncomingMessage> => new Promise((resolve, reject): void => {
        get(user.inbox, { headers: { accept, authorization }}, (response): void => {
          response.once('readable', (): void => resolve(response));
        }).on('error', reject);
      });
      const types = [ 'text/turtle', 'application/ld+json', 'application/n-triples', 'text/html', 'application/rdf+xml' ];
      const { failures, answered, rss } = await scene.during(async(): Promise<void> => {
        for (let round = 0; round < 4; round += 1) {
          for (const response of await Promise.all(types.slice(0, 4).map(open))) {
            response.destroy();
          }
        }
        // These are still open when the server is stopped, below.
        await Promise.all(types.slice(0, 4).map(open));
      });
      // One that got no answer in 10 seconds, on a machine with much else to do, is none that was refused.
      expect(failures.filter((status): boolean => status !== 0)).toEqual([]);
      expect(answered).toBeGreaterThan(0);
      expect(rss).toBeGreaterThan(0);
      expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      await start();
      expect((await ready()).body.store.integrity).toBe('unchecked');
      expect(server.output()).toMatch(/solid-pod-events \S+ at http:\S+, listening on .*store .*events\.sqlite, schema \d+; .*metrics off/u);
    });
  });

  describe('after it was killed', (): void => {
    const told: { type: string; object: string }[] = [];
    let receiver: Server;
    let missed: string;

    beforeAll(async(): Promise<void> => {
      receiver = createServer((request, response): void => {
        let text = '';
        request.setEncoding('utf8').on('data', (chunk: string): unknown => text += chunk).on('end', (): void => {
          told.push(JSON.parse(text) as typeof told[0]);
          response.end();
        });
      });
      await new Promise<void>((resolve): unknown => receiver.listen(0, 'localhost', resolve));
      const channel = await post(user.fetch, `${baseUrl}.notifications/WebhookChannel2023/`, {
        '@context': [ 'https://www.w3.org/ns/solid/notification/v1' ],
        type: 'http://www.w3.org/ns/solid/notifications#WebhookChannel2023',
        topic: user.inbox,
        sendTo: `http://localhost:${(receiver.address() as { port: number }).port}/`,
      }, { 'content-type': 'application/ld+json' });
      expect(channel.status).toBe(200);
      expect((await published()).status).toBe(201);
      await eventually(async(): Promise<true | undefined> => told.length > 0 || undefined);
      await server.kill('SIGKILL');
      // As if the kill had come between a step of the fan-out and its notifications; and as if the clock were behind.
      missed = `${user.inbox}${v7()}`;
      const db = new Database(files.events);
      db.prepare('INSERT INTO notices (container, copy) VALUES (?, ?)').run(user.inbox, missed);
      db.prepare('UPDATE events SET published = ?, uuid = ? WHERE id = (SELECT MAX(id) FROM events)')
        .run(Date.now() + HOUR, parse(v7({ msecs: Date.now() + HOUR })));
      db.close();
      told.length = 0;
      await start();
      producer = await logIn(baseUrl, 'producer', 'Bearer');
    });

    afterAll(async(): Promise<void> => {
      receiver.close();
    });

    it('D8: sends the notifications that it had not sent.', async(): Promise<void> => {
      await eventually(async(): Promise<true | undefined> => told.length > 0 || undefined);
      expect(told).toEqual([ expect.objectContaining({ type: 'Add', object: missed }) ]);
      const db = new Database(files.events, { readonly: true });
      await eventually(async(): Promise<true | undefined> =>
        db.prepare('SELECT COUNT(*) FROM notices').pluck().get() === 0 || undefined);
      db.close();
    });

    it('G9: goes on in order of time, whatever its clock says.', async(): Promise<void> => {
      const before = Date.now();
      const { id } = await (await published()).json() as { id: string };
      const event = await (await producer.fetch(id)).json() as { published: string };
      expect(Date.parse(event.published)).toBeGreaterThan(before + HOUR - 60_000);
      const { id: next } = await (await published()).json() as { id: string };
      expect(next > id).toBe(true);
    });

    it('F4: has checked its store.', async(): Promise<void> => {
      await eventually(async(): Promise<true | undefined> =>
        (await ready()).body.store.integrity === 'ok' || undefined, 60_000);
      expect((await ready()).status).toBe(200);
    });
  });

  it('F4: finds a damaged page, and goes on with what can be read.', async(): Promise<void> => {
    await server.kill('SIGKILL');
    const db = new Database(files.events);
    db.pragma('wal_checkpoint(TRUNCATE)');
    const size = db.pragma('page_size', { simple: true }) as number;
    const page = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = \'events\'').pluck().get() as number;
    db.close();
    cpSync(files.events, `${files.events}.whole`);
    const file = openSync(files.events, 'r+');
    writeSync(file, Buffer.alloc(size, 0xFF), 0, size, (page - 1) * size);
    closeSync(file);
    await start();
    await eventually(async(): Promise<true | undefined> =>
      (await ready()).body.store.integrity === 'damaged' || undefined, 60_000);
    expect((await ready()).status).toBe(503);
    expect((await fetch(baseUrl)).status).toBe(200);
    expect((await fetch(`${baseUrl}.events/health`)).status).toBe(200);
    expect((await fetch(user.webId)).status).toBe(200);
    const refused = await published();
    expect([ refused.status, Number(refused.headers.get('retry-after')) > 0 ]).toEqual([ 503, true ]);
    expect(server.output()).toContain('is damaged');
    await server.kill('SIGKILL');
    for (const end of [ '-wal', '-shm' ]) {
      rmSync(`${files.events}${end}`, { force: true });
    }
    cpSync(`${files.events}.whole`, files.events);
  });

  it.each([ 'events', 'replays' ] as const)('G6: does not start with a read-only %s.sqlite.', async(name): Promise<void> => {
    const path = files[name];
    // Opened and closed, nothing is left beside it. Of a later write version than SQLite knows, it may only be read.
    new Database(path).close();
    expect(statSync(path).size).toBeGreaterThan(0);
    const writeVersion = (version: number): void => {
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.from([ version ]), 0, 1, 18);
      closeSync(file);
    };
    writeVersion(3);
    const port = Number(new URL(scene.server.baseUrl).port);
    const refused = spawnServer({ ...await flatten(CONFIG), port, data: scene.data });
    expect((await refused.exit).code).not.toBe(0);
    expect(refused.output()).toContain(`The event store ${path} is read-only`);
    writeVersion(2);
  });
});

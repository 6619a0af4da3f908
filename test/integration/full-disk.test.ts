import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { v7 } from 'uuid';
import { StorageFull } from '../../src/store/StorageFull';
import { SqliteDeliveryStore } from '../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqliteReplayGuard } from '../../src/store-sqlite/SqliteReplayGuard';
import { SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn } from '../util/accounts';
import { LOOPBACK } from '../util/federation';
import type { OtherServer } from '../util/outgoing';
import { startOther } from '../util/outgoing';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';
import { eventually } from '../util/wait';

const TOPIC = 'realestate/contact#add';
const CONFIG = 'test/config/federation.json';
const INBOXES = 1_000;
const TARGETS = 8;
const REFUSAL = 'The server has no room left to store this; nothing was stored, try again later';
/** More than fits in what is free within the pages of the database. */
const LARGE = 'x'.repeat(200_000);

/** The disk of a server: SQLite itself refuses to make the file larger, as it does where the disk is full. */
class Disk {
  public constructor(private readonly session: SqliteSession) {}

  public get db(): Database {
    return (this.session as unknown as { connect: () => { db: Database }}).connect().db;
  }

  /** From now on there is no page more; the bound is never lower than what is there. */
  public fill(): void {
    this.db.pragma('max_page_count = 1');
  }

  public empty(): void {
    this.db.pragma('max_page_count = 4294967294');
  }

  public count(sql: string, ...parameters: unknown[]): number {
    return this.db.prepare(`SELECT COUNT(*) ${sql}`).pluck().get(...parameters) as number;
  }
}

/** How often a method has failed, which is to be about once in a second at most. */
class Failures<T extends object> {
  private readonly begun = performance.now();
  private count = 0;

  public constructor(prototype: T, method: keyof T & string) {
    const original = prototype[method] as (...parameters: unknown[]) => Promise<unknown>;
    const note = (error: unknown): never => {
      this.count += 1;
      throw error;
    };
    jest.spyOn(prototype as any, method).mockImplementation(async function(this: unknown, ...parameters: unknown[]): Promise<unknown> {
      return original.apply(this, parameters).catch(note);
    });
  }

  public async reach(count: number): Promise<void> {
    await eventually(async(): Promise<true | undefined> => this.count >= count || undefined);
    expect(this.count).toBeLessThanOrEqual(1 + (performance.now() - this.begun) / 1_000);
  }
}

describe('A server whose disk is full', (): void => {
  let scene: Scene;
  let producer: TestAgent;
  let user: TestAgent;
  let subscriber: TestAgent;
  let disk: Disk;
  let away: TestServer;
  let friend: TestAgent;
  let awayDisk: Disk;
  let guards: Map<TestServer, SqliteReplayGuard>;
  let sink: OtherServer;
  /** The answers that the sink still owes, if it keeps them back. */
  let held: (() => void)[] | undefined;
  let location: string;

  const publish = async(body: object = {}): Promise<Response> =>
    post(producer.fetch, `${producer.pod}publish/`, { topic: TOPIC, recipient: user.webId, data: { name: 'Ann' }, ...body });

  const idOf = async(response: Response): Promise<string> => {
    expect(response.status).toBe(201);
    return (await response.json() as { id: string }).id;
  };

  /** What the sink got of an event. */
  const arrivals = (id: string): string[] => sink.requests.filter(({ body }): boolean => body.includes(id)).map(({ path }): string => path);

  /** Waits until all is forwarded, delivered and recorded. */
  const settled = async(): Promise<unknown> => eventually(async(): Promise<true | undefined> =>
    disk.count('FROM forwards') + disk.count('FROM deliveries WHERE state = 0') === 0 || undefined);

  const paths = Array.from({ length: TARGETS }, (_, index): string => `/${index}/`);

  beforeAll(async(): Promise<void> => {
    const opened = jest.spyOn(SqliteSession.prototype, 'open');
    const guarded = jest.spyOn(SqliteReplayGuard.prototype, 'open');
    scene = await setScene(CONFIG, { eventsAllow: LOOPBACK });
    ({ producer, user, subscriber } = scene);
    disk = new Disk(opened.mock.contexts.at(-1) as SqliteSession);
    guards = new Map([[ scene.server, guarded.mock.contexts.at(-1) as SqliteReplayGuard ]]);
    away = await startServer(CONFIG, [ 'friend' ], 'localhost', false, { eventsAllow: LOOPBACK });
    awayDisk = new Disk(opened.mock.contexts.at(-1) as SqliteSession);
    opened.mockRestore();
    guarded.mockRestore();
    friend = await logIn(away.baseUrl, 'friend', 'Bearer');
    await grant(friend, `${friend.pod}topics/`, { [producer.webId]: [ 'Append' ]});
    sink = await startOther(({ path }, response: ServerResponse): void => {
      const answer = (): unknown => response.writeHead(201, { location: `${path}${location}` }).end();
      if (held) {
        held.push(answer);
      } else {
        answer();
      }
    });
    location = 'copy';
    const store = new SqliteEventStore((disk as unknown as { session: SqliteSession }).session);
    const follow = async(inbox: string, host?: string): Promise<unknown> => store.addSubscription(
      { id: v7(), pod: user.pod, pattern: 'realestate/*', url: inbox, agent: subscriber.webId, created: Date.now() },
      undefined,
      undefined,
      host === undefined ? undefined : { kind: 'inbox', host },
    );
    // Nothing is copied to a container that does not exist.
    await Promise.all(Array.from({ length: INBOXES }, async(_, index): Promise<unknown> =>
      mkdir(join(scene.server.folder, 'data/subscriber/inboxes', String(index)), { recursive: true })));
    await Promise.all(Array.from({ length: INBOXES }, async(_, index): Promise<unknown> =>
      follow(`${subscriber.pod}inboxes/${index}/`)));
    await Promise.all(paths.map(async(path): Promise<unknown> => follow(`${sink.url}${path.slice(1)}`, new URL(sink.url).host)));
  });

  afterEach((): void => {
    disk.empty();
    awayDisk.empty();
    jest.restoreAllMocks();
  });

  afterAll(async(): Promise<void> => {
    await friend.logout();
    await away.stop();
    await scene.end();
    await sink.stop();
  });

  it('refuses what is new with 507, each endpoint in its form, and still shows what there is.', async(): Promise<void> => {
    const before = await idOf(await publish());
    await settled();
    disk.fill();
    for (const body of [{ data: LARGE }, [{ topic: TOPIC, recipient: user.webId, data: '' }, { topic: TOPIC, recipient: user.webId, data: LARGE }]]) {
      const response = await (Array.isArray(body) ? post(producer.fetch, `${producer.pod}publish/`, body) : publish(body));
      expect([ response.status, await response.json() ]).toEqual([ 507, { error: REFUSAL }]);
    }
    const external = await post(producer.fetch, `${producer.pod}__event`, { Type: 'x', Object: 'x'.repeat(50_000), Info: 'x' });
    expect([ external.status, await external.json() ]).toEqual([ 507, { code: 'PR507-SV-0001', message: { lang: 'en', value: REFUSAL }}]);
    let followed: Response;
    do {
      followed = await post(subscriber.fetch, `${user.pod}subscriptions/`, {
        topic: `realestate/${randomBytes(500).toString('hex')}`, inbox: subscriber.inbox,
      });
    } while (followed.status === 201);
    expect([ followed.status, await followed.json() ]).toEqual([ 507, { error: REFUSAL }]);
    expect(await members(producer, `${producer.pod}publish/`)).toEqual([ before ]);
    expect(await (await producer.fetch(before)).json()).toMatchObject({ id: before, data: { name: 'Ann' }});
    expect((await subscriber.fetch(`${user.pod}subscriptions/`)).status).toBe(200);
    disk.empty();
    const after = await idOf(await publish({ data: LARGE }));
    expect(await members(producer, `${producer.pod}publish/`)).toEqual([ before, after ]);
    await settled();
  });

  it('forwards what it has accepted when there is room again, and does not try without a pause.', async(): Promise<void> => {
    const { accept } = SqliteEventStore.prototype;
    jest.spyOn(SqliteEventStore.prototype, 'accept').mockImplementationOnce(async function(this: SqliteEventStore, events) {
      const accepted = await accept.call(this, events);
      disk.fill();
      return accepted;
    });
    const landing = new Failures(SqliteEventStore.prototype, 'fanOutStep');
    const id = await idOf(await publish());
    await landing.reach(2);
    expect(disk.count('FROM forwards')).toBe(1);
    expect((await members(user, user.inbox)).map((url): string => url.split('/').at(-1)!)).toContain(id.split('/').at(-1));
    disk.empty();
    await settled();
    expect(disk.count('FROM entries WHERE event = (SELECT MAX(id) FROM events)')).toBe(INBOXES + 2);
    expect(arrivals(id).sort()).toEqual(paths);
  });

  it('records what it has delivered when there is room again, and until then sends nothing twice.', async(): Promise<void> => {
    held = [];
    location = LARGE.slice(0, 1_900);
    const id = await idOf(await publish());
    await eventually(async(): Promise<true | undefined> => (held!.length > 0 && disk.count('FROM forwards') === 0) || undefined);
    disk.fill();
    const finishing = new Failures(SqliteDeliveryStore.prototype, 'finish');
    const answers = held;
    held = undefined;
    answers.forEach((answer): void => answer());
    // A claim ends after 3 seconds.
    await finishing.reach(5);
    expect([ ...new Set(arrivals(id)) ]).toEqual(arrivals(id));
    expect(disk.count('FROM deliveries WHERE state = 0')).toBeGreaterThan(0);
    disk.empty();
    await settled();
    expect(arrivals(id).sort()).toEqual(paths);
    expect(disk.count('FROM deliveries WHERE state = 1 AND length(copy) > 1900')).toBe(TARGETS);
  });

  it('gets an event of another server when there is room again.', async(): Promise<void> => {
    awayDisk.fill();
    const id = await idOf(await publish({ recipient: friend.webId, data: LARGE }));
    const refused = 'FROM attempts a JOIN deliveries d ON d.id = a.delivery WHERE a.status = 507 AND d.event = (SELECT MAX(id) FROM events)';
    expect(disk.count(refused)).toBe(1);
    expect(await members(friend, friend.inbox)).toEqual([]);
    awayDisk.empty();
    const [ copy ] = await eventually(async(): Promise<string[] | undefined> => {
      const found = await members(friend, friend.inbox);
      return found.length > 0 ? found : undefined;
    });
    expect(await (await friend.fetch(copy, { headers: { accept: 'application/ld+json' }})).json()).toMatchObject({ id, data: LARGE });
  });

  it('refuses a proof that it cannot remember with 507, and answers whoever has none to show.', async(): Promise<void> => {
    const guard = guards.get(scene.server)!;
    const { db } = (guard as unknown as { statements: { db: Database }}).statements;
    db.pragma('max_page_count = 1');
    const fill = async(): Promise<void> => {
      for (;;) {
        await guard.use(randomBytes(32), Date.now() + 60_000);
      }
    };
    // In every page some entries have room.
    for (let refused = 0; refused < 300; refused += 1) {
      await expect(fill()).rejects.toThrow(StorageFull);
    }
    const body = { topic: TOPIC, recipient: user.webId, data: '' };
    const refused = await post(user.fetch, `${user.pod}publish/`, body);
    expect([ refused.status, await refused.json() ]).toEqual([ 507, { error: REFUSAL }]);
    expect(await members(user, `${user.pod}publish/`)).toEqual([]);
    expect((await publish()).status).toBe(201);
    db.pragma('max_page_count = 4294967294');
    expect((await post(user.fetch, `${user.pod}publish/`, body)).status).toBe(201);
  });
});

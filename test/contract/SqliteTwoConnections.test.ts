import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { v7 } from 'uuid';
import { StorageFull } from '../../src/store/StorageFull';
import { quickCheck } from '../../src/store-sqlite/quickCheck';
import { SqliteApiKeyStore } from '../../src/store-sqlite/SqliteApiKeyStore';
import { SqliteDeliveryStore } from '../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqliteReplayGuard } from '../../src/store-sqlite/SqliteReplayGuard';
import { SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { StoreUnavailable } from '../../src/store/StoreUnavailable';
import { anEvent, aSubscription, forwardAll, POD, PRODUCER } from './fixtures';
import { scansOf } from './scansOf';

const INBOX = `${POD}inbox/`;

describe('A database that other processes use too', (): void => {
  let folder: string;
  let file: string;
  let session: SqliteSession;
  let store: SqliteEventStore;
  let others: SqliteSession[];

  beforeEach(async(): Promise<void> => {
    folder = mkdtempSync(join(tmpdir(), 'event-store-two-'));
    file = join(folder, '.events', 'events.sqlite');
    session = new SqliteSession(folder);
    store = new SqliteEventStore(session);
    others = [];
    await store.open();
    await store.registerPod(PRODUCER);
    await store.registerPod(POD);
  });

  afterEach(async(): Promise<void> => {
    others.forEach((other): void => other.close());
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const another = (): SqliteEventStore => {
    const other = new SqliteSession(folder);
    others.push(other);
    return new SqliteEventStore(other);
  };

  /** Holds the write lock until the returned function is called. */
  const lock = (path = file): () => void => {
    const db = new Database(path);
    db.exec('BEGIN IMMEDIATE');
    return (): void => {
      db.exec('ROLLBACK');
      db.close();
    };
  };

  /** Counts turns of the event loop until a promise is settled. */
  const turnsDuring = async(work: () => Promise<unknown>): Promise<number> => {
    let turns = 0;
    const timer = setInterval((): unknown => turns += 1, 5);
    await work();
    clearInterval(timer);
    return turns;
  };

  it('D8: keeps no key of a row that another connection has removed.', async(): Promise<void> => {
    const event = anEvent();
    await store.receive({ event, hops: 1, pod: POD, inbox: INBOX, isForwarded: false });
    const other = another();
    // The other connection caches the same keys, and then all rows are removed.
    await other.accept([{ event: anEvent({ pod: 'http://localhost/third/' }), forwards: [{ pod: POD, inbox: INBOX }]}]);
    const db = new Database(file);
    db.exec('DELETE FROM entries; DELETE FROM received; DELETE FROM forwards; DELETE FROM events; DELETE FROM contexts;' +
      'DELETE FROM containers; DELETE FROM agents; DELETE FROM pods;');
    db.close();
    for (const each of [ store, other, store ]) {
      const next = anEvent();
      await each.accept([{ event: next, forwards: [{ pod: POD, inbox: INBOX }]}]);
      expect(await store.getEntry(INBOX, next.id)).toEqual(next);
      expect(await other.getEntry(INBOX, next.id)).toEqual(next);
    }
  });

  it('D8: knows what is watched, whoever has changed that.', async(): Promise<void> => {
    const other = another();
    const copies = async(): Promise<number> => {
      await store.accept([{ event: anEvent(), forwards: [{ pod: POD, inbox: INBOX }]}]);
      return (await forwardAll(store)).flatMap(({ watched }): unknown => watched).length;
    };
    await store.watch(INBOX, true);
    expect(await copies()).toBe(1);
    await other.watch(INBOX, false);
    expect(await copies()).toBe(0);
    await store.watch(INBOX, true);
    expect(await copies()).toBe(1);
  });

  it('D8: remembers which copies have to be announced, until they are.', async(): Promise<void> => {
    await store.watch(INBOX, true);
    const event = anEvent();
    await store.accept([{ event, forwards: [{ pod: POD, inbox: INBOX }]}]);
    const watched = (await forwardAll(store)).flatMap((result): typeof result.watched => result.watched);
    // Like another process that starts after this one was killed.
    expect(await another().listNotices(10)).toEqual(watched);
    expect(watched).toEqual([{ container: INBOX, copy: `${INBOX}${event.id}`, notice: expect.any(Number) }]);
    await store.removeNotices(watched);
    expect(await store.listNotices(10)).toEqual([]);
  });

  it('A6: makes writes wait off the event loop, and then fail.', async(): Promise<void> => {
    const event = anEvent();
    await store.accept([{ event, forwards: []}]);
    const epoch = await store.epochOf(POD);
    const release = lock();
    const keys = new SqliteApiKeyStore(session);
    const writes = [
      store.accept([{ event: anEvent(), forwards: []}]),
      store.addSubscription(aSubscription()),
      store.removeEntry(`${PRODUCER}publish/`, event.id),
      store.raiseEpoch(`${POD}inbox/.acl`),
      store.watch(INBOX, true),
      new SqliteDeliveryStore(session).noteMoment(1),
      keys.markKeyUsed('x', 'y'),
      keys.removeKey('a', 'b'),
    ];
    const outcomes = Promise.allSettled(writes);
    // Decisions from before the change of access are no longer used.
    expect(await store.epochOf(POD)).toBeGreaterThan(epoch!);
    // A read does not fail because its dependency cannot be written, but its decision is not cached.
    const before = await store.epochOf(POD);
    await expect(store.noteDependency('http://localhost/group', `${POD}x`)).resolves.toBeUndefined();
    expect(await store.epochOf(POD)).toBeGreaterThan(before!);
    expect(await store.getEntry(`${PRODUCER}publish/`, event.id)).toEqual(event);
    expect(await store.listEntries(`${PRODUCER}publish/`, 0, 10)).toHaveLength(1);
    await expect(store.assertWritable(100)).rejects.toMatchObject({ problem: 'busy' });
    const turns = await turnsDuring(async(): Promise<unknown> => outcomes);
    expect(turns).toBeGreaterThan(100);
    for (const outcome of await outcomes) {
      expect(outcome).toEqual({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    }
    release();
    expect(await store.listEntries(`${PRODUCER}publish/`, 0, 10)).toHaveLength(1);
    expect(await store.hasDependents('http://localhost/group')).toBe(false);
    await store.noteDependency('http://localhost/group', `${POD}x`);
    expect(await store.hasDependents('http://localhost/group')).toBe(true);
    // The pending change of access is written before any copy.
    const durable = (): unknown => {
      const db = new Database(file, { readonly: true });
      const found = db.prepare('SELECT epoch FROM pods WHERE url = ?').pluck().get(POD);
      db.close();
      return found;
    };
    expect(durable()).toBe(0);
    await store.accept([{ event: anEvent(), forwards: [{ pod: POD, inbox: INBOX }]}]);
    await store.addSubscription(aSubscription());
    await store.accept([{ event: anEvent(), forwards: [{ pod: POD }]}]);
    const [ forward ] = await store.pendingForwards(1);
    const scope = await store.openScope(POD);
    expect(await store.fanOutStep(forward, scope, 10)).toMatchObject({ outcome: 'stale' });
    expect(durable()).toBe(1);
  });

  it('A6: makes writes in time once the lock is free.', async(): Promise<void> => {
    const release = lock();
    const events = Array.from({ length: 20 }, (): ReturnType<typeof anEvent> => anEvent());
    const writes = Promise.all(events.map(async(event): Promise<unknown> => store.accept([{ event, forwards: []}])));
    const raised = store.raiseEpoch(`${POD}.acl`);
    setTimeout(release, 200);
    await Promise.all([ writes, raised ]);
    expect(await store.listEntries(`${PRODUCER}publish/`, 0, 100)).toHaveLength(20);
  });

  it('A6: bounds what waits, by number and by size.', async(): Promise<void> => {
    const release = lock();
    const large = { bytes: 40 * 1024 * 1024 };
    const first = session.write((): number => 1, large);
    await expect(session.write((): number => 2, large)).rejects.toThrow('too many writes wait');
    const small = Array.from({ length: 10_001 }, async(): Promise<unknown> => session.write((): void => undefined));
    const failed = await Promise.any(small.map(async(each): Promise<unknown> => each.catch((error: unknown): unknown => error)));
    expect(failed).toMatchObject({ problem: 'busy', message: expect.stringContaining('too many writes wait') });
    release();
    expect(await first).toBe(1);
    await Promise.allSettled(small);
  });

  it('A6: writes what waits when it is closed, or rejects it.', async(): Promise<void> => {
    const event = anEvent();
    const release = lock();
    const write = store.accept([{ event, forwards: []}]);
    const rejected = expect(write).rejects.toMatchObject({ problem: 'busy' });
    await store.close();
    release();
    await rejected;
    // A close that cannot write counts as an unclean stop.
    await store.open();
    expect(session.unclean).toEqual(expect.any(Number));
  });

  it('A6: waits for the proofs that were used in the same way.', async(): Promise<void> => {
    const guard = new SqliteReplayGuard(folder);
    await guard.open();
    const hash = Buffer.alloc(32, 1);
    const release = lock(join(folder, '.events', 'replays.sqlite'));
    const use = guard.use(hash, Date.now() + 10_000);
    setTimeout(release, 100);
    expect(await use).toBe(true);
    expect(await guard.use(hash, Date.now() + 10_000)).toBe(false);
    const again = lock(join(folder, '.events', 'replays.sqlite'));
    let failure: unknown;
    const turns = await turnsDuring(async(): Promise<void> => {
      failure = await guard.use(Buffer.alloc(32, 2), Date.now() + 10_000).catch((error: unknown): unknown => error);
    });
    expect(failure).toMatchObject({ problem: 'busy', retryAfter: 5 });
    expect(turns).toBeGreaterThan(100);
    const many = await Promise.allSettled(Array.from({ length: 1_100 }, async(_, index): Promise<unknown> =>
      guard.use(Buffer.from(String(index)), 1)));
    expect(many.filter((outcome): boolean => outcome.status === 'rejected' && /Too many/u.test(String(outcome.reason))))
      .toHaveLength(100);
    again();
    await guard.close();
  });

  it('A6: tells apart what prevents a write.', async(): Promise<void> => {
    const { db } = (session as unknown as { connect: () => { db: Database.Database } }).connect();
    db.pragma('query_only = 1');
    await expect(store.registerPod('http://localhost/new/')).rejects.toMatchObject({ problem: 'readOnly', retryAfter: 60 });
    db.pragma('query_only = 0');
    const failing = async(code: string): Promise<unknown> => session.write((): never => {
      throw Object.assign(new Error('failed'), { code });
    });
    await expect(failing('SQLITE_IOERR_READ')).rejects.toMatchObject({ problem: 'unreachable' });
    await expect(failing('SQLITE_CANTOPEN')).rejects.toMatchObject({ problem: 'unreachable' });
    await expect(failing('SQLITE_FULL')).rejects.toBeInstanceOf(StorageFull);
    await expect(failing('SQLITE_CONSTRAINT_UNIQUE')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_UNIQUE' });
    expect(session.isDamaged).toBe(false);
    await expect(failing('SQLITE_CORRUPT_INDEX')).rejects.toMatchObject({ problem: 'damaged' });
    expect(session.isDamaged).toBe(true);
  });

  it('A7: finds pods, and what a change of access concerns, by index, in steps of a bounded size.', async(): Promise<void> => {
    const db = new Database(file);
    db.pragma('busy_timeout = 5000');
    const pod = db.prepare('INSERT INTO pods (url, registered) VALUES (?, 1)');
    const container = db.prepare('INSERT INTO containers (url) VALUES (?)');
    db.transaction((): void => {
      for (let index = 0; index < 1_200; index += 1) {
        pod.run(`http://localhost/pod${index}/`);
        container.run(`http://localhost/pod${index}/inbox/`);
      }
      pod.run('http://alice.localhost/');
      pod.run(`${POD}nested/`);
    }).immediate();
    await store.addSubscription(aSubscription({ inbox: 'http://localhost/pod1100/inbox/' }), undefined, { pod: POD, epoch: 0 });
    const epochs = (where: string): unknown[] => db.prepare(`SELECT epoch FROM pods WHERE ${where}`).pluck().all();
    const doubts = (): unknown => db.prepare('SELECT COUNT(*) FROM doubts').pluck().get();
    expect(doubts()).toBe(0);
    const scans = await scansOf(session, async(): Promise<void> => {
      await store.raiseEpoch(`${POD}nested/x/.acl`);
      expect(epochs(`url IN ('${POD}', '${POD}nested/')`)).toEqual([ 1, 1 ]);
      expect(epochs('epoch > 0')).toHaveLength(2);
      await store.raiseEpoch(`${POD}.acl`);
      expect(epochs(`url IN ('${POD}', '${POD}nested/')`)).toEqual([ 2, 2 ]);
      await store.raiseEpoch('http://alice.localhost/card.acl');
      expect(epochs('epoch > 0')).toHaveLength(3);
      await store.noteDependency('http://localhost/group', `${POD}nested/y`);
      await store.noteDependency('http://elsewhere.example/group', 'http://elsewhere.example/y');
      expect(db.prepare('SELECT resource FROM dependencies').pluck().all()).toEqual([ `${POD}nested/` ]);
      await store.raiseDependents('http://localhost/group');
      expect(epochs(`url = '${POD}nested/'`)).toEqual([ 3 ]);
      expect(await store.listPods('http://localhost/pod98', 3))
        .toEqual([ 'http://localhost/pod98/', 'http://localhost/pod980/', 'http://localhost/pod981/' ]);
      await store.hasPod(POD);
      await store.epochOf(POD);
      await store.listEntries(`${POD}inbox/`, 0, 200);
    });
    expect(scans).toEqual([]);
    const write = jest.spyOn(session, 'write');
    await store.raiseEpoch('http://localhost/.acl');
    // Each step examines 500 pods, or 500 containers.
    expect(write.mock.calls.length).toBeGreaterThanOrEqual(4);
    write.mockRestore();
    expect(epochs('url LIKE \'http://localhost/%\' AND epoch = 0')).toEqual([]);
    expect(epochs('url = \'http://alice.localhost/\'')).toEqual([ 1 ]);
    expect(doubts()).toBe(1);
    db.close();
  });

  it('G9: knows when the last event was that was published here.', async(): Promise<void> => {
    expect(await store.lastPublished()).toBeUndefined();
    await store.accept([{ event: anEvent({ published: 7 }), forwards: []}]);
    await store.receive({ event: anEvent({ published: 9 }), hops: 1, pod: POD, inbox: INBOX, isForwarded: false });
    expect(await store.lastPublished()).toBe(7);
  });

  it('F4: finds damage, and tells a clean stop from others.', async(): Promise<void> => {
    expect(session.unclean).toBeUndefined();
    await store.accept([{ event: anEvent(), forwards: []}]);
    // As after a kill: another process finds an open database.
    const killed = new SqliteSession(folder);
    others.push(killed);
    killed.open();
    expect(killed.unclean).toEqual(expect.any(Number));
    expect(await quickCheck(file)).toEqual([]);
    await store.close();
    killed.close();
    session = new SqliteSession(folder);
    session.open();
    expect(session.unclean).toBeUndefined();
    session.close();
    const db = new Database(file);
    const page = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = \'events\'').pluck().get() as number;
    const size = db.pragma('page_size', { simple: true }) as number;
    db.close();
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.alloc(size, 0xFF), 0, size, (page - 1) * size);
    closeSync(handle);
    expect((await quickCheck(file)).length).toBeGreaterThan(0);
    store = new SqliteEventStore(session);
    await store.open();
    await expect(store.accept([{ event: anEvent({ id: v7() }), forwards: []}])).rejects.toMatchObject({ problem: 'damaged' });
    await expect(quickCheck(join(folder, 'none'))).rejects.toThrow('unable to open');
    const aborted = new AbortController();
    const check = quickCheck(file, aborted.signal);
    aborted.abort();
    await expect(check).rejects.toThrow('abort');
  });

  it('G6: is not opened if it cannot be written, with one sentence that says why.', async(): Promise<void> => {
    await store.close();
    const writeVersion = (version: number): void => {
      const handle = openSync(file, 'r+');
      // SQLite opens a file with an unknown write version as read-only.
      writeSync(handle, Buffer.from([ version ]), 0, 1, 18);
      closeSync(handle);
    };
    writeVersion(3);
    await expect(store.open()).rejects.toThrow(`The event store ${file} is read-only: attempt to write a readonly database. ` +
      'Give the user that runs the server write access to the file and to its folder, and start again.');
    writeVersion(2);
    const blocked = join(folder, 'blocked');
    mkdirSync(blocked);
    mkdirSync(join(blocked, '.events', 'events.sqlite'), { recursive: true });
    expect((): void => new SqliteSession(blocked).open()).toThrow('cannot be accessed: unable to open database file');
    writeFileSync(join(blocked, 'file'), '');
    expect((): void => new SqliteSession(join(blocked, 'file')).open()).toThrow(/ENOTDIR|EEXIST/u);
  });
});

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CommitQueue } from '../../src/store-sqlite/CommitQueue';
import { contextOf } from '../../src/event/eventContexts';
import { FORMER_EVENTS } from '../../src/event/formerNamespace';
import { EVENTS } from '../../src/event/vocabulary';
import { MIGRATIONS } from '../../src/store-sqlite/schema';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../src/store-sqlite/SqliteSession';
import type { AcceptedEvent } from '../../src/store/AcceptedEvent';
import type { AddedSubscription } from '../../src/subscription/ports';
import type { IdempotencyKey } from '../../src/store/idempotency';
import { anEvent, aSubscription, forwardAll, POD, PRODUCER, subscriptionsOf } from './fixtures';
import { scansOf } from './scansOf';
import { newFolder, removeFolders } from './sqlite';

interface Internals {
  connect: () => { db: Database.Database };
  prepare: (sql: string) => Database.Statement;
}

const internalsOf = (store: SqliteEventStore): Internals => (store as unknown as { db: Internals }).db;

afterAll(removeFolders);

describe('A SqliteEventStore on disk', (): void => {
  const fileIn = (folder: string): string => join(folder, '.events', 'events.sqlite');

  it('survives a restart, with what was to be forwarded.', async(): Promise<void> => {
    const folder = newFolder();
    const first = new SqliteEventStore(new SqliteSession(folder));
    const event = anEvent();
    const { subscription } = await first.addSubscription(aSubscription()) as AddedSubscription;
    await first.accept([{ event, forwards: [{ pod: POD }]}]);
    await first.close();
    await first.close();
    const second = new SqliteEventStore(new SqliteSession(folder));
    expect(await second.getEntry(`${PRODUCER}publish/`, event.id)).toEqual(event);
    expect(await subscriptionsOf(second, POD)).toEqual([ subscription ]);
    await forwardAll(second);
    expect(await second.listEntries(subscription.url, 0, 10)).toHaveLength(1);
    await second.close();
  });

  it('uses nothing again that was learned before access changed, even if there is no room to note that.', async(): Promise<void> => {
    const store = new SqliteEventStore(new SqliteSession(newFolder()));
    await store.registerPod(POD);
    const before = await store.epochOf(POD);
    const { db } = internalsOf(store).connect();
    db.pragma('query_only = 1');
    await expect(store.raiseEpoch(`${POD}.acl`)).rejects.toMatchObject({ problem: 'readOnly' });
    db.pragma('query_only = 0');
    expect(await store.epochOf(POD)).toBeGreaterThan(before!);
    await store.close();
  });

  it('takes over what an earlier version has stored.', async(): Promise<void> => {
    const folder = newFolder();
    mkdirSync(join(folder, '.events'));
    const old = new Database(fileIn(folder));
    MIGRATIONS.slice(0, 2).forEach((step): unknown => old.exec(step));
    old.pragma('user_version = 2');
    const event = anEvent();
    old.exec(`
      INSERT INTO pods (id, url, registered) VALUES (1, '${PRODUCER}', 1), (2, '${POD}', 1);
      INSERT INTO containers (id, url) VALUES (1, '${PRODUCER}publish/'), (2, '${POD}inbox/');
      INSERT INTO contexts (id, text) VALUES (1, '${event.context}');
      INSERT INTO events (id, uuid, pod, topic, published, context, members, bytes)
      VALUES (7, X'${event.id.replaceAll('-', '')}', 1, '${event.topic}', 1, 1, '${event.members}', 9);
      INSERT INTO entries (container, event) VALUES (1, 7);
      INSERT INTO forwards (pod, event, inbox) VALUES (2, 7, 2);
      DELETE FROM sqlite_sequence; INSERT INTO sqlite_sequence VALUES ('events', 12);
    `);
    old.close();
    const store = new SqliteEventStore(new SqliteSession(folder));
    expect(await store.getEntry(`${PRODUCER}publish/`, event.id)).toMatchObject({ id: event.id, members: event.members });
    await forwardAll(store);
    expect(await store.listEntries(`${POD}inbox/`, 0, 10)).toMatchObject([{ event: 7 }]);
    await store.accept([{ event: anEvent(), forwards: []}]);
    expect((await store.listEntries(`${PRODUCER}publish/`, 7, 10))[0].event).toBe(13);
    const { db } = internalsOf(store).connect();
    expect([ db.pragma('foreign_key_check'), db.pragma('foreign_keys', { simple: true }), db.pragma('integrity_check', { simple: true }) ])
      .toEqual([ [], 1, 'ok' ]);
    await store.close();
  });

  it('takes over what schema 3 has stored, of which it does not know whether it was forwarded.', async(): Promise<void> => {
    const folder = newFolder();
    mkdirSync(join(folder, '.events'));
    const old = new Database(fileIn(folder));
    MIGRATIONS.slice(0, 3).forEach((step): unknown => old.exec(step));
    old.pragma('user_version = 3');
    const event = anEvent();
    const subscription = aSubscription();
    old.exec(`
      INSERT INTO pods (id, url, registered) VALUES (1, '${PRODUCER}', 1), (2, '${POD}', 1);
      INSERT INTO containers (id, url) VALUES (1, '${PRODUCER}publish/'), (2, '${subscription.url}');
      INSERT INTO agents (id, webid) VALUES (1, '${subscription.agent}');
      INSERT INTO contexts (id, text) VALUES (1, '${event.context}');
      INSERT INTO events (id, uuid, pod, topic, published, context, members, bytes, hops)
      VALUES (7, X'${event.id.replaceAll('-', '')}', 1, '${event.topic}', 1, 1, '${event.members}', 9, 2);
      INSERT INTO entries (container, event) VALUES (1, 7);
      INSERT INTO subscriptions (uuid, pod, pattern, inbox, agent, created)
      VALUES (X'${subscription.id.replaceAll('-', '')}', 2, '*', 2, 1, 5);
    `);
    old.close();
    const store = new SqliteEventStore(new SqliteSession(folder));
    expect(await store.getEntry(`${PRODUCER}publish/`, event.id)).toMatchObject({ id: event.id, members: event.members });
    expect(await store.revisionOf(POD)).toBe(0);
    expect(await store.followersOf(POD, event.topic, undefined, 10)).toEqual({ followers: [{ id: subscription.id, agent: subscription.agent }]});
    await store.removeSubscription(POD, subscription.id);
    expect(await store.revisionOf(POD)).toBe(1);
    await store.accept([{ event: anEvent(), forwards: [{ pod: PRODUCER }]}]);
    const { db } = internalsOf(store).connect();
    expect(db.prepare('SELECT hops, passed, forwarded, entry, request FROM events ORDER BY id').raw().all())
      .toEqual([[ 2, 0, null, null, null ], [ 0, 0, 1, null, null ]]);
    expect([ db.pragma('foreign_key_check'), db.pragma('integrity_check', { simple: true }), db.pragma('user_version', { simple: true }) ])
      .toEqual([ [], 'ok', MIGRATIONS.length ]);
    await store.close();
  });

  it('gives what earlier schemas have stored the current namespace of the vocabulary.', async(): Promise<void> => {
    const folder = newFolder();
    const context = contextOf({ asLiteral: false, typeIsType: true, idIsId: false });
    const [ own, foreign ] = [ anEvent({ context }), anEvent({ context: '{"id":"@id","own":"urn:of-its-own"}' }) ];
    const store = new SqliteEventStore(new SqliteSession(folder));
    await store.registerPod(PRODUCER);
    await store.accept([ own, foreign ].map((event): any => ({ event, forwards: []})));
    await store.close();
    const old = new Database(fileIn(folder));
    const sizes = old.prepare('SELECT bytes FROM events ORDER BY id').pluck();
    const current = sizes.all() as number[];
    old.exec(`
      UPDATE contexts SET text = replace(text, '${EVENTS}', '${FORMER_EVENTS}');
      UPDATE events SET bytes = length(members) + (SELECT length(text) FROM contexts c WHERE c.id = context) + ${current[0] - own.members.length - context.length};
    `);
    expect(sizes.all()).toEqual([ current[0] - 1, current[1] ]);
    old.exec(MIGRATIONS.find((step): boolean => step.includes(EVENTS))!);
    old.close();
    const migrated = new SqliteEventStore(new SqliteSession(folder));
    expect(await migrated.getEntry(`${PRODUCER}publish/`, own.id)).toEqual(own);
    expect(await migrated.getEntry(`${PRODUCER}publish/`, foreign.id)).toEqual(foreign);
    expect((await migrated.listEntries(`${PRODUCER}publish/`, 0, 10)).map(({ bytes }): number => bytes)).toEqual(current);
    await migrated.close();
  });

  it('makes data the object of its activity in contexts that earlier schemas have stored.', async(): Promise<void> => {
    const folder = newFolder();
    const contexts = [ true, false ].map((idIsId): string => contextOf({ asLiteral: false, typeIsType: true, idIsId }));
    const foreign = '{"events":"https://w3id.org/pod-events#","data":{"@id":"events:data","@type":"@json"}}';
    const events = [ ...contexts, contexts[0], foreign ].map((context): ReturnType<typeof anEvent> => anEvent({ context }));
    const store = new SqliteEventStore(new SqliteSession(folder));
    await store.registerPod(PRODUCER);
    await store.accept(events.map((event): any => ({ event, forwards: []})));
    const current = (await store.listEntries(`${PRODUCER}publish/`, 0, 10)).map(({ bytes }): number => bytes);
    await store.close();
    const old = new Database(fileIn(folder));
    // The second context has arrived in its current form from a newer server.
    old.exec(`
      UPDATE contexts SET text = replace(text, '"@id":"as:object"', '"@id":"events:data"');
      UPDATE events SET bytes = bytes + 2 WHERE context != (SELECT id FROM contexts WHERE text = '${foreign}');
      INSERT INTO contexts (text) VALUES ('${contexts[1]}');
    `);
    old.exec(MIGRATIONS.find((step): boolean => step.includes('as:object'))!);
    expect(old.prepare('SELECT text FROM contexts WHERE id IN (SELECT context FROM events) ORDER BY text').pluck().all())
      .toEqual([ ...contexts, foreign ].sort());
    old.close();
    const migrated = new SqliteEventStore(new SqliteSession(folder));
    for (const event of events) {
      expect(await migrated.getEntry(`${PRODUCER}publish/`, event.id)).toEqual(event);
    }
    expect((await migrated.listEntries(`${PRODUCER}publish/`, 0, 10)).map(({ bytes }): number => bytes)).toEqual(current);
    await migrated.close();
  });

  describe('for requests that make their events once', (): void => {
    const once: IdempotencyKey = { agent: 'http://localhost/anyone#me', pod: PRODUCER, key: 'k', fingerprint: 'f' };
    const DAY = 24 * 60 * 60_000;
    const publish = async(store: SqliteEventStore, result: string, key = 'k'): Promise<boolean> =>
      store.accept([{ event: anEvent(), forwards: []}], { ...once, key, result });

    it('knows after a restart, and in each process, what they made.', async(): Promise<void> => {
      const folder = newFolder();
      const first = new SqliteEventStore(new SqliteSession(folder));
      const other = new SqliteEventStore(new SqliteSession(folder));
      await other.open();
      const made = await Promise.allSettled([ publish(first, '1'), publish(other, '2') ]);
      expect(made.map(({ status }): string => status).sort()).toEqual([ 'fulfilled', 'rejected' ]);
      const result = made[0].status === 'fulfilled' ? '1' : '2';
      expect(made.find(({ status }): boolean => status === 'rejected')).toMatchObject({ reason: { response: { fingerprint: 'f', result }}});
      await first.close();
      const again = new SqliteEventStore(new SqliteSession(folder));
      for (const store of [ again, other ]) {
        expect(await store.findResponse(once)).toEqual({ fingerprint: 'f', result });
        await expect(publish(store, '3')).rejects.toMatchObject({ name: 'DuplicateRequest' });
        expect(await store.listEntries(`${PRODUCER}publish/`, 0, 10)).toHaveLength(1);
        await store.close();
      }
    });

    it('forgets them after 24 hours, a few at a time.', async(): Promise<void> => {
      const store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
      const { db } = internalsOf(store).connect();
      for (let index = 0; index < 11; index += 1) {
        await publish(store, 'old', `${index}`);
      }
      const before = Date.now();
      const rows = (): number => db.prepare('SELECT COUNT(*) FROM made').pluck().get() as number;
      db.prepare('UPDATE made SET at = ?').run(before - DAY + 60_000);
      await expect(publish(store, 'new', '0')).rejects.toMatchObject({ response: { result: 'old' }});
      expect(rows()).toBe(11);
      db.prepare('UPDATE made SET at = ?').run(before - DAY);
      expect(await store.findResponse({ ...once, key: '0' })).toBeUndefined();
      expect(rows()).toBe(11);
      await publish(store, 'new', '10');
      expect(await store.findResponse({ ...once, key: '10' })).toEqual({ fingerprint: 'f', result: 'new' });
      const left = rows();
      expect(left).toBeLessThan(11);
      expect(left).toBeGreaterThan(1);
      for (let index = 11; index < 16; index += 1) {
        await publish(store, 'new', `${index}`);
      }
      expect(rows()).toBe(6);
      await store.close();
    });

    it('runs two statements more for them, and none for others.', async(): Promise<void> => {
      const store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
      const prepare = jest.spyOn(internalsOf(store), 'prepare');
      const statements = async(work: () => Promise<unknown>): Promise<number> => {
        prepare.mockClear();
        await work();
        return prepare.mock.calls.length;
      };
      await publish(store, 'r');
      const plain = await statements(async(): Promise<unknown> => store.accept([{ event: anEvent(), forwards: []}]));
      expect(plain).toBe(5);
      expect(await statements(async(): Promise<unknown> => publish(store, 'r', '2'))).toBe(7);
      await store.close();
    });
  });

  it('tells each process of a new revision.', async(): Promise<void> => {
    const folder = newFolder();
    const [ one, other ] = [ new SqliteEventStore(new SqliteSession(folder)), new SqliteEventStore(new SqliteSession(folder)) ];
    await one.registerPod(POD);
    expect(await other.revisionOf(POD)).toBe(0);
    const { subscription } = await one.addSubscription(aSubscription()) as AddedSubscription;
    const added = (await other.revisionOf(POD))!;
    expect(added).toBeGreaterThan(0);
    await other.raiseEpoch(`${subscription.url}.acl`);
    const doubted = (await one.revisionOf(POD))!;
    expect(doubted).toBeGreaterThan(added);
    await other.removeSubscription(POD, subscription.id);
    expect(await one.revisionOf(POD)).toBeGreaterThan(doubted);
    await one.close();
    await other.close();
  });

  it('keeps its own contexts when what was passed on before it was published here is removed.', async(): Promise<void> => {
    const folder = newFolder();
    const [ one, other ] = [ new SqliteEventStore(new SqliteSession(folder)), new SqliteEventStore(new SqliteSession(folder)) ];
    await other.accept([{ event: anEvent({ published: 1 }), forwards: [], hops: 2 }]);
    await one.removeEventsBefore(2, 0, 10);
    await other.accept([{ event: anEvent(), forwards: []}]);
    expect(await one.listEntries(`${PRODUCER}publish/`, 0, 10)).toHaveLength(1);
    await one.close();
    await other.close();
  });

  it('finds followers and requests by a fixed number of indexed look-ups.', async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    const store = new SqliteEventStore(session);
    const prepare = jest.spyOn(internalsOf(store), 'prepare');
    const statements = async(limit: number): Promise<number> => {
      prepare.mockClear();
      await store.followersOf(POD, 'realestate/contact#add', undefined, limit);
      return prepare.mock.calls.length;
    };
    await store.addSubscription(aSubscription());
    expect(await statements(100)).toBe(5);
    await Promise.all(Array.from({ length: 300 }, async(_, index): Promise<unknown> => store.addSubscription(
      aSubscription({ pattern: index % 2 ? 'other' : 'realestate/contact', inbox: `http://localhost/${index}/` }),
    )));
    expect(await statements(1_000)).toBe(5);
    expect(await statements(100)).toBeLessThanOrEqual(5);
    expect(await scansOf(session, async(): Promise<void> => {
      await store.followersOf(POD, 'realestate/contact#add', undefined, 10);
      await store.revisionOf(POD);
      await store.subscriptionsAfter(POD, 0, 10);
      await store.subscriptionsAfter(POD, 0, 10, 'http://localhost/a#me');
      const once = { pod: PRODUCER, key: 'k', fingerprint: 'f' };
      await store.accept([{ event: anEvent(), forwards: []}], { ...once, result: 'r' });
      await store.findResponse(once);
    })).toEqual([]);
    await store.close();
  });

  it('reads a page of a listing with the same statements, without a scan, however long the listing is.', async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    const store = new SqliteEventStore(session);
    const container = `${PRODUCER}publish/`;
    await store.accept(Array.from({ length: 1_000 }, (): AcceptedEvent => ({ event: anEvent(), forwards: []})));
    for (let index = 0; index < 100; index += 1) {
      await store.noteNotification(container, `n${index}`, true);
    }
    const prepare = jest.spyOn(internalsOf(store), 'prepare');
    const place = { event: 500, late: 0, notification: 0 };
    expect((await store.listStep(container, place, 50, true)).items).toHaveLength(50);
    // Container, late entries, entries, notifications.
    expect(prepare).toHaveBeenCalledTimes(4);
    prepare.mockClear();
    await store.placeAt(container, Date.now());
    expect(prepare.mock.calls.length).toBeLessThanOrEqual(14);
    prepare.mockClear();
    await store.logPage(container, 501);
    await store.logPageAt(container, 550);
    await store.logPageAt(container, 0);
    expect(prepare).toHaveBeenCalledTimes(4);
    prepare.mockRestore();
    expect(await scansOf(session, async(): Promise<void> => {
      await store.listStep(container, place, 50, true);
      await store.listedEvent(500);
      await store.placeAt(container, 1);
      await store.placeAtEnd(container);
      await store.logPage(container, 1);
      await store.logPageAt(container, 0);
      await store.removeEntry(container, (await store.listEntries(container, 0, 1))[0].id);
      await store.accept([{ event: anEvent(), forwards: []}]);
      await store.podsFollowedBy(container, 10);
      await store.modifiedOf(container);
      await store.noteNotification(container, 'n1', false);
      await store.notificationNames(container, '', 10);
      await store.addNotifications(container, [{ name: 'n1', modified: 1 }], true);
    })).toEqual([]);
    await store.close();
  });

  it('names the file that is none of SQLite\'s, and leaves it as it was.', async(): Promise<void> => {
    const folder = newFolder();
    mkdirSync(join(folder, '.events'));
    writeFileSync(fileIn(folder), 'something else '.repeat(1_000));
    const store = new SqliteEventStore(new SqliteSession(folder));
    await expect(store.open()).rejects.toThrow(`The event store ${fileIn(folder)} cannot be read: file is not a database`);
    expect(readFileSync(fileIn(folder), 'utf8')).toBe('something else '.repeat(1_000));
  });

  it('writes durably, and leaves nothing beside the file when it is closed.', async(): Promise<void> => {
    const folder = newFolder();
    const store = new SqliteEventStore(new SqliteSession(folder));
    await store.open();
    const write = store.accept([{ event: anEvent(), forwards: []}]);
    await store.close();
    await write;
    expect(existsSync(`${fileIn(folder)}-wal`)).toBe(false);
    await expect(store.listPods('', 10)).rejects.toThrow('is closed');
    await store.open();
    expect(await store.listEntries(`${PRODUCER}publish/`, 0, 10)).toHaveLength(1);
    await store.close();
    const db = new Database(fileIn(folder), { readonly: true });
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    db.close();
  });

  it('refuses a database of a newer schema, and leaves it as it is.', async(): Promise<void> => {
    const folder = newFolder();
    const store = new SqliteEventStore(new SqliteSession(folder));
    await store.open();
    await store.close();
    const db = new Database(fileIn(folder));
    db.pragma('user_version = 99');
    db.close();
    await expect(store.open()).rejects.toThrow(/events\.sqlite was written by a newer version .* schema version 99/u);
    const again = new Database(fileIn(folder));
    expect(again.pragma('user_version', { simple: true })).toBe(99);
    again.close();
  });

  it('shares one transaction among what arrives in one turn.', async(): Promise<void> => {
    const store = new SqliteEventStore(new SqliteSession(newFolder()));
    await store.open();
    const flush = jest.spyOn(CommitQueue.prototype as unknown as { flush: () => void }, 'flush');
    await Promise.all(Array.from({ length: 50 }, async(): Promise<boolean> =>
      store.accept([{ event: anEvent(), forwards: []}])));
    expect(flush.mock.calls.length).toBeGreaterThan(0);
    expect(flush.mock.calls.length).toBeLessThan(5);
    flush.mockRestore();
    await store.close();
  });

  it('rejects all that waits where no transaction can begin, and goes on when it can.', async(): Promise<void> => {
    const folder = newFolder();
    const store = new SqliteEventStore(new SqliteSession(folder));
    await store.open();
    internalsOf(store).connect().db.pragma('busy_timeout = 1');
    const other = new Database(fileIn(folder));
    other.exec('BEGIN IMMEDIATE');
    const refused = [ anEvent(), anEvent() ].map(async(event): Promise<boolean> => store.accept([{ event, forwards: []}]));
    const settled = await Promise.allSettled(refused);
    expect(settled.map(({ status }): string => status)).toEqual([ 'rejected', 'rejected' ]);
    other.exec('ROLLBACK');
    other.close();
    await store.accept([{ event: anEvent(), forwards: []}]);
    expect(await store.listEntries(`${PRODUCER}publish/`, 0, 10)).toHaveLength(1);
    await store.close();
  });

  it('matches by a fixed number of indexed look-ups, whatever else is followed.', async(): Promise<void> => {
    const store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    const internal = internalsOf(store);
    const prepare = jest.spyOn(internal, 'prepare');
    const statementsFor = async(): Promise<string[]> => {
      await store.accept([{ event: anEvent(), forwards: [{ pod: POD }]}]);
      prepare.mockClear();
      await forwardAll(store);
      return prepare.mock.calls.map(([ sql ]): string => sql);
    };
    await store.addSubscription(aSubscription());
    await statementsFor();
    const before = await statementsFor();
    const others = Array.from({ length: 500 }, async(_, index): Promise<unknown> => store.addSubscription(
      aSubscription({ pattern: index % 2 ? `other/${index}` : 'realestate/lead#add', inbox: `http://localhost/${index}/` }),
    ));
    await Promise.all(others);
    expect(await statementsFor()).toEqual(before);
    for (let index = 0; index < 90; index += 1) {
      await store.addSubscription(aSubscription({ inbox: `http://localhost/matching/${index}/` }));
    }
    expect((await statementsFor()).length).toBe(before.length);
    const { db } = internal.connect();
    for (const sql of new Set(before)) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array.from({ length: sql.split('?').length - 1 }, (): number => 1));
      const scans = plan.map((row): string => (row as { detail: string }).detail)
        // A check for an empty table reads one row, and a subquery reads at most its limit.
        .filter((detail): boolean => /^SCAN (?!CONSTANT|w\b|\(subquery)/u.test(detail) &&
          !/^SELECT 1 FROM \w+ (?:WHERE (?:watched|gone) = 1 )?LIMIT 1$/u.test(sql));
      expect([ sql, scans ]).toEqual([ sql, []]);
    }
    await store.close();
  });
});

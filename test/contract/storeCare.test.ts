import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { ContextLoader } from '../../src/event/ContextLoader';
import { createEvent } from '../../src/event/EventDocument';
import { EventStoreLifecycle } from '../../src/server/EventStoreLifecycle';
import { FolderInUse, FolderLock } from '../../src/store-sqlite/FolderLock';
import { inspectStore, startProblem } from '../../src/store-sqlite/inspection';
import { defaultKeyFile, readKeyFile } from '../../src/store-sqlite/keyFile';
import { planRelocation, relocate, rewriteMembers, TEXT_COLUMNS } from '../../src/store-sqlite/relocation';
import { MIGRATIONS } from '../../src/store-sqlite/schema';
import { getSetting, setSetting } from '../../src/store-sqlite/settings';
import { SecretCipher } from '../../src/store-sqlite/SecretCipher';
import { SqliteApiKeyStore } from '../../src/store-sqlite/SqliteApiKeyStore';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { StoreGuard } from '../../src/store-sqlite/StoreGuard';

const FROM = 'http://localhost:3000/';
const TO = 'https://pods.example.org/';
const ELSE = 'http://localhost:30001/';

const folders: string[] = [];
const newFolder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'event-store-')));
  return folders.at(-1)!;
};
const fileIn = (folder: string): string => join(folder, '.events/events.sqlite');

afterAll((): void => folders.forEach((folder): void => rmSync(folder, { recursive: true })));

/** Uses a database, and closes it. */
function using<T>(folder: string, use: (db: Database.Database) => T): T {
  const db = new Database(fileIn(folder));
  try {
    return use(db);
  } finally {
    db.close();
  }
}

/** A store after the stop of its server, with rows in each table that has URLs. */
async function filled(base = FROM, pods = [ `${base}alice/`, `${base}bob/` ]): Promise<string> {
  const folder = newFolder();
  const session = new SqliteSession(folder);
  const store = new SqliteEventStore(session);
  const guard = new StoreGuard(session, folder, base);
  await store.open();
  await guard.open();
  const [ alice, bob ] = pods;
  await store.registerPod(alice);
  await store.registerPod(bob);
  const loader = new ContextLoader();
  const data = `{"url":"${base}alice/","n":1.50,"nested":{"id":"${base}bob/","publisher":["${base}"]}}`;
  for (const recipients of [[ `${bob}profile/card#me` ], [ `${bob}profile/card#me`, `${ELSE}x#me` ], []]) {
    const draft = { topic: 'a/b#c', recipients, sources: [ `${ELSE}y#me` ], annotations: { subject: `${base}alice/` }, data };
    const event = await createEvent(draft, alice, `${alice}profile/card#me`, loader);
    const once = { agent: `${alice}profile/card#me`, pod: alice, key: event.id, fingerprint: 'f', result: JSON.stringify({ events: [{ id: event.id, pod: alice }], hasAudience: true }) };
    const request = { method: 'POST', url: `${alice}event/send`, query: { url: base }, headers: { host: 'localhost:3000' }};
    await store.accept([{ event, forwards: [{ pod: bob, inbox: `${bob}inbox/` }], request }], once);
  }
  // An event of another server, with URLs of this one.
  const foreign = await createEvent({ topic: 'a/b#c', recipients: [ `${bob}profile/card#me` ], sources: []}, `${ELSE}eve/`, `${ELSE}eve#me`, loader);
  await store.receive({ event: foreign, hops: 1, pod: bob, inbox: `${bob}inbox/`, isForwarded: true });
  const subscription = { id: '01890000-0000-7000-8000-000000000001', pod: bob, pattern: 'a/*', agent: `${alice}profile/card#me`, created: 1 };
  await store.addSubscription({ ...subscription, url: `${alice}inbox/` });
  await store.addSubscription({ ...subscription, id: '01890000-0000-7000-8000-000000000002', url: `${base}hook` }, undefined, undefined, { kind: 'webhook', host: 'localhost:3000', secret: `whsec_${base}` });
  await store.addSubscription({ ...subscription, id: '01890000-0000-7000-8000-000000000003', url: 'https://else.example/hook' }, undefined, undefined, { kind: 'webhook', host: 'else.example' });
  await store.noteDependency(`${base}groups#x`, `${alice}topics/`);
  await new SqliteApiKeyStore(session).addKey({ id: 'k', account: 'a', webId: `${alice}profile/card#me`, name: base, created: 1, scopes: [ 'publish' ], pods: [ alice, `${ELSE}z/` ]}, Buffer.alloc(32, 1));
  await guard.close();
  await store.close();
  return folder;
}

/** All rows of all tables. */
function dump(folder: string): Record<string, unknown[]> {
  return using(folder, (db): Record<string, unknown[]> => Object.fromEntries(
    (db.prepare('SELECT name FROM sqlite_schema WHERE type = \'table\' AND name NOT LIKE \'sqlite_%\' ORDER BY name').pluck().all() as string[])
      .map((name): [string, unknown[]] => [ name, db.prepare(`SELECT * FROM ${name}`).all().map((row): string => JSON.stringify(row)).sort() ]),
  ));
}

const move = (folder: string, from: string, to: string): unknown => using(folder, (db): unknown => relocate(db, from, to));

describe('The lock of a data folder', (): void => {
  it('is held by one at a time, names who that is, and is free when that is over.', async(): Promise<void> => {
    const folder = newFolder();
    const first = new FolderLock(folder);
    const second = new FolderLock(folder);
    await first.open();
    await first.open();
    await expect(second.open()).rejects.toThrow(new RegExp(`in use by process ${process.pid}, started \\d{4}-.*Stop that process`, 'u'));
    await expect(second.open()).rejects.toBeInstanceOf(FolderInUse);
    await first.close();
    await first.close();
    await second.open();
    writeFileSync(join(folder, '.events/lock.json'), '{"pid":1,"started":"then","host":"elsewhere"}');
    await expect(first.open()).rejects.toThrow('process 1 on elsewhere, started then');
    writeFileSync(join(folder, '.events/lock.json'), '?');
    await expect(first.open()).rejects.toThrow('in use by another process');
    await second.close();
  });

  it('is none in memory, and given back where the store cannot be opened.', async(): Promise<void> => {
    const locks = [ new FolderLock(IN_MEMORY), new FolderLock(IN_MEMORY) ];
    await Promise.all(locks.map(async(lock): Promise<void> => lock.open()));
    const folder = newFolder();
    const failing = { open: async(): Promise<never> => { throw new Error('no'); }, close: async(): Promise<void> => {} };
    await expect(new EventStoreLifecycle([ new FolderLock(folder), failing ]).handle()).rejects.toThrow('no');
    const lock = new FolderLock(folder);
    await lock.open();
    await lock.close();
  });
});

describe('The guard of a store', (): void => {
  it('keeps the base URL, and refuses another one.', async(): Promise<void> => {
    const folder = await filled();
    const before = dump(folder);
    const session = new SqliteSession(folder);
    session.open();
    await expect(new StoreGuard(session, folder, TO).open())
      .rejects.toThrow(`belongs to the base URL ${FROM}, and this server has ${TO}. Start it with --baseUrl ${FROM}, or move the store with \`solid-pod-events-server move --from ${FROM} --to ${TO}`);
    session.close();
    expect(dump(folder)).toEqual(before);
    expect(startProblem(folder, ELSE)).toContain('belongs to the base URL');
    expect(startProblem(folder, 'http://LOCALHOST:3000')).toBeUndefined();
    expect(startProblem(newFolder(), FROM)).toBeUndefined();
  });

  it('finds the base URL of a store of before by its pods.', async(): Promise<void> => {
    const folder = await filled();
    using(folder, (db): void => setSetting(db, 'base_url', undefined));
    expect(startProblem(folder, TO)).toContain(`has the pod ${FROM}alice/, which is not on this server`);
    expect(startProblem(folder, FROM)).toBeUndefined();
    expect(startProblem(await filled(FROM, [ 'http://alice.localhost:3000/', 'http://bob.localhost:3000/' ]), FROM)).toBeUndefined();
  });

  it('moves the write-ahead log to the main file, which then tells by itself what it was.', async(): Promise<void> => {
    const folder = newFolder();
    const session = new SqliteSession(folder);
    session.open();
    const guard = new StoreGuard(session, folder, FROM);
    await guard.open();
    session.writeNow((): unknown => session.run('INSERT INTO pods (url) VALUES (?)', `${FROM}x/`));
    guard.checkpoint();
    guard.checkpoint();
    const copy = newFolder();
    mkdirSync(join(copy, '.events'));
    writeFileSync(fileIn(copy), readFileSync(fileIn(folder)));
    expect(startProblem(copy, FROM)).toContain('was copied from a running server without its file events.sqlite-wal');
    expect(using(copy, (db): unknown => db.prepare('SELECT url FROM pods').pluck().get())).toBe(`${FROM}x/`);
    await guard.close();
    await guard.close();
    session.close();
    // The guard does not fail if the store is missing.
    guard.checkpoint();
    const memory = new StoreGuard(new SqliteSession(IN_MEMORY), IN_MEMORY, FROM);
    await memory.open();
    await memory.close();
  });
});

describe('A store whose files are incomplete', (): void => {
  it('is never taken for a new one.', async(): Promise<void> => {
    const folder = await filled();
    const file = fileIn(folder);
    const content = readFileSync(file);
    const open = (): void => new SqliteSession(folder).open();
    rmSync(file);
    expect(open).toThrow(/is missing.*Restore a backup.*or delete store\.json/u);
    writeFileSync(file, '');
    expect(open).toThrow('is empty: its data was in the file events.sqlite-wal');
    // The file that SQLite leaves if all data was in the write-ahead log.
    rmSync(file);
    const empty = new Database(file);
    empty.pragma('journal_mode = WAL');
    empty.close();
    expect(open).toThrow('has no tables: its data was in the file events.sqlite-wal');
    writeFileSync(file, content);
    const marker = JSON.parse(readFileSync(join(folder, '.events/store.json'), 'utf8'));
    writeFileSync(join(folder, '.events/store.json'), JSON.stringify({ ...marker, events: Number(marker.events) + 1 }));
    expect(open).toThrow(/has lost data: it has had 4 events, and store\.json beside it says 5/u);
    rmSync(join(folder, '.events/store.json'));
    const session = new SqliteSession(folder);
    session.open();
    session.close();
    expect(readdirSync(join(folder, '.events')).filter((name): boolean => name.includes('new'))).toEqual([]);
  });
});

describe('The move of a store', (): void => {
  it('knows each text column of the schema.', (): void => {
    const db = new Database(IN_MEMORY);
    MIGRATIONS.forEach((step): unknown => db.exec(step));
    const tables = db.prepare('SELECT name FROM sqlite_schema WHERE type = \'table\' AND name NOT LIKE \'sqlite_%\'').pluck().all() as string[];
    const text = Object.fromEntries(tables.map((table): [string, string[]] => [ table, (db.pragma(`table_info(${table})`) as { name: string; type: string }[])
      .filter(({ type }): boolean => type === 'TEXT').map(({ name }): string => name).sort() ]).filter(([ , columns ]): boolean => columns.length > 0));
    // TEXT_COLUMNS must name each new column, and whether it holds URLs of the server.
    expect(Object.fromEntries(Object.entries(TEXT_COLUMNS).map(([ table, columns ]) => [ table, Object.keys(columns).sort() ]))).toEqual(text);
    db.close();
  });

  it('rewrites what is of the server, and nothing else.', async(): Promise<void> => {
    const folder = await filled();
    const before = dump(folder);
    const plan = using(folder, (db): unknown => planRelocation(db, FROM, TO));
    expect(dump(folder)).toEqual(before);
    expect(move(folder, FROM, TO)).toEqual(plan);
    const after = dump(folder);
    const all = JSON.stringify(after);
    expect(after.pods.join()).not.toContain(FROM);
    expect(all).toContain(`${TO}alice/publish/`);
    const { id, secret } = JSON.parse(after.targets[0] as string);
    const cipher = new SecretCipher(readKeyFile(defaultKeyFile(folder))!);
    expect(cipher.open(secret, [ 'secret', 'webhook', id ])).toBe(`whsec_${FROM}`);
    expect(after.containers.join()).toContain(`webhook ${TO}hook`);
    expect(after.hosts.map((row): string => JSON.parse(row as string).name).sort()).toEqual([ 'else.example', 'pods.example.org' ]);
    expect(after.made.join()).not.toContain(FROM);
    using(folder, (db): void => {
      const documents = db.prepare('SELECT e.members, e.bytes, x.text, p.url FROM events e JOIN contexts x ON x.id = e.context JOIN pods p ON p.id = e.pod ORDER BY e.id').all() as { members: string; bytes: number; text: string; url: string }[];
      for (const { members, bytes, text, url } of documents.slice(0, 3)) {
        const value = JSON.parse(members);
        expect([ value.id.startsWith(`${TO}alice/publish/`), value.origin, value.publisher, value.source, value.subject ])
          .toEqual([ true, `${TO}alice/`, `${TO}alice/profile/card#me`, `${ELSE}y#me`, `${FROM}alice/` ]);
        expect(members).toContain(`"data":{"url":"${FROM}alice/","n":1.50,"nested":{"id":"${FROM}bob/","publisher":["${FROM}"]}}`);
        expect(bytes).toBe(Buffer.byteLength(`{"@context":${text},${members.slice(1)}`));
        expect(url).toBe(`${TO}alice/`);
      }
      // The document of another server stays unchanged, so that a repeated event is recognised.
      expect(JSON.parse(documents[3].members)).toMatchObject({ recipient: `${FROM}bob/profile/card#me`, origin: `${ELSE}eve/` });
      expect(db.pragma('foreign_key_check')).toEqual([]);
      expect(JSON.parse(db.prepare('SELECT request FROM events LIMIT 1').pluck().get() as string))
        .toMatchObject({ url: `${TO}alice/event/send`, query: { url: FROM }, headers: { host: 'localhost:3000' }});
      expect(JSON.parse(db.prepare('SELECT pods FROM api_keys').pluck().get() as string)).toEqual([ `${TO}alice/`, `${ELSE}z/` ]);
    });
    expect(inspectStore(folder, true)).toMatchObject({ baseUrl: TO, problems: []});
    expect(startProblem(folder, TO)).toBeUndefined();
    move(folder, TO, FROM);
    expect({ ...dump(folder), hosts: [], targets: [], deliveries: []}).toEqual({ ...before, hosts: [], targets: [], deliveries: []});
  });

  it('goes on where it was interrupted, with the same result, and does not start before.', async(): Promise<void> => {
    // The new base URL begins with the old one, so no URL may be rewritten twice.
    const to = `${FROM}alice/`;
    const whole = await filled();
    const folder = newFolder();
    mkdirSync(join(folder, '.events'));
    writeFileSync(fileIn(folder), readFileSync(fileIn(whole)));
    using(folder, (db): void => {
      // As after the first batch: only events are rewritten.
      expect((): unknown => relocate(db, FROM, to, (): never => { throw new Error('killed'); })).toThrow('killed');
    });
    expect(startProblem(folder, FROM)).toContain(`The move of the event store in ${folder} from ${FROM} to ${to} was interrupted`);
    expect(inspectStore(folder, true).problems).toEqual([ expect.stringContaining('was interrupted') ]);
    expect((): unknown => move(folder, FROM, TO)).toThrow('Another move of this store was interrupted');
    expect(move(folder, FROM, to)).toMatchObject({ isResumed: true });
    move(whole, FROM, to);
    expect(dump(folder)).toEqual(dump(whole));
    using(folder, (db): void => expect(getSetting(db, 'base_url')).toBe(to));
  });

  it('moves pods on subdomains, to a base URL without a path.', async(): Promise<void> => {
    const folder = await filled(FROM, [ 'http://alice.localhost:3000/', 'http://bob.localhost:3000/' ]);
    expect((): unknown => move(folder, FROM, `${TO}solid/`)).toThrow('on subdomains, so --to has no path');
    move(folder, FROM, TO);
    expect(dump(folder).pods.join()).toContain('https://alice.pods.example.org/');
  });

  it('refuses what would lose something.', async(): Promise<void> => {
    const folder = await filled();
    expect((): unknown => move(folder, ELSE, TO)).toThrow(`belongs to the base URL ${FROM}`);
    expect((): unknown => move(folder, FROM, FROM)).toThrow('nothing to move');
    using(folder, (db): void => setSetting(db, 'base_url', undefined));
    expect((): unknown => move(folder, ELSE, TO)).toThrow('has the pod');
    using(folder, (db): unknown => db.prepare('INSERT INTO agents (webid) VALUES (?)').run(`${TO}alice/profile/card#me`));
    expect((): unknown => move(folder, FROM, TO)).toThrow(/has both .*alice.* and .*alice.*Choose another --to/u);
  });

  it('rewrites members of the outermost object alone, whatever else there is.', (): void => {
    const names = new Set([ 'id', 'recipient' ]);
    const rewrite = (value: string): string => value === 'x' ? 'moved' : value;
    expect(rewriteMembers('{"id" : "x", "a":"x","recipient":["x","y",["x"],{"id":"x"}],"data":{"id":"x","recipient":["x"]},"i\\u0064":"x"}', names, rewrite))
      .toBe('{"id" : "moved", "a":"x","recipient":["moved","y",["x"],{"id":"x"}],"data":{"id":"x","recipient":["x"]},"i\\u0064":"moved"}');
    fc.assert(fc.property(fc.json(), (data): void => {
      const text = `{"id":"x","data":${data},"recipient":["x"]}`;
      expect(rewriteMembers(text, names, rewrite)).toBe(`{"id":"moved","data":${data},"recipient":["moved"]}`);
      expect(rewriteMembers(text, new Set(), rewrite)).toBe(text);
    }));
  });
});

describe('The inspection of a store', (): void => {
  it('finds what is damaged, newer or contradictory.', async(): Promise<void> => {
    const folder = await filled();
    expect(inspectStore(folder, true)).toMatchObject({ counts: { pods: 2, events: 4, subscriptions: 3, apiKeys: 1 }, problems: []});
    using(folder, (db): void => {
      db.pragma('foreign_keys = OFF');
      db.exec(`UPDATE events SET members = 'no' WHERE id = 1; UPDATE pods SET url = 'http://x/' WHERE url = '${FROM}bob/'`);
    });
    expect(inspectStore(folder, true).problems).toEqual([
      expect.stringContaining('The pod http://x/ is not on the base URL'),
      expect.stringMatching(/^The document of the event .* is not that of its row\.$/u),
    ]);
    using(folder, (db): void => {
      db.pragma('foreign_keys = OFF');
      db.exec('DELETE FROM agents');
    });
    expect(inspectStore(folder, false).problems.join()).toContain('names a row of agents that does not exist');
    using(folder, (db): unknown => db.pragma('user_version = 99'));
    expect(inspectStore(folder, false).problems[0]).toContain('was written by a newer version');
    expect(startProblem(folder, FROM)).toContain('was written by a newer version');
    writeFileSync(fileIn(folder), 'nothing');
    expect(inspectStore(folder, false).problems).toEqual([ expect.stringContaining('cannot be read') ]);
    writeFileSync(join(folder, '.events/replays.sqlite'), 'nothing');
    expect(inspectStore(folder, false).problems).toHaveLength(2);
    expect(inspectStore(newFolder(), false).problems).toEqual([ expect.stringContaining('There is no event store at') ]);
  });
});

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StorageFull } from '../../../src/store/StorageFull';
import { SqliteReplayGuard } from '../../../src/store-sqlite/SqliteReplayGuard';
import { IN_MEMORY } from '../../../src/store-sqlite/SqliteSession';

const hash = (text: string | number): Buffer => createHash('sha256').update(String(text)).digest();

describe('A replay guard', (): void => {
  const folder = mkdtempSync(join(tmpdir(), 'replays-'));

  afterEach((): void => {
    jest.useRealTimers();
  });

  afterAll((): void => rmSync(folder, { recursive: true }));

  it('lets everything be used once, by all processes, and after a restart.', async(): Promise<void> => {
    const [ one, other ] = [ new SqliteReplayGuard(folder), new SqliteReplayGuard(folder) ];
    await one.open();
    await one.open();
    const soon = Date.now() + 60_000;
    expect(await one.use(hash('a'), soon)).toBe(true);
    expect(await one.use(hash('a'), soon)).toBe(false);
    expect(await other.use(hash('a'), soon)).toBe(false);
    expect(await other.use(hash('b'), soon)).toBe(true);
    await one.close();
    await one.close();
    expect(await one.use(hash('b'), soon)).toBe(false);
    await one.close();
    await other.close();
  });

  it('remembers however much comes between, and no longer than it has to.', async(): Promise<void> => {
    const guard = new SqliteReplayGuard(folder);
    const now = Date.now();
    jest.useFakeTimers({ now, doNotFake: [ 'nextTick', 'performance' ]});
    expect(await guard.use(hash('first'), now + 60_000)).toBe(true);
    for (let count = 0; count < 20_000; count += 1) {
      await guard.use(hash(count), now + 60_000);
    }
    expect(await guard.use(hash('first'), now + 60_000)).toBe(false);
    jest.setSystemTime(now + 60_001);
    for (let count = 0; count < 6_000; count += 1) {
      await guard.use(hash(`later ${count}`), now + 120_000);
    }
    const db = new Database(join(folder, '.events', 'replays.sqlite'), { readonly: true });
    expect(db.prepare('SELECT COUNT(*) AS count FROM used').get()).toEqual({ count: 6_000 });
    db.close();
    await guard.close();
  });

  it('can be in memory.', async(): Promise<void> => {
    const guard = new SqliteReplayGuard(IN_MEMORY);
    expect(await guard.use(hash('a'), Date.now() + 1_000)).toBe(true);
    expect(await guard.use(hash('a'), Date.now() + 1_000)).toBe(false);
    await guard.close();
  });

  it('lets nothing be used where it cannot be remembered.', async(): Promise<void> => {
    const guard = new SqliteReplayGuard(IN_MEMORY);
    await guard.open();
    const { db } = (guard as unknown as { statements: { db: Database.Database }}).statements;
    db.pragma('max_page_count = 1');
    const later = Date.now() + 60_000;
    let count = 0;
    const fill = async(): Promise<void> => {
      while (await guard.use(hash(count), later)) {
        count += 1;
      }
    };
    await expect(fill()).rejects.toThrow(StorageFull);
    await expect(guard.use(hash(count), later)).rejects.toThrow(StorageFull);
    expect(await guard.use(hash(count - 1), later)).toBe(false);
    db.pragma('max_page_count = 1000000');
    expect(await guard.use(hash(count), later)).toBe(true);
    await guard.close();
  });
});

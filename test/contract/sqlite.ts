import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteApiKeyStore } from '../../src/store-sqlite/SqliteApiKeyStore';
import { SqliteCatalogueStore } from '../../src/store-sqlite/SqliteCatalogueStore';
import { SqliteDeliveryStore } from '../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqlitePodLifecycle } from '../../src/store-sqlite/SqlitePodLifecycle';
import { SqliteRefreshTokenStore } from '../../src/store-sqlite/SqliteRefreshTokenStore';
import { SqliteRequestLog } from '../../src/store-sqlite/SqliteRequestLog';
import { IN_MEMORY, SqliteSession } from '../../src/store-sqlite/SqliteSession';
import type { LifecycleProbe, Stores } from './stores';

/** The SQLite adapters of all ports, on one connection. */
export interface SqliteStores extends Stores {
  readonly events: SqliteEventStore;
  readonly session: SqliteSession;
}

const folders: string[] = [];

/** Creates a folder that {@link removeFolders} removes. */
export function newFolder(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'event-store-')));
  return folders.at(-1)!;
}

export function removeFolders(): void {
  folders.splice(0).forEach((folder): void => rmSync(folder, { recursive: true, force: true }));
}

export function sqliteStores(session: SqliteSession): SqliteStores {
  return {
    session,
    events: new SqliteEventStore(session),
    deliveries: new SqliteDeliveryStore(session),
    catalogue: new SqliteCatalogueStore(session),
    keys: new SqliteApiKeyStore(session),
    refreshTokens: new SqliteRefreshTokenStore(session),
    log: new SqliteRequestLog(session),
    lifecycle: new SqlitePodLifecycle(session),
    probe: probeOf(session),
  };
}

function probeOf(session: SqliteSession): LifecycleProbe {
  return {
    countRows: (): number => session.get<{ count: number }>(
      'SELECT (SELECT COUNT(*) FROM events) + (SELECT COUNT(*) FROM entries) AS count',
    )!.count,
    countIdentities: (): number =>
      session.get<{ count: number }>('SELECT COUNT(*) AS count FROM given_identities')!.count,
    countTokens: () => session.get<{ chains: number; answers: number }>(
      'SELECT (SELECT COUNT(*) FROM refresh_chains) AS chains, (SELECT COUNT(*) FROM refresh_answers) AS answers',
    )!,
    failWrite: (write): (() => number) => beforeWrite(session, write, async(): Promise<never> => {
      throw new Error('killed');
    }),
    holdWrite(write): ReturnType<LifecycleProbe['holdWrite']> {
      let [ reach, release ] = [ (): void => undefined, (): void => undefined ];
      const reached = new Promise<void>((resolve): void => {
        reach = resolve;
      });
      const released = new Promise<void>((resolve): void => {
        release = resolve;
      });
      beforeWrite(session, write, async(): Promise<void> => {
        reach();
        await released;
      });
      return { reached, release };
    },
  };
}

/** Runs an action before one of the next writes. Returns a function that counts the writes. */
function beforeWrite(session: SqliteSession, write: number, action: () => Promise<void>): () => number {
  const actual = session.write.bind(session);
  let writes = 0;
  session.write = async(run, limits): Promise<any> => {
    writes += 1;
    if (writes === write) {
      await action();
    }
    return actual(run, limits);
  };
  return (): number => writes;
}

/** The variants of SQLite, each with its name, and a function that opens its instances. */
export const SQLITE: readonly [name: string, open: () => Promise<readonly SqliteStores[]>][] = [
  [ 'SQLite in memory', async(): Promise<SqliteStores[]> => [ sqliteStores(new SqliteSession(IN_MEMORY)) ]],
  [ 'SQLite on disk', async(): Promise<SqliteStores[]> => [ sqliteStores(new SqliteSession(newFolder())) ]],
  [ 'SQLite on disk by two connections', async(): Promise<SqliteStores[]> => {
    const folder = newFolder();
    return [ new SqliteSession(folder), new SqliteSession(folder) ].map(sqliteStores);
  } ],
];

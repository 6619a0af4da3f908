import { existsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import DatabaseConstructor from 'better-sqlite3';
import { stringify } from 'uuid';
import { isOfServer } from '../store/baseUrl';
import { defaultKeyFile } from './keyFile';
import { schemaProblem, versionOf } from './schema';
import { keyProblem } from './sealing';
import { getSetting, hasTable } from './settings';
import { databasePath } from './SqliteSession';
import { baseUrlProblem, moveOf, registeredPods } from './StoreGuard';
import { fileProblem, lossCheck } from './storeFile';

/** Maximum number of listed problems of one kind. */
const MAX_PROBLEMS = 10;

/** Numbers of stored objects, by kind. */
export type StoreCounts = Readonly<Record<'pods' | 'events' | 'entries' | 'subscriptions' | 'waitingDeliveries' | 'apiKeys', number>>;

/** Result of the inspection of a store. */
export interface Inspection {
  /** Path of the database. */
  readonly path: string;
  readonly schema?: number;
  readonly baseUrl?: string;
  readonly counts?: StoreCounts;
  /** Problems, each in one sentence. */
  readonly problems: readonly string[];
}

/** Returns a problem that prevents a server from starting with a store, by quick checks. Only reads. */
export function startProblem(folder: string, baseUrl: string, keyFile = defaultKeyFile(folder)): string | undefined {
  const path = databasePath(folder, 'events.sqlite');
  const problem = fileProblem(path);
  if (problem !== undefined || !existsSync(path)) {
    return problem;
  }
  const lossOf = lossCheck(path);
  return withStore(path, (db): string | undefined =>
    schemaProblem(db) ?? lossOf(db) ?? baseUrlProblem(db, baseUrl, folder) ?? keyProblem(db, keyFile));
}

/**
 * Inspects the store in a data folder, also while a server uses it. Only reads.
 *
 * @param folder - Data folder of the server.
 * @param isFull - Whether to compare all content with its indexes and documents, which takes about as long as reading
 *                 the file.
 */
export function inspectStore(folder: string, isFull: boolean): Inspection {
  const path = databasePath(folder, 'events.sqlite');
  const missing = existsSync(path) ? undefined : `There is no event store at ${path}. Check the data folder (-f).`;
  const problem = fileProblem(path) ?? missing;
  if (problem !== undefined) {
    return { path, problems: [ problem ]};
  }
  const lossOf = lossCheck(path);
  let found = {};
  const problems: string[] = [];
  const add = (text: string | undefined): void => {
    if (text !== undefined) {
      problems.push(text);
    }
  };
  add(withStore(path, (db): string | undefined => {
    const newer = schemaProblem(db);
    found = { schema: versionOf(db), baseUrl: getSetting(db, 'base_url') };
    add(newer);
    add(lossOf(db));
    problems.push(...damage(db, isFull));
    // The tables of a newer version are unknown, and those of a damaged file unreliable.
    if (newer === undefined && problems.length === 0 && hasTable(db, 'events')) {
      found = { ...found, counts: countsOf(db) };
      problems.push(...contradictions(db, isFull));
    }
    return undefined;
  }));
  const replays = databasePath(folder, 'replays.sqlite');
  if (existsSync(replays)) {
    add(withStore(replays, (db): string | undefined => {
      const [ first ] = damage(db, isFull);
      return first && `${replays}: ${first} It holds used DPoP proofs only: delete it while the server is stopped.`;
    }));
  }
  return { path, ...found, problems };
}

/** Returns a problem of the keys of an undamaged store, or of remains of unencrypted secrets. Only reads. */
export function secretProblem(folder: string, keyFile = defaultKeyFile(folder)): string | undefined {
  const path = databasePath(folder, 'events.sqlite');
  return existsSync(path) ?
    withStore(path, (db): string | undefined => keyProblem(db, keyFile) ?? (getSetting(db, 'secret_scrub') === undefined ?
      undefined :
      'The file can have remains of unencrypted secrets of webhooks, because it could not be rewritten. Free as much ' +
      'disk space as it has, and restart the server.')) :
    undefined;
}

/** Counts the objects in a store with the schema of this version. */
export function countsOf(db: Database): StoreCounts {
  const count = (from: string): number => db.prepare(`SELECT COUNT(*) FROM ${from}`).pluck().get() as number;
  return {
    pods: count('pods WHERE registered = 1'),
    events: count('events'),
    entries: count('entries'),
    subscriptions: count('subscriptions'),
    waitingDeliveries: hasTable(db, 'deliveries') ? count('deliveries WHERE state = 0') : 0,
    apiKeys: hasTable(db, 'api_keys') ? count('api_keys') : 0,
  };
}

/** Opens a database for reading, and returns a problem of it, also if it cannot be read. */
function withStore(path: string, use: (db: Database) => string | undefined): string | undefined {
  let db: Database | undefined;
  try {
    db = new DatabaseConstructor(path, { readonly: true, fileMustExist: true });
    return use(db);
  } catch (error: unknown) {
    return `The event store ${path} cannot be read: ${(error as Error).message}. Restore a backup with ` +
      '`solid-pod-events-server restore`.';
  } finally {
    db?.close();
  }
}

/** Returns the problems that SQLite finds in a file. */
function damage(db: Database, isFull: boolean): string[] {
  const rows = (db.pragma(`${isFull ? 'integrity_check' : 'quick_check'}(${MAX_PROBLEMS})`) as Record<string, string>[])
    .map((row): string => Object.values(row)[0]).filter((text): boolean => text !== 'ok');
  const keys = db.pragma('foreign_key_check') as { table: string; rowid: number | null; parent: string }[];
  return [
    ...rows.map((text): string => `The file is damaged: ${text.replace(/\s+/gu, ' ')}.`),
    ...keys.slice(0, MAX_PROBLEMS).map(({ table, rowid, parent }): string =>
      `Row ${rowid ?? '?'} of ${table} names a row of ${parent} that does not exist.`),
  ];
}

/** Returns contradictions between the rows of an undamaged file. */
function contradictions(db: Database, isFull: boolean): string[] {
  const found: string[] = [];
  const move = moveOf(db);
  if (move) {
    found.push(`The move from ${move.from} to ${move.to} was interrupted. Run it again.`);
  }
  const base = getSetting(db, 'base_url');
  if (base !== undefined && !move) {
    found.push(...registeredPods(db).filter((pod): boolean => !isOfServer(pod, base)).slice(0, MAX_PROBLEMS)
      .map((pod): string => `The pod ${pod} is not on the base URL ${base}.`));
  }
  const lost = db.prepare('SELECT COUNT(*) FROM forwards WHERE event NOT IN (SELECT id FROM events)').pluck().get() as number;
  if (lost > 0) {
    found.push(`${lost} events that wait to be forwarded do not exist.`);
  }
  if (isFull && !move) {
    db.function('uuid_text', { deterministic: true }, (uuid: unknown): string => stringify(uuid as Buffer));
    const events = db.prepare(`
      SELECT uuid_text(e.uuid) AS id FROM events e JOIN pods p ON p.id = e.pod
      WHERE CASE WHEN json_valid(e.members)
        THEN json_extract(e.members, '$.id') IS NOT p.url || 'publish/' || uuid_text(e.uuid) ELSE 1 END LIMIT ${MAX_PROBLEMS}
    `).pluck().all() as string[];
    found.push(...events.map((id): string => `The document of the event ${id} is not that of its row.`));
  }
  return found;
}

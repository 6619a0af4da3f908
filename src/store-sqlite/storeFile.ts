import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import DatabaseConstructor from 'better-sqlite3';
import { migrate } from './schema';
import { getSetting, isOpen } from './settings';

/**
 * What is noted beside a store, in `store.json`, so that one that was lost or shortened is not taken for a new one.
 */
export interface StoreMarker {
  /** The store's UUID. */
  readonly id: string;
  /** When the store was made, as an ISO 8601 date-time. */
  readonly created: string;
  /** The number of events that were ever stored, when this was written. */
  readonly events: number;
}

const REMEDY = 'Restore a backup with `solid-pod-events-server restore`';

/** The path of the marker beside a database. */
export function markerPath(database: string): string {
  return join(dirname(database), 'store.json');
}

/** The marker beside a database, if there is one. */
export function readMarker(database: string): StoreMarker | undefined {
  try {
    return JSON.parse(readFileSync(markerPath(database), 'utf8')) as StoreMarker;
  } catch {
    return undefined;
  }
}

/** Writes the marker beside a database, whole or not at all. */
export function writeMarker(database: string, marker: StoreMarker): void {
  const path = markerPath(database);
  writeFileSync(`${path}.new`, `${JSON.stringify(marker)}\n`);
  renameSync(`${path}.new`, path);
}

/** The number of events that were ever stored in a database. */
export function eventsEver(db: Database): number {
  return (db.prepare('SELECT seq FROM sqlite_sequence WHERE name = \'events\'').pluck().get() ?? 0) as number;
}

/**
 * Makes a database with the schema of this version where there is none. It has its name once it is complete, so a file
 * without a schema is never a new store.
 *
 * @throws Error if there was a store whose data is gone, or if there is an empty file in its place.
 */
export function createStoreFile(path: string): void {
  const problem = fileProblem(path);
  if (problem !== undefined) {
    throw new Error(problem);
  }
  if (existsSync(path)) {
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.new-${process.pid}`;
  rmSync(own, { force: true });
  const db = new DatabaseConstructor(own);
  try {
    migrate(db);
  } finally {
    db.close();
  }
  // Another process of the server may have made it meanwhile.
  try {
    linkSync(own, path);
    rmSync(own);
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      rmSync(own);
    } else {
      renameSync(own, path);
    }
  }
}

/** What is wrong with the files of a store, as far as it can be told before it is opened. */
export function fileProblem(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    const marker = readMarker(path);
    return marker && `The event store ${path} is missing, although store.json beside it says that one was made at ` +
      `${marker.created}. ${REMEDY}, or delete store.json to start with an empty store.`;
  }
  return size === 0 && !hasContent(`${path}-wal`) ?
    `The event store ${path} is empty: its data was in the file events.sqlite-wal, which is missing. ${REMEDY}, or ` +
    'delete events.sqlite and store.json to start with an empty store.' :
    undefined;
}

/**
 * What is to be known before a database is opened, for opening it makes a new write-ahead log.
 *
 * @returns A function that tells what is wrong with the database, once it is open.
 */
export function lossCheck(path: string): (db: Database) => string | undefined {
  const hasLog = hasContent(`${path}-wal`);
  const marker = readMarker(path);
  return (db): string | undefined => {
    if (db.pragma('user_version', { simple: true }) === 0) {
      return `The event store ${path} has no tables: its data was in the file events.sqlite-wal, which is missing. ` +
        `${REMEDY}, or delete events.sqlite and store.json to start with an empty store.`;
    }
    if (!marker) {
      return !hasLog && isOpen(db) && getSetting(db, 'store_id') !== undefined ?
        `The event store ${path} was copied from a running server without its file events.sqlite-wal, so its last ` +
        `events are missing. ${REMEDY}, or copy the folder .events as a whole from a stopped server.` :
        undefined;
    }
    const events = eventsEver(db);
    return getSetting(db, 'store_id') === marker.id && events < marker.events ?
      `The event store ${path} has lost data: it has had ${events} events, and store.json beside it says ` +
      `${marker.events}. ${REMEDY}, or delete store.json to go on with what is there.` :
      undefined;
  };
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

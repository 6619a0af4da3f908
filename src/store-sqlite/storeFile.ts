import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import DatabaseConstructor from 'better-sqlite3';
import { migrate } from './schema';
import { getSetting, isOpen } from './settings';

/**
 * Marker of a store, in `store.json` beside it, so that a lost or truncated store is not treated as a new one.
 */
export interface StoreMarker {
  /** UUID of the store. */
  readonly id: string;
  /** Creation time of the store, as an ISO 8601 date-time. */
  readonly created: string;
  /** Number of all events stored until the marker was written, including removed ones. */
  readonly events: number;
}

const REMEDY = 'Restore a backup with `solid-pod-events-server restore`';

/** Prefix of the folders, beside a database, with the files of a restore that is not complete. */
export const STAGING_PREFIX = 'restoring-';

/** Returns the path of the marker of a database. */
export function markerPath(database: string): string {
  return join(dirname(database), 'store.json');
}

/** Returns the marker of a database, if there is one. */
export function readMarker(database: string): StoreMarker | undefined {
  try {
    return JSON.parse(readFileSync(markerPath(database), 'utf8')) as StoreMarker;
  } catch {
    return undefined;
  }
}

/** Writes the marker of a database atomically. */
export function writeMarker(database: string, marker: StoreMarker): void {
  const path = markerPath(database);
  writeFileSync(`${path}.new`, `${JSON.stringify(marker)}\n`);
  renameSync(`${path}.new`, path);
}

/** Returns the number of all events stored in a database, including removed ones. */
export function eventsEver(db: Database): number {
  return (db.prepare('SELECT seq FROM sqlite_sequence WHERE name = \'events\'').pluck().get() ?? 0) as number;
}

/**
 * Creates a database with the schema of this version, unless one exists. It gets its name when it is complete, so a
 * file without a schema is never a new store.
 *
 * @throws Error if the marker shows that a store is missing, or if the file is empty.
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
  const temporary = `${path}.new-${process.pid}`;
  rmSync(temporary, { force: true });
  const db = new DatabaseConstructor(temporary);
  try {
    migrate(db);
  } finally {
    db.close();
  }
  // Another process of the server may have created it in the meantime.
  try {
    linkSync(temporary, path);
    rmSync(temporary);
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      rmSync(temporary);
    } else {
      renameSync(temporary, path);
    }
  }
}

/** Returns a problem of the files of a store that is visible before it is opened. */
export function fileProblem(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    const marker = readMarker(path);
    if (!marker && isBeingRestored(dirname(path))) {
      return `The restore to ${dirname(dirname(path))} was interrupted. Run \`solid-pod-events-server restore\` again.`;
    }
    return marker && `The event store ${path} is missing, although store.json beside it says that one was made at ` +
      `${marker.created}. ${REMEDY}, or delete store.json to start with an empty store.`;
  }
  return size === 0 && !hasContent(`${path}-wal`) ?
    `The event store ${path} is empty: its data was in the file events.sqlite-wal, which is missing. ${REMEDY}, or ` +
    'delete events.sqlite and store.json to start with an empty store.' :
    undefined;
}

/**
 * Reads the state of the files of a database before it is opened, because opening creates a new write-ahead log.
 *
 * @returns A function that returns a data loss of the opened database, if there is one.
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

function isBeingRestored(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name): boolean => name.startsWith(STAGING_PREFIX));
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

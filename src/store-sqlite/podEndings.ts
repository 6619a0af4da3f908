import { containersOf } from '../url/containers';
import type { SqliteSession } from './SqliteSession';
import { removeSubscriptions } from './subscriptions';

/** A table whose rows have a URL in a pod as their name. */
export interface NamedTable {
  readonly table: 'agents' | 'containers';
  readonly column: 'url' | 'webid';
  /** The column of `subscriptions` that refers to it. */
  readonly reference: 'agent' | 'inbox';
}

/** The tables whose rows end with the pod of their URL. */
export const NAMED: readonly NamedTable[] = [
  { table: 'containers', column: 'url', reference: 'inbox' },
  { table: 'agents', column: 'webid', reference: 'agent' },
];

/** Maximum number of rows of one table, and of removed subscriptions, in one transaction. */
const CHUNK = 200;
const MAX_SUBSCRIPTIONS = 500;

/** Returns the range of texts that begin with a URL ending in `/`: '0' is the character after `/`. */
export function rangeOf(url: string): [from: string, to: string] {
  return [ url, `${url.slice(0, -1)}0` ];
}

/** State of the ending of a pod. It distinguishes a late request from one for the next pod with the same URL. */
export interface EndingState {
  /** Start of the unfinished ending of the pod, in milliseconds since 1970. */
  readonly begun?: number;
  /** Key of the row of the pod. */
  readonly pod?: number;
}

/** Returns the current state of the ending of a pod. */
export function endingState(session: SqliteSession, pod: string): EndingState {
  return {
    begun: session.get<{ at: number }>('SELECT at FROM endings WHERE url = ?', pod)?.at,
    pod: session.get<{ id: number }>('SELECT id FROM pods WHERE url = ?', pod)?.id,
  };
}

/**
 * Begins or continues the ending of a pod. Afterwards the URL of the pod belongs to a new row without data.
 *
 * The old row keeps its key, so that rows that refer to it stay together, and gets a name that no request can have. The
 * new row continues the epoch and the revision of the old one, so no decision cached under them is used again.
 *
 * @param session - The connection, inside a transaction of the caller.
 * @param pod - Base URL of the pod.
 * @param now - Time in milliseconds since 1970.
 * @param seen - State when the ending was requested.
 *
 * @returns Start of the ending; `undefined` if another connection has ended the requested pod since.
 */
export function beginEnding(session: SqliteSession, pod: string, now: number, seen: EndingState): number | undefined {
  const { begun } = endingState(session, pod);
  if (begun !== undefined || seen.begun !== undefined) {
    return begun;
  }
  const row = session.get<{ id: number; epoch: number; revision: number; registered: number }>(
    'SELECT id, epoch, revision, registered FROM pods WHERE url = ?',
    pod,
  );
  if (row && row.id !== seen.pod && (seen.pod !== undefined || row.registered === 1)) {
    return undefined;
  }
  session.run('INSERT INTO endings (url, at) VALUES (?, ?)', pod, now);
  if (row) {
    session.run(
      'UPDATE pods SET url = ?, ended = ?, ended_at = ?, registered = 0 WHERE id = ?',
      nameOfEnded(row.id, pod),
      pod,
      now,
      row.id,
    );
    session.forgetKey('pods', pod);
    session.run('INSERT INTO pods (url, epoch, revision) VALUES (?, ?, ?)', pod, row.epoch + 1, row.revision + 1);
  }
  return now;
}

/**
 * Renames the next rows of a table with names in a pod, and removes the subscriptions that refer to them.
 *
 * @param session - The connection, inside a transaction of the caller.
 * @param named - The table.
 * @param pod - Base URL of the pod.
 * @param after - Last name of the previous call, or the empty string.
 * @param now - Time in milliseconds since 1970.
 *
 * @returns The last name; `undefined` if there are no further names.
 */
export function endNamed(
  session: SqliteSession,
  { table, column, reference }: NamedTable,
  pod: string,
  after: string,
  now: number,
): string | undefined {
  const rows = session.all<{ id: number; name: string }>(`
    SELECT id, ${column} AS name FROM ${table} WHERE ${column} >= ? AND ${column} < ? AND ${column} > ? ORDER BY ${column} LIMIT ?
  `, ...rangeOf(pod), after, CHUNK);
  let reached = after;
  let rest = MAX_SUBSCRIPTIONS;
  for (const { id, name } of rows) {
    if (!isInNested(session, pod, name)) {
      rest -= removeSubscriptions(session, reference, id, rest);
      if (rest <= 0) {
        return reached;
      }
      session.run(`UPDATE ${table} SET ${column} = ?, ended = ? WHERE id = ?`, nameOfEnded(id, name), name, id);
      session.forgetKey(table, name);
      if (table === 'containers') {
        session.run('UPDATE containers SET watched = 0, gone = 0 WHERE id = ?', id);
      } else {
        session.run(`
          UPDATE targets SET secret = NULL, old_secret = NULL, old_until = NULL, disabled = IFNULL(disabled, ?) WHERE agent = ?
        `, now, id);
      }
    }
    reached = name;
  }
  return rows.length === CHUNK ? reached : undefined;
}

/** Removes the next API keys of WebIDs in a pod, by the same cursor as {@link endNamed}. */
export function endKeys(session: SqliteSession, pod: string, after: string): string | undefined {
  const rows = session.all<{ webid: string }>(`
    SELECT DISTINCT webid FROM api_keys WHERE webid >= ? AND webid < ? AND webid > ? ORDER BY webid LIMIT ?
  `, ...rangeOf(pod), after, CHUNK);
  for (const { webid } of rows) {
    if (!isInNested(session, pod, webid)) {
      session.run('DELETE FROM api_keys WHERE webid = ?', webid);
    }
  }
  return rows.length === CHUNK ? rows.at(-1)!.webid : undefined;
}

/** Whether the database has rows for a pod, or for URLs in it. */
export function isKnown(session: SqliteSession, pod: string): boolean {
  const range = rangeOf(pod);
  return session.get('SELECT 1 FROM pods WHERE url = ?', pod) !== undefined ||
    session.get('SELECT 1 FROM containers WHERE url >= ? AND url < ? LIMIT 1', ...range) !== undefined ||
    session.get('SELECT 1 FROM agents WHERE webid >= ? AND webid < ? LIMIT 1', ...range) !== undefined ||
    session.get('SELECT 1 FROM api_keys WHERE webid >= ? AND webid < ? LIMIT 1', ...range) !== undefined;
}

/** Whether a URL is in another registered pod, nested in a pod. */
function isInNested(session: SqliteSession, pod: string, url: string): boolean {
  return containersOf(url, pod).slice(1).some((container): boolean =>
    session.get('SELECT 1 FROM pods WHERE url = ? AND registered = 1', container) !== undefined);
}

/** Returns the name of an ended row: an IRI, because it can appear in place of the former name. */
function nameOfEnded(id: number, name: string): string {
  return `urn:solid-pod-events:ended:${id}:${name}`;
}

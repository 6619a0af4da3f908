import { parse, stringify } from 'uuid';
import type { Event } from '../event/Event';
import type { Entry } from '../pod/ports';
import type { EventRow } from './eventRow';
import { EVENTS, toEvent } from './eventRow';
import { removeEmptyPages, removePages } from './logPages';
import { removeNotifications } from './notifications';
import type { SqliteSession } from './SqliteSession';

/** Returns the event of an entry of a container, by the id of the event. */
export function getEntry(session: SqliteSession, container: string, id: string): Event | undefined {
  const row = session.get<EventRow>(`
    ${EVENTS} WHERE e.uuid = ? AND EXISTS (
      SELECT 1 FROM entries n JOIN containers c ON c.id = n.container WHERE c.url = ? AND c.gone = 0 AND n.event = e.id
    )
  `, parse(id), container);
  return row && toEvent(row);
}

/** Returns entries of a container, by increasing keys of their events. */
export function listEntries(session: SqliteSession, container: string, after: number, limit: number): Entry[] {
  return session.all<Omit<Entry, 'id'> & { readonly uuid: Buffer }>(`
    SELECT e.uuid, IFNULL(p.ended, p.url) AS pod, e.id AS event, e.topic, e.published, e.bytes
    FROM containers c CROSS JOIN entries n ON n.container = c.id CROSS JOIN events e ON e.id = n.event
    CROSS JOIN pods p ON p.id = e.pod
    WHERE c.url = ? AND c.gone = 0 AND n.event > ? ORDER BY n.event LIMIT ?
  `, container, after, limit)
    .map(({ uuid, ...entry }): Entry => ({ ...entry, id: stringify(uuid) }));
}

/** Returns the time of the last change of the entries of a container. */
export function modifiedOf(session: SqliteSession, container: string): number | undefined {
  const row = session.get<{ modified: number | null }>('SELECT modified FROM containers WHERE url = ?', container);
  return row?.modified ?? undefined;
}

/** Next value of `modified` of a container; its parameter is the current time. */
export const NEXT_MODIFIED = 'MAX(IFNULL(modified, 0) + 1, ?)';

/** Adds an entry to a container, unless it exists; inside a transaction. Returns whether it was added. */
export function addEntry(session: SqliteSession, container: number, event: number): boolean {
  const isAdded =
    session.run('INSERT OR IGNORE INTO entries (container, event) VALUES (?, ?)', container, event).changes > 0;
  if (isAdded) {
    addLateEntries(session, event, 'SELECT id FROM containers WHERE id = ? AND newest >= ?', [ container, event ]);
  }
  return isAdded;
}

/**
 * Records an entry of the selected containers as late, because these had an entry of a later event before; inside the
 * transaction that adds the entries. A listing that was read up to the later event returns it next.
 *
 * @param containers - Query for keys of containers.
 * @param parameters - Parameters of the query.
 */
export function addLateEntries(
  session: SqliteSession,
  event: number,
  containers: string,
  parameters: readonly unknown[],
): void {
  const { changes } = session.run(
    `UPDATE containers SET modified = ${NEXT_MODIFIED} WHERE id IN (${containers})`,
    Date.now(),
    ...parameters,
  );
  if (changes > 0) {
    session.run(`
      INSERT OR REPLACE INTO late_entries (container, event, at)
      SELECT id, ?, modified FROM containers WHERE id IN (${containers})
    `, event, ...parameters);
  }
}

/**
 * Removes an entry of a container; inside a transaction. Returns whether it existed.
 *
 * While a fan-out of its event is pending, the removal is noted, so that the fan-out does not write the copy again.
 */
export function removeEntry(session: SqliteSession, container: string, id: string): boolean {
  const row = session.get<{ event: number; container: number }>(`
    SELECT n.event, n.container FROM events e CROSS JOIN containers c CROSS JOIN entries n
    WHERE e.uuid = ? AND c.url = ? AND n.container = c.id AND n.event = e.id
  `, parse(id), container);
  if (!row) {
    return false;
  }
  session.run('DELETE FROM entries WHERE container = ? AND event = ?', row.container, row.event);
  session.run(`
    INSERT OR IGNORE INTO removed (event, container)
    SELECT event, ? FROM forwards WHERE event = ? LIMIT 1
  `, row.container, row.event);
  removeEmptyPages(session, row.container);
  session.touch(row.container);
  return true;
}

/**
 * Removes some entries of a container, then its index of notifications and its pages; inside a transaction. Returns the
 * number of removed rows.
 */
export function removeEntries(session: SqliteSession, container: number, limit: number): number {
  const { changes } = session.run(`
    DELETE FROM entries WHERE (container, event) IN (
      SELECT container, event FROM entries WHERE container = ? ORDER BY event LIMIT ?
    )
  `, container, limit);
  let removed = changes;
  for (const remove of [ removeNotifications, removePages ]) {
    removed += removed < limit ? remove(session, container, limit - removed) : 0;
  }
  return removed;
}

import { publishContainer } from '../event/Event';
import type { CopyCursor, Removal } from '../server/ports';
import { deleteRemovedEntry } from './catalogueRows';
import { STATES } from './deliveries';
import { WORKED } from './deliveryClock';
import { removeIdentity } from './identities';
import { removeEmptyPages } from './logPages';
import type { SqliteSession } from './SqliteSession';

/** A waiting delivery holds its event beyond the limits until this number of attempts, or this work time in ms. */
const HELD_ATTEMPTS = 2;
const HELD_TIME = 10 * 60_000;
/** Maximum number of removed events of a pod whose deliveries stay in the log. */
const MAX_REMOVED = 1_000;

const WAITING = STATES.indexOf('waiting');
const DELETE_CHUNK = 'DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE event = ? LIMIT ?)';
const DELETE_ENDED = `
  DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE event = ? AND state <> ${WAITING} LIMIT ?)
`;
const LOG_REMOVED = 'INSERT OR REPLACE INTO attempts (delivery, at, duration, reason) VALUES (?, ?, 0, ?)';

interface RemovedRow {
  readonly context: number;
  readonly hops: number;
  readonly entry: number | null;
  readonly pod: number;
}

/** Reason in the log of a delivery that ends with its event. */
export const REMOVED = 'not sent: the event was removed by retention before it could be delivered';

/**
 * SQL condition of a held event `e`: its fan-out is pending, or a delivery holds it.
 *
 * A delivery holds its event until it has failed twice, it is ten minutes old, or the circuit of its host is open. So a
 * target cannot hold the events of an owner for long. An event whose removal has begun is no longer held.
 */
const HELD = `EXISTS (SELECT 1 FROM forwards f WHERE f.event = e.id)
  OR NOT EXISTS (SELECT 1 FROM removed_events r WHERE r.id = e.id) AND EXISTS (
    SELECT 1 FROM deliveries d CROSS JOIN hosts h WHERE d.event = e.id AND d.state = ${WAITING}
      AND d.tries < ${HELD_ATTEMPTS} AND d.made > ${WORKED} - ${HELD_TIME} AND h.id = d.host AND h.rests IS NULL
  )`;

interface Candidate { readonly id: number; readonly pod: string; readonly held: number }

/** Removes events published before a time, as `RetentionStore.removeEventsBefore` specifies. */
export function removeEventsBefore(session: SqliteSession, moment: number, after: number, limit: number): Removal {
  // Later events have larger keys, so no event after the first young one is removed.
  const young = session.get<{ id: number }>('SELECT id FROM events WHERE published >= ? ORDER BY id LIMIT 1', moment);
  return removeAmong(session, session.all<Candidate>(`
    SELECT e.id, p.url AS pod, ${HELD} AS held FROM events e CROSS JOIN pods p
    WHERE e.id > ? AND e.id < ? AND p.id = e.pod ORDER BY e.id LIMIT ?
  `, after, young?.id ?? Number.MAX_SAFE_INTEGER, limit), after, limit);
}

/** Removes the candidates that are not held. Deliveries also count as rows; the step ends after `limit` rows. */
function removeAmong(session: SqliteSession, candidates: readonly Candidate[], after: number, limit: number): Removal {
  const pods = new Set<number>();
  let place = after;
  let removed = 0;
  let left = limit;
  for (const { id, pod, held } of candidates) {
    if (left <= 0) {
      return finish(true);
    }
    if (!held) {
      const { rows, isGone, loggedFor } = removeEvent(session, id, publishContainer(pod), left);
      left -= rows;
      if (loggedFor !== undefined) {
        pods.add(loggedFor);
      }
      if (!isGone) {
        return finish(true);
      }
      removed += 1;
    }
    place = id;
  }
  return finish(candidates.length === limit);

  function finish(isMore: boolean): Removal {
    pods.forEach((pod): void => forgetRemoved(session, pod, limit));
    return { removed, next: isMore ? place : undefined };
  }
}

/** Whether a pod has more published events than a maximum. */
export function hasMoreThan(session: SqliteSession, pod: string, maxEvents: number): boolean {
  return newestBeyond(session, publishContainer(pod), maxEvents) !== undefined;
}

function newestBeyond(session: SqliteSession, container: string, maxEvents: number): CopyCursor | undefined {
  return session.get(`
    SELECT n.event, n.container FROM containers c CROSS JOIN entries n
    WHERE c.url = ? AND n.container = c.id ORDER BY n.event DESC LIMIT 1 OFFSET ?
  `, container, maxEvents);
}

/** Removes the oldest events of a pod, as `RetentionStore.removeEventsBeyond` specifies. */
export function removeEventsBeyond(
  session: SqliteSession,
  pod: string,
  maxEvents: number,
  after: number,
  limit: number,
): Removal {
  const newest = newestBeyond(session, publishContainer(pod), maxEvents);
  return newest ?
    removeAmong(session, session.all<Candidate>(`
      SELECT e.id, ? AS pod, ${HELD} AS held FROM entries n CROSS JOIN events e
      WHERE n.container = ? AND n.event > ? AND n.event <= ? AND e.id = n.event ORDER BY n.event LIMIT ?
    `, pod, newest.container, after, newest.event, limit), after, limit) :
    { removed: 0 };
}

/** Ends waiting deliveries of an event, with the reason in the log. Returns their number. */
function endDeliveries(session: SqliteSession, event: number, limit: number): number {
  const waiting = session.all<{ id: number }>(
    `SELECT id FROM deliveries WHERE event = ? AND state = ${WAITING} LIMIT ?`,
    event,
    limit,
  );
  for (const { id } of waiting) {
    session.run(LOG_REMOVED, id, Date.now(), REMOVED);
    session.run(`UPDATE deliveries SET state = ${STATES.indexOf('dead')}, claim = NULL WHERE id = ?`, id);
  }
  return waiting.length;
}

/** Removes the oldest removed events of a pod from the log, at most `limit` rows in one step. */
function forgetRemoved(session: SqliteSession, pod: number, limit: number): void {
  const last = session.get<{ id: number }>(
    'SELECT id FROM removed_events WHERE pod = ? ORDER BY id DESC LIMIT 1 OFFSET ?',
    pod,
    MAX_REMOVED,
  );
  for (let left = last ? limit : 0; left > 0;) {
    const first = session.get<{ id: number }>('SELECT id FROM removed_events WHERE pod = ? AND id <= ? ORDER BY id LIMIT 1', pod, last!.id);
    if (!first) {
      return;
    }
    left -= 1 + session.run(DELETE_CHUNK, first.id, left).changes;
    if (!session.get('SELECT 1 FROM deliveries WHERE event = ?', first.id)) {
      session.run('DELETE FROM removed_events WHERE id = ?', first.id);
    }
  }
}

/** Removes copies of removed events, as `RetentionStore.sweepCopies` specifies. */
export function sweepCopies(session: SqliteSession, after: CopyCursor, limit: number): CopyCursor | undefined {
  const places = session.all<CopyCursor & { live: number }>(`
    SELECT n.container, n.event, EXISTS (SELECT 1 FROM events e WHERE e.id = n.event) AS live
    FROM entries n WHERE (n.container, n.event) > (?, ?) ORDER BY n.container, n.event LIMIT ?
  `, after.container, after.event, limit);
  const dead = places.filter(({ live }): boolean => live === 0);
  for (const { container, event } of dead) {
    session.run('DELETE FROM entries WHERE container = ? AND event = ?', container, event);
  }
  for (const container of new Set(dead.map((place): number => place.container))) {
    session.touch(container);
  }
  const last = places.at(-1);
  return last && { container: last.container, event: last.event };
}

/** Removes the context of another server with its last event. Contexts of this server are few, and stay. */
function removeContext(session: SqliteSession, context: number): void {
  const row = session.get<{ text: string }>(`
    DELETE FROM contexts WHERE id = ? AND NOT EXISTS (SELECT 1 FROM events e WHERE e.context = contexts.id) RETURNING text
  `, context);
  if (row) {
    session.forgetKey('contexts', row.text);
  }
}

/** Result of {@link removeEvent}. */
interface RemovedEvent {
  /** Number of changed rows. */
  readonly rows: number;
  /** Whether the event is removed; if not, rows of its deliveries are left for the next step. */
  readonly isGone: boolean;
  /** Key of the pod, if deliveries of the event stay in the log. */
  readonly loggedFor?: number;
}

/**
 * Removes an existing event and its entry in a container, after at most `limit` of its deliveries.
 *
 * Copies stay: without their event they are invisible, and the sweep removes their rows.
 */
export function removeEvent(session: SqliteSession, event: number, container: string, limit: number): RemovedEvent {
  const begun = session.get<{ pod: number }>('SELECT pod FROM removed_events WHERE id = ?', event);
  const deleted = begun ? 0 : session.run(DELETE_ENDED, event, limit).changes;
  if (deleted === limit) {
    return { rows: deleted, isGone: false };
  }
  const ended = endDeliveries(session, event, limit - deleted);
  if (ended > 0 && !begun) {
    // This row keeps ended deliveries in the log, and releases the event.
    session.run('INSERT INTO removed_events (id, uuid, pod, topic) SELECT id, uuid, pod, topic FROM events WHERE id = ?', event);
  }
  const rows = deleted + ended;
  if (rows === limit) {
    return { rows, isGone: false };
  }
  const { context, hops, entry, pod } = session.get<RemovedRow>('DELETE FROM events WHERE id = ? RETURNING context, hops, entry, pod', event)!;
  removeIdentity(session, event);
  if (hops > 0) {
    session.run('DELETE FROM received WHERE event = ?', event);
    removeContext(session, context);
  }
  if (entry !== null) {
    deleteRemovedEntry(session, entry);
  }
  const row = session.get<{ container: number }>(`
    DELETE FROM entries WHERE container = (SELECT id FROM containers WHERE url = ?) AND event = ? RETURNING container
  `, container, event);
  if (row) {
    removeEmptyPages(session, row.container);
    session.touch(row.container);
  }
  return { rows: rows + 1, isGone: true, loggedFor: ended > 0 || begun ? pod : undefined };
}

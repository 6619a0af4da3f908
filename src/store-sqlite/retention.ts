import { publishContainer } from '../event/Event';
import type { CopyPlace, Removal } from '../server/ports';
import { STATES, WORKED } from './deliveries';
import { forgetEntry } from './catalogueRows';
import type { SqliteSession } from './SqliteSession';

/** A delivery that waits keeps its event beyond the limits for so many attempts, and milliseconds of work time. */
const HELD_ATTEMPTS = 2;
const HELD_TIME = 10 * 60_000;
/** Number of removed events of a pod whose deliveries stay in the log. */
const MAX_REMOVED = 1_000;

const WAITING = STATES.indexOf('waiting');
const DELETE_SOME = 'DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE event = ? LIMIT ?)';
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

/** What the log says of a delivery that ends with its event. */
export const REMOVED = 'not sent: the event was removed by retention before it could be delivered';

/**
 * An event is held while a pod still has to forward it, or a delivery keeps it: one whose host works, and which has
 * neither failed twice nor waited for ten minutes. So no target can keep the events of an owner for long. One whose
 * removal has begun is not held any more.
 */
const HELD = `EXISTS (SELECT 1 FROM forwards f WHERE f.event = e.id)
  OR NOT EXISTS (SELECT 1 FROM removed_events r WHERE r.id = e.id) AND EXISTS (
    SELECT 1 FROM deliveries d CROSS JOIN hosts h WHERE d.event = e.id AND d.state = ${WAITING}
      AND d.tries < ${HELD_ATTEMPTS} AND d.made > ${WORKED} - ${HELD_TIME} AND h.id = d.host AND h.rests IS NULL
  )`;

interface Candidate { readonly id: number; readonly pod: string; readonly held: number }

/** Removes those of the next `limit` events behind a place that are not held and were published before a moment. */
export function removeEventsBefore(session: SqliteSession, moment: number, after: number, limit: number): Removal {
  // Later events have larger keys, so behind the first one that is young enough there is none to remove.
  const young = session.get<{ id: number }>('SELECT id FROM events WHERE published >= ? ORDER BY id LIMIT 1', moment);
  return removeAmong(session, session.all<Candidate>(`
    SELECT e.id, p.url AS pod, ${HELD} AS held FROM events e CROSS JOIN pods p
    WHERE e.id > ? AND e.id < ? AND p.id = e.pod ORDER BY e.id LIMIT ?
  `, after, young?.id ?? Number.MAX_SAFE_INTEGER, limit), after, limit);
}

/** Removes those that are not held. Their deliveries count as rows too, and a step ends with its last row. */
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

/** Whether more events than that were published through a pod. */
export function hasMoreThan(session: SqliteSession, pod: string, most: number): boolean {
  return beyond(session, publishContainer(pod), most) !== undefined;
}

function beyond(session: SqliteSession, container: string, most: number): CopyPlace | undefined {
  return session.get(`
    SELECT n.event, n.container FROM containers c CROSS JOIN entries n
    WHERE c.url = ? AND n.container = c.id ORDER BY n.event DESC LIMIT 1 OFFSET ?
  `, container, most);
}

/** Removes those of the next `limit` events of a pod behind a place that are not held, but keeps its newest `most`. */
export function removeEventsBeyond(
  session: SqliteSession,
  pod: string,
  most: number,
  after: number,
  limit: number,
): Removal {
  const newest = beyond(session, publishContainer(pod), most);
  return newest ?
    removeAmong(session, session.all<Candidate>(`
      SELECT e.id, ? AS pod, ${HELD} AS held FROM entries n CROSS JOIN events e
      WHERE n.container = ? AND n.event > ? AND n.event <= ? AND e.id = n.event ORDER BY n.event LIMIT ?
    `, pod, newest.container, after, newest.event, limit), after, limit) :
    { removed: 0 };
}

/** Ends deliveries of an event that wait, with the reason in their log; returns how many. */
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

/** Deletes what the log has of the oldest removed events of a pod, `limit` rows at most; the next step goes on. */
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
    left -= 1 + session.run(DELETE_SOME, first.id, left).changes;
    if (!session.get('SELECT 1 FROM deliveries WHERE event = ?', first.id)) {
      session.run('DELETE FROM removed_events WHERE id = ?', first.id);
    }
  }
}

/** Removes the copies of events that were removed, among the next `limit` copies behind a place. */
export function sweepCopies(session: SqliteSession, after: CopyPlace, limit: number): CopyPlace | undefined {
  const places = session.all<CopyPlace & { live: number }>(`
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

/** Contexts of our own are few, and stay; those of other servers go with their last event. */
function removeContext(session: SqliteSession, context: number): void {
  const row = session.get<{ text: string }>(`
    DELETE FROM contexts WHERE id = ? AND NOT EXISTS (SELECT 1 FROM events e WHERE e.context = contexts.id) RETURNING text
  `, context);
  if (row) {
    session.forgetKey('contexts', row.text);
  }
}

/** What came of the removal of an event. */
interface RemovedEvent {
  /** Number of rows that were changed. */
  readonly rows: number;
  /** Whether it is removed; if not, rows of its deliveries are left for the next step. */
  readonly isGone: boolean;
  /** Key of the pod if deliveries of the event stay in the log. */
  readonly loggedFor?: number;
}

/**
 * Removes an event, which exists, and its entry in a container; its deliveries go before it, `limit` of them at most.
 *
 * Copies are not looked for: without their event they are not there any more, and the sweep takes their rows away.
 */
export function removeEvent(session: SqliteSession, event: number, container: string, limit: number): RemovedEvent {
  const begun = session.get<{ pod: number }>('SELECT pod FROM removed_events WHERE id = ?', event);
  const deleted = begun ? 0 : session.run(DELETE_ENDED, event, limit).changes;
  if (deleted === limit) {
    return { rows: deleted, isGone: false };
  }
  const ended = endDeliveries(session, event, limit - deleted);
  if (ended > 0 && !begun) {
    // From now on what has ended is of the log, and the event is not held any more.
    session.run('INSERT INTO removed_events (id, uuid, pod, topic) SELECT id, uuid, pod, topic FROM events WHERE id = ?', event);
  }
  const rows = deleted + ended;
  if (rows === limit) {
    return { rows, isGone: false };
  }
  const { context, hops, entry, pod } = session.get<RemovedRow>('DELETE FROM events WHERE id = ? RETURNING context, hops, entry, pod', event)!;
  if (hops > 0) {
    session.run('DELETE FROM received WHERE event = ?', event);
    removeContext(session, context);
  }
  if (entry !== null) {
    forgetEntry(session, entry);
  }
  const row = session.get<{ container: number }>(`
    DELETE FROM entries WHERE container = (SELECT id FROM containers WHERE url = ?) AND event = ? RETURNING container
  `, container, event);
  if (row) {
    session.touch(row.container);
  }
  return { rows: rows + 1, isGone: true, loggedFor: ended > 0 || begun ? pod : undefined };
}

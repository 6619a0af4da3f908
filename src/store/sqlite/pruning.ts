import { publishContainer } from '../../event/Event';
import type { CopyPlace } from '../EventStore';
import { STATES, WORKED } from './delivering';
import { forgetEntry } from './forgetting';
import type { SqliteSession } from './SqliteSession';

/** A delivery that waits keeps its event beyond the limits for so many attempts, and milliseconds of work time. */
const HELD_ATTEMPTS = 2;
const HELD_TIME = 10 * 60_000;
/** Number of removed events of a pod whose deliveries stay in the log. */
const MAX_REMOVED = 1_000;

interface RemovedRow {
  readonly context: number;
  readonly hops: number;
  readonly entry: number | null;
  readonly uuid: Buffer;
  readonly pod: number;
  readonly topic: string;
}

/** What the log says of a delivery that ends with its event. */
export const REMOVED = 'not sent: the event was removed by retention before it could be delivered';

/**
 * An event is removed only if no pod still has to forward it, and no delivery keeps it: one whose host works, and which
 * has neither failed twice nor waited for ten minutes. So no target can keep the events of an owner for long.
 */
const FORWARDED = `NOT EXISTS (SELECT 1 FROM forwards f WHERE f.event = e.id)
  AND NOT EXISTS (
    SELECT 1 FROM deliveries d CROSS JOIN hosts h WHERE d.event = e.id AND d.state = 0
      AND d.tries < ${HELD_ATTEMPTS} AND d.made > ${WORKED} - ${HELD_TIME} AND h.id = d.host AND h.rests IS NULL
  )`;

/** Removes the oldest events that were published before a moment; `limit` events at most. */
export function removeEventsBefore(session: SqliteSession, moment: number, limit: number): number {
  // Later events have larger keys, so behind the first one that is young enough there is none to remove.
  const young = session.get<{ id: number }>('SELECT id FROM events WHERE published >= ? ORDER BY id LIMIT 1', moment);
  const old = session.all<{ id: number; pod: string }>(`
    SELECT e.id, p.url AS pod FROM events e CROSS JOIN pods p
    WHERE e.id < ? AND p.id = e.pod AND ${FORWARDED} ORDER BY e.id LIMIT ?
  `, young?.id ?? Number.MAX_SAFE_INTEGER, limit);
  const pods = old.map(({ id, pod }): number | undefined => removeEvent(session, id, publishContainer(pod)));
  new Set(pods).forEach((pod): void => forgetRemoved(session, pod));
  return old.length;
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

/** Removes the oldest events of a pod, so that the newest `most` stay; `limit` events at most. */
export function removeEventsBeyond(session: SqliteSession, pod: string, most: number, limit: number): number {
  const container = publishContainer(pod);
  const newest = beyond(session, container, most);
  if (!newest) {
    return 0;
  }
  const old = session.all<{ id: number }>(`
    SELECT e.id FROM entries n CROSS JOIN events e
    WHERE n.container = ? AND n.event <= ? AND e.id = n.event AND ${FORWARDED} ORDER BY n.event LIMIT ?
  `, newest.container, newest.event, limit);
  const pods = old.map(({ id }): number | undefined => removeEvent(session, id, container));
  new Set(pods).forEach((pod): void => forgetRemoved(session, pod));
  return old.length;
}

/** Ends the deliveries of an event that wait, with the reason in their log; returns whether there were any. */
function endDeliveries(session: SqliteSession, event: number): boolean {
  session.run(`DELETE FROM deliveries WHERE event = ? AND state <> ${STATES.indexOf('waiting')}`, event);
  session.run(`
    INSERT OR REPLACE INTO attempts (delivery, at, duration, reason) SELECT id, ?, 0, ? FROM deliveries WHERE event = ?
  `, Date.now(), REMOVED, event);
  return session.run(`UPDATE deliveries SET state = ${STATES.indexOf('dead')}, claim = NULL WHERE event = ?`, event).changes > 0;
}

/** Shortens what the log keeps of the removed events of a pod. */
function forgetRemoved(session: SqliteSession, pod: number | undefined): void {
  const last = pod === undefined ?
    undefined :
    session.get<{ id: number }>('SELECT id FROM removed_events WHERE pod = ? ORDER BY id DESC LIMIT 1 OFFSET ?', pod, MAX_REMOVED);
  if (last) {
    for (const { id } of session.all<{ id: number }>(
      'DELETE FROM removed_events WHERE pod = ? AND id <= ? RETURNING id',
      pod,
      last.id,
    )) {
      session.run('DELETE FROM deliveries WHERE event = ?', id);
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

/**
 * Removes an event, which exists, and its entry in a container.
 *
 * Copies are not looked for: without their event they are not there any more, and the sweep takes their rows away.
 *
 * @returns The key of the pod if its deliveries are still in the log.
 */
export function removeEvent(session: SqliteSession, event: number, container: string): number | undefined {
  const { context, hops, entry, uuid, pod, topic } = session.get<RemovedRow>(
    'DELETE FROM events WHERE id = ? RETURNING context, hops, entry, uuid, pod, topic',
    event,
  )!;
  const isLogged = endDeliveries(session, event);
  if (isLogged) {
    session.run('INSERT INTO removed_events (id, uuid, pod, topic) VALUES (?, ?, ?, ?)', event, uuid, pod, topic);
  }
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
  return isLogged ? pod : undefined;
}

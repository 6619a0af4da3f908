import { stringify } from 'uuid';
import { parseTopic } from '../../event/Topic';
import { patternsOf } from '../../subscription/TopicPattern';
import type { LandedCopy, LandResult, PendingForward, ReaderScope } from '../EventStore';
import type { SqliteSession } from './SqliteSession';

interface ForwardRow {
  readonly pod: number;
  readonly event: number;
  readonly topic: string;
  /** The pod's own inbox, until it has its copy. */
  readonly inbox: number | null;
  /** The pattern that is being walked, as its place among all that match. */
  readonly pattern: number;
  /** The last inbox of that pattern that was reached. */
  readonly after: number;
}

// The subscriptions that one step looks at; its parameters are pod, pattern, and the inboxes it lies between.
const STEP = 's.pod = ? AND s.pattern = ? AND s.inbox > ? AND s.inbox <= ?';

/**
 * Goes on with a forward, as {@link EventStore.land} says; inside a transaction of the caller.
 */
export function land(
  session: SqliteSession,
  forward: PendingForward,
  scope: ReaderScope,
  limit: number,
): LandResult {
  if (session.epoch(forward.pod) !== scope.epoch) {
    return { outcome: 'stale', unknown: [], watched: []};
  }
  const row = session.get<ForwardRow>(`
    SELECT f.pod, f.event, f.inbox, f.pattern, f.after, e.topic
    FROM forwards f JOIN pods p ON p.id = f.pod JOIN events e ON e.id = f.event WHERE p.url = ? AND f.event = ?
  `, forward.pod, forward.event);
  if (!row) {
    return { outcome: 'done', unknown: [], watched: []};
  }
  const watched = row.inbox === null ? [] : landOwn(session, row, row.inbox);
  return landSubscriptions(session, row, scope, limit, watched);
}

/** The copy in the pod's own inbox, which needs nobody's leave. */
function landOwn(session: SqliteSession, { pod, event }: ForwardRow, inbox: number): LandedCopy[] {
  const { changes } = session.run(`
    INSERT OR IGNORE INTO entries (container, event)
    SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM removed WHERE container = ? AND event = ?)
  `, inbox, event, inbox, event);
  session.run('UPDATE forwards SET inbox = NULL WHERE pod = ? AND event = ?', pod, event);
  if (changes === 0) {
    return [];
  }
  session.touch(inbox);
  return watchedBetween(session, event, inbox - 1, inbox);
}

/** The copies of the next subscriptions, one pattern after the other. */
function landSubscriptions(
  session: SqliteSession,
  row: ForwardRow,
  scope: ReaderScope,
  limit: number,
  watched: LandedCopy[],
): LandResult {
  const { pod, event, topic } = row;
  const patterns = patternsOf(parseTopic(topic));
  let { pattern, after } = row;
  let rest = limit;
  while (pattern < patterns.length && rest > 0) {
    const step = nextStep(session, pod, patterns[pattern], after, rest);
    if (!step) {
      pattern += 1;
      after = 0;
      continue;
    }
    const range = [ pod, patterns[pattern], after, step.to ];
    const unknown = unknownReaders(session, range, scope);
    if (unknown.length > 0) {
      session.run('UPDATE forwards SET pattern = ?, after = ? WHERE pod = ? AND event = ?', pattern, after, pod, event);
      return { outcome: 'unknown', unknown, watched };
    }
    if (copy(session, event, range, scope) > 0) {
      watched.push(...watchedBetween(session, event, after, step.to));
    }
    after = step.to;
    rest -= step.subscriptions;
  }
  if (pattern < patterns.length) {
    session.run('UPDATE forwards SET pattern = ?, after = ? WHERE pod = ? AND event = ?', pattern, after, pod, event);
    return { outcome: 'more', unknown: [], watched };
  }
  finishForward(session, pod, event);
  return { outcome: 'done', unknown: [], watched };
}

/** The agents of a range of subscriptions of whom it is not known if they may receive. */
function unknownReaders(session: SqliteSession, range: readonly unknown[], { id }: ReaderScope): string[] {
  return session.all<{ webid: string }>(`
    SELECT DISTINCT a.webid FROM subscriptions s JOIN agents a ON a.id = s.agent
    WHERE ${STEP} AND NOT EXISTS (SELECT 1 FROM temp.readers r WHERE r.scope = ? AND r.agent = s.agent)
  `, ...range, id).map(({ webid }): string => webid);
}

/** Writes the copies for a range of subscriptions; returns how many were written. */
function copy(session: SqliteSession, event: number, range: readonly unknown[], { id }: ReaderScope): number {
  const { changes } = session.run(`
    INSERT OR IGNORE INTO entries (container, event)
    SELECT s.inbox, ? FROM subscriptions s CROSS JOIN temp.readers r
    WHERE ${STEP} AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1
    AND NOT EXISTS (SELECT 1 FROM removed x WHERE x.event = ? AND x.container = s.inbox)
  `, event, ...range, id, event);
  if (changes > 0) {
    session.run(`
      UPDATE containers SET modified = MAX(IFNULL(modified, 0) + 1, ?)
      WHERE id IN (SELECT s.inbox FROM subscriptions s CROSS JOIN temp.readers r
        WHERE ${STEP} AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1)
    `, Date.now(), ...range, id);
  }
  return changes;
}

/** Up to which inbox the next `limit` subscriptions go, and how many they are; `undefined` if there are none. */
function nextStep(
  session: SqliteSession,
  pod: number,
  pattern: string,
  after: number,
  limit: number,
): { to: number; subscriptions: number } | undefined {
  const behind = 'FROM subscriptions WHERE pod = ? AND pattern = ? AND inbox > ?';
  const full = session.get<{ inbox: number }>(
    `SELECT inbox ${behind} ORDER BY inbox LIMIT 1 OFFSET ?`,
    pod,
    pattern,
    after,
    limit - 1,
  );
  if (full) {
    return { to: full.inbox, subscriptions: limit };
  }
  const { to, subscriptions } = session.get<{ to: number | null; subscriptions: number }>(
    `SELECT MAX(inbox) AS "to", COUNT(*) AS subscriptions ${behind}`,
    pod,
    pattern,
    after,
  )!;
  return to === null ? undefined : { to, subscriptions };
}

function finishForward(session: SqliteSession, pod: number, event: number): void {
  session.run('DELETE FROM forwards WHERE pod = ? AND event = ?', pod, event);
  if (!session.get('SELECT 1 FROM forwards WHERE event = ?', event)) {
    session.run('DELETE FROM removed WHERE event = ?', event);
  }
}

/** The copies of an event in watched containers whose keys lie in a range. */
function watchedBetween(session: SqliteSession, event: number, from: number, to: number): LandedCopy[] {
  return session.all<{ url: string; uuid: Buffer }>(`
    SELECT c.url, e.uuid FROM containers c CROSS JOIN entries n CROSS JOIN events e
    WHERE c.watched = 1 AND c.id > ? AND c.id <= ? AND n.container = c.id AND n.event = ? AND e.id = n.event
  `, from, to, event)
    .map(({ url, uuid }): LandedCopy => ({ container: url, copy: `${url}${stringify(uuid)}` }));
}

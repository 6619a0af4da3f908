import type { PendingForward, UndecidedEvent, StoredFilter } from '../delivery/ports';
import { parseTopic } from '../event/Topic';
import { patternsOf } from '../event/TopicPattern';
import type { SqliteSession } from './SqliteSession';

/** Maximum numbers of events, and of decisions, of one call of {@link undecidedEvents}. */
const MAX_EVENTS = 100;
const MAX_DECISIONS = 2_000;
/** Number of kept decisions from which on all are dropped; the fan-out requests them again. */
const MAX_KEPT = 200_000;

/**
 * The filters of subscriptions with one of some patterns. Steps from filter to filter, so that its cost does not depend
 * on the number of subscriptions. Its parameters are the patterns, and then pod and patterns alternately.
 */
const FILTERS = `
  WITH RECURSIVE used (pattern, filter) AS (
    SELECT j.value, (
      SELECT MIN(s.filter) FROM subscriptions s WHERE s.pod = ? AND s.pattern = j.value AND s.filter IS NOT NULL
    ) FROM json_each(?) j
    UNION ALL
    SELECT u.pattern, (
      SELECT MIN(s.filter) FROM subscriptions s WHERE s.pod = ? AND s.pattern = u.pattern AND s.filter > u.filter
    ) FROM used u WHERE u.filter IS NOT NULL
  )
  SELECT f.id, f.text FROM filters f WHERE f.id IN (
    SELECT filter FROM used
    UNION SELECT o.filter FROM json_each(?) j CROSS JOIN former_subscriptions o WHERE o.pod = ? AND o.pattern = j.value
  )
`;

/** SQL condition of a subscription `s` whose filters match an event, or that has none. Its parameter is the event. */
export const MATCHES = `(s.filter IS NULL OR EXISTS (
  SELECT 1 FROM temp.filter_decisions v WHERE v.pod = s.pod AND v.event = ? AND v.filter = s.filter AND v.matches = 1
))`;

/** SQL condition of a subscription `s` whose filters exclude an event. Its parameter is the event. */
export const IS_EXCLUDED = `(s.filter IS NOT NULL AND EXISTS (
  SELECT 1 FROM temp.filter_decisions v WHERE v.pod = s.pod AND v.event = ? AND v.filter = s.filter AND v.matches = 0
))`;

/** SQL condition of a subscription `s` with filters without a decision about an event. Its parameter is the event. */
export const IS_UNDECIDED = `(s.filter IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM temp.filter_decisions v WHERE v.pod = s.pod AND v.event = ? AND v.filter = s.filter
))`;

/** Returns the key of filters of a pod, which are added if they are new; inside a transaction. */
export function filterKey(session: SqliteSession, pod: number, text: string): number {
  const row = session.get<{ id: number }>('SELECT id FROM filters WHERE pod = ? AND text = ?', pod, text);
  return row?.id ?? Number(session.run('INSERT INTO filters (pod, text) VALUES (?, ?)', pod, text).lastInsertRowid);
}

/**
 * Returns whether a pod can have some filters: they exist, or there are fewer than the maximum.
 *
 * @param session - The connection.
 * @param pod - Key of the pod.
 * @param text - Canonical text of the filters.
 * @param max - Maximum number of distinct filters of the pod.
 */
export function hasRoomForFilter(session: SqliteSession, pod: number, text: string, max: number): boolean {
  return session.get('SELECT 1 FROM filters WHERE pod = ? AND text = ?', pod, text) !== undefined ||
    session.get('SELECT 1 FROM filters WHERE pod = ? LIMIT 1 OFFSET ?', pod, max - 1) === undefined;
}

/** Removes filters without a subscription, or a former version of one; inside a transaction. */
export function releaseFilter(session: SqliteSession, filter: number | null): void {
  if (filter !== null) {
    session.run(`
      DELETE FROM filters WHERE id = ?
        AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.filter = filters.id)
        AND NOT EXISTS (SELECT 1 FROM former_subscriptions o WHERE o.filter = filters.id)
    `, filter);
  }
}

/** Returns the next events of a fan-out queue with undecided filters, as `FilterDecisionStore.undecided` specifies. */
export function undecidedEvents(session: SqliteSession, { pod, topic, event }: PendingForward): UndecidedEvent[] {
  const key = session.get<{ id: number }>('SELECT id FROM pods WHERE url = ?', pod)?.id;
  const patterns = JSON.stringify(patternsOf(parseTopic(topic)));
  const filters = session.all<StoredFilter>(FILTERS, key, patterns, key, patterns, key);
  if (filters.length === 0) {
    return [];
  }
  const limit = Math.max(1, Math.min(MAX_EVENTS, Math.floor(MAX_DECISIONS / filters.length)));
  const queue = session.all<{ event: number; topic: string }>(`
    SELECT f.event, e.topic FROM forwards f CROSS JOIN events e
    WHERE f.pod = ? AND f.event >= ? AND e.id = f.event ORDER BY f.event LIMIT ?
  `, key, event, limit);
  const end = queue.findIndex((row): boolean => row.topic !== topic);
  return queue.slice(0, end < 0 ? limit : end).map((row): UndecidedEvent => {
    const decided = new Set(session.all<{ filter: number }>(
      'SELECT filter FROM temp.filter_decisions WHERE pod = ? AND event = ?',
      key,
      row.event,
    ).map(({ filter }): number => filter));
    return { event: row.event, filters: filters.filter(({ id }): boolean => !decided.has(id)) };
  }).filter((found): boolean => found.filters.length > 0);
}

/** Keeps decisions about an event for the next fan-out steps of this connection. */
export function addFilterDecisions(
  session: SqliteSession,
  { pod, event }: Pick<PendingForward, 'pod' | 'event'>,
  matches: ReadonlyMap<number, boolean>,
): void {
  const key = session.get<{ id: number }>('SELECT id FROM pods WHERE url = ?', pod)?.id;
  if (key === undefined) {
    return;
  }
  // Decisions about events that another process has forwarded stay until then.
  if (session.get('SELECT 1 FROM temp.filter_decisions LIMIT 1 OFFSET ?', MAX_KEPT) !== undefined) {
    session.run('DELETE FROM temp.filter_decisions');
  }
  for (const [ filter, isMatch ] of matches) {
    session.run(
      'INSERT OR REPLACE INTO temp.filter_decisions (pod, event, filter, matches) VALUES (?, ?, ?, ?)',
      key,
      event,
      filter,
      Number(isMatch),
    );
  }
}

/** Drops the decisions about an event, and about earlier ones, after it is forwarded. */
export function removeFilterDecisions(session: SqliteSession, pod: number, event: number): void {
  session.run('DELETE FROM temp.filter_decisions WHERE pod = ? AND event <= ?', pod, event);
}

import type { ForwardBacklog, OldForward, PendingForward } from '../delivery/ports';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of oldest events in a {@link ForwardBacklog}. */
const MAX_OLDEST = 100;

/** The oldest event of a fan-out queue, with the key of its pod. */
export interface QueueHead extends PendingForward {
  readonly key: number;
}

/**
 * Returns the oldest event of each pod with a queue, by increasing keys of the pods, starting after a key.
 *
 * Steps from pod to pod, so that its cost does not depend on the lengths of the queues.
 */
export function queueHeads(session: SqliteSession, pod: number, limit: number): QueueHead[] {
  return session.all(`
    WITH RECURSIVE waiting (pod) AS (
      SELECT MIN(pod) FROM forwards WHERE pod > ?
      UNION ALL
      SELECT (SELECT MIN(f.pod) FROM forwards f WHERE f.pod > w.pod) FROM waiting w WHERE w.pod IS NOT NULL
      LIMIT ?
    )
    SELECT w.pod AS key, p.url AS pod, e.topic, e.id AS event
    FROM waiting w CROSS JOIN pods p CROSS JOIN events e
    WHERE p.id = w.pod AND p.ended IS NULL AND e.id = (SELECT MIN(f.event) FROM forwards f WHERE f.pod = w.pod)
  `, pod, limit);
}

/** Returns the state of the queues, counted up to a limit. */
export function forwardBacklog(session: SqliteSession, limit: number): ForwardBacklog {
  const rows = session.all<{ pod: string; since: number | null }>(`
    SELECT p.url AS pod, f.since FROM forwards f CROSS JOIN pods p WHERE p.id = f.pod ORDER BY f.event LIMIT ${MAX_OLDEST}
  `);
  const { count } = session.get<{ count: number }>(`
    SELECT COUNT(*) AS count FROM (SELECT 1 FROM forwards LIMIT ?)
  `, limit)!;
  return { waiting: count, oldest: rows.map(({ pod, since }): OldForward => ({ pod, since: since ?? undefined })) };
}

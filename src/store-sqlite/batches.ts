import type { SqliteSession } from './SqliteSession';

/** Value of `deliveries.batch` before the first claim of a delivery to a target with batches. */
export const GATHERING = Buffer.alloc(0);

/** SQL expression of `batch` for a new delivery to the target `t`. */
export const NEW_BATCH = 'CASE WHEN t.max_batch IS NOT NULL THEN X\'\' END';

/** SQL assignment that removes a delivery from its batch, so that its next claim adds it to another one. */
export const LEAVE_BATCH = 'batch = CASE WHEN batch IS NOT NULL THEN X\'\' END';

/** Whether any target receives batches. */
export function hasBatches(session: SqliteSession): boolean {
  return session.get('SELECT 1 FROM targets WHERE max_batch IS NOT NULL LIMIT 1') !== undefined;
}

/** Makes the oldest delivery to a target due if enough deliveries wait for a batch; inside a transaction. */
export function makeFullBatchDue(session: SqliteSession, target: number, now: number): void {
  const row = session.get<{ rests: number | null; maxBatch: number }>(`
    SELECT rests, max_batch AS maxBatch FROM targets WHERE id = ? AND max_batch IS NOT NULL
  `, target);
  const waiting = row ? session.all<{ id: number }>(`
    SELECT id FROM deliveries WHERE target = ? AND batch = X'' AND state = 0 ORDER BY id LIMIT ?
  `, target, row.maxBatch) : [];
  if (row && waiting.length >= row.maxBatch) {
    session.run('UPDATE deliveries SET due = MIN(due, MAX(?, ?)) WHERE id = ?', now, row.rests ?? 0, waiting[0].id);
  }
}

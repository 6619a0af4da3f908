import { NEXT } from './hosts';
import type { SqliteSession } from './SqliteSession';

/**
 * SQL expression of the work time: the total time, in milliseconds, in which the worker made attempts. Deliveries,
 * failures of targets and former secrets age by it.
 */
export const WORKED = '(SELECT IFNULL(MAX(time), 0) FROM worked)';

/** Notes the time, and adds to the work time, as `DeliveryClock.noteMoment` specifies; inside a transaction. */
export function noteMoment(session: SqliteSession, now: number, work: number): void {
  session.run(`
    INSERT INTO clocks (id, time) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET time = MAX(time, excluded.time)
  `, now);
  session.run(`
    INSERT INTO worked (id, time) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET time = time + excluded.time
  `, work);
}

/** Moves all future times back, as `DeliveryClock.turnBack` specifies; inside a transaction. */
export function turnBack(session: SqliteSession, now: number, ahead: number): void {
  session.run('UPDATE clocks SET time = ?', now);
  session.run('UPDATE deliveries SET due = MAX(?, due - ?) WHERE state = 0 AND due > ?', now, ahead, now);
  session.run('UPDATE hosts SET rests = MAX(?, rests - ?) WHERE rests > ?', now, ahead, now);
  session.run('UPDATE hosts SET since = MIN(since, ?) WHERE since > ?', now, now);
  session.run('UPDATE targets SET rests = MAX(?, rests - ?) WHERE rests > ?', now, ahead, now);
  session.run('UPDATE targets SET told = MIN(told, ?) WHERE told > ?', now, now);
  session.run(`UPDATE hosts SET next = ${NEXT} WHERE next IS NOT NULL`);
}

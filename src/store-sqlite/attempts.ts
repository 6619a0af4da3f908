import type { Attempt } from '../store/deliveries';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of returned attempts of a delivery; repeated deliveries collect more. */
const MAX_ATTEMPTS = 100;

/** Stores an attempt of a delivery. It replaces an attempt that began in the same millisecond. */
export function addAttempt(session: SqliteSession, delivery: number, { at, duration, status, reason }: Attempt): void {
  session.run(
    'INSERT OR REPLACE INTO attempts (delivery, at, duration, status, reason) VALUES (?, ?, ?, ?, ?)',
    delivery,
    at,
    duration,
    status ?? null,
    reason ?? null,
  );
}

/** Returns the last 100 attempts of a delivery, oldest first. */
export function attemptsOf(session: SqliteSession, delivery: number): Attempt[] {
  const rows = session.all<{ at: number; duration: number; status: number | null; reason: string | null }>(
    'SELECT at, duration, status, reason FROM attempts WHERE delivery = ? ORDER BY at DESC LIMIT ?',
    delivery,
    MAX_ATTEMPTS,
  );
  return rows.reverse().map(({ at, duration, status, reason }): Attempt =>
    ({ at, duration, ...status !== null && { status }, ...reason !== null && { reason }}));
}

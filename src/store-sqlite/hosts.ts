import type { DueHost, HostRecord } from '../delivery/ports';
import type { SqliteSession } from './SqliteSession';

/** SQL expression of the due time of a host: that of its first delivery, but not while its circuit is open. */
export const NEXT = `(
  SELECT MAX(MIN(d.due), IFNULL(hosts.rests, 0)) FROM deliveries d WHERE d.host = hosts.id AND d.state = 0
)`;

/** Returns hosts with due deliveries, those due longest first. */
export function dueHosts(session: SqliteSession, now: number, limit: number): DueHost[] {
  return session.all<DueHost>(`
    SELECT id AS host, name, failures, since, rests AS openUntil FROM hosts WHERE next <= ? ORDER BY next LIMIT ?
  `, now, limit);
}

/** Returns the due time of the next delivery, or `undefined` if none waits. */
export function nextDue(session: SqliteSession): number | undefined {
  return session.get<{ next: number }>('SELECT next FROM hosts WHERE next IS NOT NULL ORDER BY next LIMIT 1')?.next;
}

/** Recomputes the due time of a host from its deliveries and its circuit; inside a transaction. */
export function scheduleHost(session: SqliteSession, host: number): void {
  session.run(`UPDATE hosts SET next = ${NEXT} WHERE id = ?`, host);
}

/** Delays a host whose deliveries are not claimed, until a time; inside a transaction. */
export function delayHost(session: SqliteSession, host: number, until: number): void {
  session.run('UPDATE hosts SET next = MAX(next, ?) WHERE id = ?', until, host);
}

/** Stores the health of a host; inside a transaction. */
export function setHealth(session: SqliteSession, host: number, { failures, since, openUntil }: HostRecord): void {
  session.run('UPDATE hosts SET failures = ?, since = ?, rests = ? WHERE id = ?', failures, since, openUntil, host);
}

/** Returns the number of hosts with an open circuit. */
export function countOpenCircuits(session: SqliteSession, now: number): number {
  return session.get<{ open: number }>('SELECT COUNT(*) AS open FROM hosts WHERE rests > ?', now)!.open;
}

/** Whether the circuit of a host is open. */
export function isCircuitOpen(session: SqliteSession, name: string, now: number): boolean {
  return session.get('SELECT 1 FROM hosts WHERE name = ? AND rests > ?', name, now) !== undefined;
}

/** Removes a host without targets and waiting deliveries; inside a transaction. */
export function removeUnusedHost(session: SqliteSession, host: number): void {
  const row = session.get<{ name: string }>(`
    DELETE FROM hosts WHERE id = ? AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.host = hosts.id)
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.host = hosts.id AND d.state = 0) RETURNING name
  `, host);
  if (row) {
    session.forgetKey('hosts', row.name);
  }
}

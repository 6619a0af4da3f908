import type { Findings, FinishedDelivery } from '../delivery/ports';
import { addAttempt } from './attempts';
import { LEAVE_BATCH } from './batches';
import { STATES } from './deliveries';
import { scheduleHost, setHealth } from './hosts';
import type { SqliteSession } from './SqliteSession';
import { pauseUrl, setFailing } from './targets';

/** Writes outcomes, as `OutcomeStore.finish` specifies; inside a transaction. */
export function finishDeliveries(
  session: SqliteSession,
  finished: readonly FinishedDelivery[],
  { hosts, failing, pauses }: Findings,
): void {
  for (const one of finished) {
    finishDelivery(session, one);
  }
  for (const [ host, health ] of hosts) {
    setHealth(session, host, health);
  }
  for (const [ target, since ] of failing) {
    setFailing(session, target, since);
  }
  for (const [ target, until ] of pauses ?? []) {
    pauseUrl(session, target, until);
  }
  for (const host of new Set([ ...finished.map((one): number => one.host), ...hosts.keys() ])) {
    scheduleHost(session, host);
  }
}

function finishDelivery(
  session: SqliteSession,
  { delivery, claim, state, due, attempt, copy }: FinishedDelivery,
): void {
  if ((state === 'ended' || state === 'refused') && isClaimed(session, delivery, claim) && passOn(session, delivery)) {
    return;
  }
  const { changes } = session.run(
    `
      UPDATE deliveries SET state = ?, due = IFNULL(?, due), tries = tries + ?, copy = IFNULL(?, copy), claim = NULL
      WHERE id = ? AND claim = ?
    `,
    STATES.indexOf(state),
    due ?? null,
    attempt ? 1 : 0,
    copy ?? null,
    delivery,
    claim,
  );
  if (attempt && changes > 0) {
    addAttempt(session, delivery, attempt);
  }
}

function isClaimed(session: SqliteSession, delivery: number, claim: number): boolean {
  return session.get('SELECT 1 FROM deliveries WHERE id = ? AND claim = ?', delivery, claim) !== undefined;
}

/** Assigns a delivery to an alternative subscription. Returns `false` if there is none. */
export function passOn(session: SqliteSession, delivery: number): boolean {
  const other = session.get<{ subscription: Buffer; pod: number }>(`
    DELETE FROM alternatives WHERE delivery = ? AND subscription = (
      SELECT subscription FROM alternatives WHERE delivery = ? ORDER BY subscription LIMIT 1
    ) RETURNING subscription, pod
  `, delivery, delivery);
  if (other) {
    session.run(`
      UPDATE deliveries SET subscription = ?, pod = ?, due = created, claim = NULL, ${LEAVE_BATCH} WHERE id = ?
    `, other.subscription, other.pod, delivery);
  }
  return other !== undefined;
}

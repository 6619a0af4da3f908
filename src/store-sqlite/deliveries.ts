import type { RemoteRecipient } from '../store/AcceptedEvent';
import { addAttempt } from './attempts';
import { hasBatches, makeFullBatchDue, NEW_BATCH } from './batches';
import { WORKED } from './deliveryClock';
import type { SqliteSession } from './SqliteSession';
import { pauseTarget, targetKey } from './targets';

/** The states of deliveries, by their numbers in the database; `waiting` is 0 in all indexes. */
export const STATES = [ 'waiting', 'delivered', 'dead', 'refused', 'ended' ] as const;

/** SQL expression of the earliest due time of a host for a new delivery: now, but not while its circuit is open. */
const DUE = 'MAX(IFNULL(rests, 0), MIN(IFNULL(next, ?), ?))';

/** Some subscriptions. */
export interface SubscriptionRange {
  /** SQL relation named `s`. */
  readonly from: string;
  /** SQL condition, and its parameters. */
  readonly where: string;
  readonly parameters: readonly unknown[];
}

/** Reason in the log of a delivery that {@link endDelivery} ends. */
const OWNER_REMOVED = 'not sent: the pod of the event, or that of the subscriber, was removed';

/**
 * Adds deliveries for a range of subscriptions with remote targets whose agents may receive the event.
 *
 * @param session - The connection, inside a transaction of the caller.
 * @param event - Key of the event.
 * @param range - The subscriptions.
 * @param scope - Id of the scope with the access decisions.
 * @param now - Due time of the deliveries.
 *
 * @returns The number of added deliveries.
 */
export function addDeliveries(
  session: SqliteSession,
  event: number,
  { from, where, parameters: range }: SubscriptionRange,
  scope: number,
  now: number,
): number {
  const targets = `FROM ${from} CROSS JOIN temp.readers r CROSS JOIN targets t
    WHERE ${where} AND s.target IS NOT NULL AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1
    AND t.id = s.target AND t.disabled IS NULL`;
  const { changes } = session.run(`
    INSERT INTO deliveries (event, target, host, pod, subscription, created, due, made, batch)
    SELECT ?, t.id, t.host, s.pod, s.uuid, ?, MAX(? + IFNULL(t.batch_wait, 0), IFNULL(t.rests, 0)), ${WORKED},
      ${NEW_BATCH} ${targets}
    ON CONFLICT (event, target) DO UPDATE SET
      state = 0, pod = excluded.pod, subscription = excluded.subscription, due = excluded.due, claim = NULL,
      batch = excluded.batch
    WHERE deliveries.state IN (${STATES.indexOf('refused')}, ${STATES.indexOf('ended')})
  `, event, now, now, ...range, scope);
  if (changes > 0) {
    session.run(`UPDATE hosts SET next = ${DUE} WHERE id IN (SELECT t.host ${targets})`, now, now, ...range, scope);
    if (hasBatches(session)) {
      const batching = session.all<{ id: number }>(`SELECT DISTINCT t.id ${targets} AND t.max_batch IS NOT NULL`, ...range, scope);
      batching.forEach(({ id }): void => makeFullBatchDue(session, id, now));
    }
  }
  const all = session.get<{ count: number }>(`SELECT COUNT(*) AS count FROM ${from} WHERE ${where}`, ...range)!;
  if (changes < all.count) {
    // If the subscription of a delivery ends or is refused, an alternative takes its place.
    session.run(`
      INSERT OR IGNORE INTO alternatives (delivery, subscription, pod)
      SELECT d.id, s.uuid, s.pod ${targets} AND d.event = ? AND d.target = t.id AND d.subscription <> s.uuid
    `.replace('CROSS JOIN targets t', 'CROSS JOIN targets t CROSS JOIN deliveries d'), ...range, scope, event);
  }
  return changes;
}

/** Adds deliveries of an event to recipients on other servers, with their first attempts; inside a transaction. */
export function addRecipients(
  session: SqliteSession,
  event: number,
  pod: number,
  recipients: readonly RemoteRecipient[],
): void {
  for (const { kind, agent, host, attempt, isDelivered, isDead, copy, due, rests } of recipients) {
    const state = STATES.indexOf(isDelivered ? 'delivered' : isDead ? 'dead' : 'waiting');
    const hostKey = session.key('hosts', 'name', host);
    const target = targetKey(session, { kind, url: agent, agent: session.key('agents', 'webid', agent), host: hostKey });
    if (rests !== undefined) {
      pauseTarget(session, target, rests);
    }
    const row = session.get<{ id: number }>(`
      INSERT INTO deliveries (event, target, host, pod, state, created, due, tries, copy, made)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ${WORKED}) RETURNING id
    `, event, target, hostKey, pod, state, due, due, attempt ? 1 : 0, copy ?? null)!;
    if (attempt) {
      addAttempt(session, row.id, attempt);
    }
    if (state === 0) {
      session.run(`UPDATE hosts SET next = ${DUE} WHERE id = ?`, due, due, hostKey);
    }
  }
}

/** Ends a delivery whose pod, event or subscriber was removed, without an attempt; inside a transaction. */
export function endDelivery(session: SqliteSession, delivery: number, now: number): void {
  session.run('UPDATE deliveries SET state = ?, claim = NULL WHERE id = ?', STATES.indexOf('ended'), delivery);
  addAttempt(session, delivery, { at: now, duration: 0, reason: OWNER_REMOVED });
}

/** Returns the number of waiting deliveries, counted up to a limit. */
export function countWaiting(session: SqliteSession, limit: number): number {
  return session.get<{ count: number }>(`
    SELECT COUNT(*) AS count FROM (SELECT 1 FROM deliveries WHERE state = 0 LIMIT ?)
  `, limit)!.count;
}

/** Returns the number of all waiting deliveries. */
export function countAllWaiting(session: SqliteSession): number {
  return session.get<{ waiting: number }>('SELECT COUNT(*) AS waiting FROM deliveries WHERE state = 0')!.waiting;
}

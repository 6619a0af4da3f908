import type { Attempt } from '../store/deliveries';
import type { RemoteRecipient } from '../store/AcceptedEvent';
import type { RemoteTarget } from '../subscription/ports';
import type { SqliteSession } from './SqliteSession';

/** The states of deliveries by their numbers in the database; those that wait are 0. */
export const STATES = [ 'waiting', 'delivered', 'dead', 'refused', 'ended' ] as const;

/** How many attempts of a delivery are shown, which grow in number as it is repeated. */
const MOST_ATTEMPTS = 100;

/**
 * For how long the worker has worked, in milliseconds: deliveries, failures and former secrets age by this time, which
 * stands still while no attempts are made.
 */
export const WORKED = '(SELECT IFNULL(MAX(time), 0) FROM worked)';

/** When something can be sent to a host at the earliest: at once, unless it is left alone. */
const DUE = 'MAX(IFNULL(rests, 0), MIN(IFNULL(next, ?), ?))';

/**
 * Makes deliveries for subscriptions of a range whose targets are elsewhere, and whose agents may receive the event.
 *
 * @param session - The connection, inside a transaction of the caller.
 * @param event - The key of the event.
 * @param step - The range, as a condition on the subscriptions `s`, and its parameters.
 * @param scope - The scope of what is known of the agents.
 * @param now - When they are due.
 *
 * @returns How many were made.
 */
export function addDeliveries(
  session: SqliteSession,
  event: number,
  { where, range }: { readonly where: string; readonly range: readonly unknown[] },
  scope: number,
  now: number,
): number {
  const targets = `FROM subscriptions s CROSS JOIN temp.readers r CROSS JOIN targets t
    WHERE ${where} AND s.target IS NOT NULL AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1
    AND t.id = s.target AND t.disabled IS NULL`;
  const { changes } = session.run(`
    INSERT INTO deliveries (event, target, host, pod, subscription, created, due, made)
    SELECT ?, t.id, t.host, s.pod, s.uuid, ?, MAX(?, IFNULL(t.rests, 0)), ${WORKED} ${targets}
    ON CONFLICT (event, target) DO UPDATE SET
      state = 0, pod = excluded.pod, subscription = excluded.subscription, due = excluded.due, claim = NULL
    WHERE deliveries.state IN (${STATES.indexOf('refused')}, ${STATES.indexOf('ended')})
  `, event, now, now, ...range, scope);
  if (changes > 0) {
    session.run(`UPDATE hosts SET next = ${DUE} WHERE id IN (SELECT t.host ${targets})`, now, now, ...range, scope);
  }
  const all = session.get<{ count: number }>(`SELECT COUNT(*) AS count FROM subscriptions s WHERE ${where}`, ...range)!;
  if (changes < all.count) {
    // Should the subscription for which a delivery was made end or be refused, another one may still want it.
    session.run(`
      INSERT OR IGNORE INTO alternatives (delivery, subscription, pod)
      SELECT d.id, s.uuid, s.pod ${targets} AND d.event = ? AND d.target = t.id AND d.subscription <> s.uuid
    `.replace('CROSS JOIN targets t', 'CROSS JOIN targets t CROSS JOIN deliveries d'), ...range, scope, event);
  }
  return changes;
}

/** Makes deliveries of an event to recipients on other servers, with the attempts that were made. */
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
      session.run('UPDATE targets SET rests = MAX(IFNULL(rests, 0), ?) WHERE id = ?', rests, target);
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

/** Records an attempt of a delivery; of two that began in the same millisecond the later one stays. */
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

/** Ends a delivery whose pod, event or subscriber has ended, without an attempt to make it. */
export function endDelivery(session: SqliteSession, delivery: number, now: number): void {
  session.run('UPDATE deliveries SET state = ?, claim = NULL WHERE id = ?', STATES.indexOf('ended'), delivery);
  const reason = 'not sent: the pod of the event, or that of the subscriber, was removed';
  addAttempt(session, delivery, { at: now, duration: 0, reason });
}

/** The last attempts of a delivery, oldest first. */
export function attemptsOf(session: SqliteSession, delivery: number): Attempt[] {
  const rows = session.all<{ at: number; duration: number; status: number | null; reason: string | null }>(
    'SELECT at, duration, status, reason FROM attempts WHERE delivery = ? ORDER BY at DESC LIMIT ?',
    delivery,
    MOST_ATTEMPTS,
  );
  return rows.reverse().map(({ at, duration, status, reason }): Attempt =>
    ({ at, duration, ...status !== null && { status }, ...reason !== null && { reason }}));
}

/** What came of giving a subscription its target. */
export interface TargetChange {
  /** Whether the target was disabled. */
  readonly isResumed: boolean;
  /** Whether the secret is the one that was given; that of a known webhook stays. */
  readonly isSecretNew: boolean;
}

/** Gives a subscription its target, to which is sent again if it was disabled. */
export function setTarget(
  session: SqliteSession,
  subscription: number,
  { kind, url, agent, host, secret, rate }: RemoteTarget & { readonly url: string; readonly agent: number },
): TargetChange {
  const key = targetKey(session, { kind, url, agent, host: session.key('hosts', 'name', host) });
  const before = session.get<{ disabled: number | null; secret: string | null }>(
    'SELECT disabled, secret FROM targets WHERE id = ?',
    key,
  )!;
  // The secret that its owner has been shown stays.
  session.run(`
    UPDATE targets SET secret = IFNULL(secret, ?), rate = ?, disabled = NULL,
      failing = CASE WHEN disabled IS NULL THEN failing END
    WHERE id = ?
  `, secret ?? null, rate ?? null, key);
  session.run('UPDATE subscriptions SET target = ? WHERE id = ?', key, subscription);
  return { isResumed: before.disabled !== null, isSecretNew: secret !== undefined && before.secret === null };
}

function targetKey(
  session: SqliteSession,
  { kind, url, agent, host }: { kind: string; url: string; agent: number; host: number },
): number {
  const row = session.get<{ id: number }>('SELECT id FROM targets WHERE url = ? AND kind = ? AND agent = ?', url, kind, agent);
  if (row) {
    session.run('UPDATE targets SET host = ? WHERE id = ? AND host <> ?', host, row.id, host);
    return row.id;
  }
  return Number(session.run('INSERT INTO targets (kind, url, agent, host) VALUES (?, ?, ?, ?)', kind, url, agent, host)
    .lastInsertRowid);
}

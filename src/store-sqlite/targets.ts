import { stringify } from 'uuid';
import type { TargetNews } from '../delivery/ports';
import type { Target } from '../store/deliveries';
import type { RemoteTarget } from '../subscription/ports';
import { removeUnusedHost } from './hosts';
import { placeOf } from './sealing';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of subscriptions to notify of a change of their target. */
const MAX_NOTIFIED = 100;

/** Result of {@link setTarget}. */
export interface TargetChange {
  /** Whether the target was disabled before. */
  readonly isResumed: boolean;
  /** Whether the given secret is stored; a known target keeps its secret. */
  readonly isSecretNew: boolean;
}

/** Sets the target of a subscription, and enables it if it was disabled; inside a transaction. */
export function setTarget(
  session: SqliteSession,
  subscription: number,
  target: RemoteTarget & { readonly url: string; readonly agent: number },
): TargetChange {
  const { kind, url, agent, host, secret, rate, settings, batch, credential } = target;
  const key = targetKey(session, { kind, url, agent, host: session.key('hosts', 'name', host) });
  const before = session.get<{ disabled: number | null; secret: string | null }>(
    'SELECT disabled, secret FROM targets WHERE id = ?',
    key,
  )!;
  // A stored secret stays, because its owner already uses it.
  session.run(`
    UPDATE targets SET secret = IFNULL(secret, ?), rate = ?, disabled = NULL,
      failing = CASE WHEN disabled IS NULL THEN failing END
    WHERE id = ?
  `, secret === undefined ? null : session.cipher.seal(secret, placeOf('secret', { id: key, kind })), rate ?? null, key);
  if (settings !== undefined) {
    session.run(
      'UPDATE targets SET settings = ?, max_batch = ?, batch_wait = ? WHERE id = ?',
      settings,
      batch?.maxEvents ?? null,
      batch?.maxWaitMs ?? null,
      key,
    );
  }
  if (credential !== undefined) {
    const sealed = credential === null ? null : session.cipher.seal(credential, placeOf('credential', { id: key, kind }));
    session.run('UPDATE targets SET credential = ? WHERE id = ?', sealed, key);
  }
  session.run('UPDATE subscriptions SET target = ? WHERE id = ?', key, subscription);
  return { isResumed: before.disabled !== null, isSecretNew: secret !== undefined && before.secret === null };
}

/** Returns the key of a target, which is added if it is new; inside a transaction. */
export function targetKey(
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

/** Whether a target requested no deliveries until later than a time. */
export function isPaused(session: SqliteSession, { url, kind }: Pick<Target, 'kind' | 'url'>, now: number): boolean {
  return session.get('SELECT 1 FROM targets WHERE url = ? AND kind = ? AND rests > ?', url, kind, now) !== undefined;
}

/** Stores the pause that a new target requested; a longer stored pause stays; inside a transaction. */
export function pauseTarget(session: SqliteSession, target: number, until: number): void {
  session.run('UPDATE targets SET rests = MAX(IFNULL(rests, 0), ?) WHERE id = ?', until, target);
}

/** Stores the pause that a target requested, for all targets of its URL and kind; inside a transaction. */
export function pauseUrl(session: SqliteSession, target: number, until: number): void {
  session.run(`
    UPDATE targets SET rests = MAX(IFNULL(rests, 0), ?)
    WHERE (url, kind) = (SELECT url, kind FROM targets WHERE id = ?)
  `, until, target);
}

/** Stores the work time of the first failure of a target since its last success; inside a transaction. */
export function setFailing(session: SqliteSession, target: number, since: number | null): void {
  session.run('UPDATE targets SET failing = ? WHERE id = ?', since, target);
}

/** Disables a target, as `TargetStateStore.disable` specifies; inside a transaction. */
export function disableTarget(session: SqliteSession, target: number, now: number): TargetNews | undefined {
  const { changes } = session.run('UPDATE targets SET disabled = ? WHERE id = ? AND disabled IS NULL', now, target);
  return changes === 0 ? undefined : newsOf(session, target);
}

/** Notes the notification of a dead letter, as `TargetStateStore.noteDead` specifies; inside a transaction. */
export function noteDead(session: SqliteSession, target: number, now: number, since: number): TargetNews | undefined {
  const { changes } = session.run('UPDATE targets SET told = ? WHERE id = ? AND IFNULL(told, 0) < ?', now, target, since);
  return changes === 0 ? undefined : newsOf(session, target);
}

function newsOf(session: SqliteSession, target: number): TargetNews {
  const rows = session.all<{ pod: string; uuid: Buffer; pattern: string }>(`
    SELECT p.url AS pod, s.uuid, s.pattern FROM subscriptions s CROSS JOIN pods p
    WHERE s.target = ? AND p.id = s.pod LIMIT ${MAX_NOTIFIED}
  `, target);
  return { target, subscriptions: rows.map(({ pod, uuid, pattern }) => ({ pod, id: stringify(uuid), pattern })) };
}

/** Removes unused targets and hosts, as `DeliveryRetention.removeUnusedTargets` specifies; inside a transaction. */
export function removeUnusedTargets(session: SqliteSession, after: number, limit: number): number | undefined {
  const targets = session.all<{ id: number; host: number; used: number }>(`
    SELECT t.id, t.host, EXISTS (SELECT 1 FROM deliveries d WHERE d.target = t.id)
      OR EXISTS (SELECT 1 FROM subscriptions s WHERE s.target = t.id) AS used
    FROM targets t WHERE t.id > ? ORDER BY t.id LIMIT ?
  `, after, limit);
  for (const { id, host } of targets.filter(({ used }): boolean => used === 0)) {
    session.run('DELETE FROM targets WHERE id = ?', id);
    removeUnusedHost(session, host);
  }
  return targets.at(-1)?.id;
}

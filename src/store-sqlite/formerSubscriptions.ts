import { releaseFilter } from './filters';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of former versions of a subscription. */
const MAX_VERSIONS = 10;
/** Maximum number of former versions that one transaction removes. */
const CHUNK = 200;

/** The columns of a subscription that decide its events. */
export interface SubscriptionVersion {
  /** Key of the subscription. */
  readonly id: number;
  readonly pod: number;
  readonly pattern: string;
  readonly inbox: number;
  readonly filter: number | null;
}

/** SQL condition of a subscription `s` with a former version for an event. Its parameters are the event, twice. */
export const HAS_FORMER = `EXISTS (
  SELECT 1 FROM former_subscriptions o WHERE o.subscription = s.id AND o.since < ? AND o.until >= ?
)`;

/** Former versions as subscriptions `s`, with `since` and `until`. */
export const FORMER = `(
  SELECT o.pod, o.pattern, o.inbox, o.filter, o.since, o.until, x.id, x.uuid, x.agent, x.target
  FROM former_subscriptions o CROSS JOIN subscriptions x WHERE x.id = o.subscription
) s`;

/** Events for which the current version of a subscription decides after a change: keys after `since`, up to `until`. */
export interface VersionEvents {
  readonly since: number;
  readonly until: number;
}

/**
 * Returns the events that the pod of a subscription has accepted and not yet forwarded, and for which its current
 * version decides.
 *
 * @returns The events, `undefined` if there are none, or `busy` if there are too many former versions.
 */
export function eventsOfVersion(
  session: SqliteSession,
  { id, pod }: Pick<SubscriptionVersion, 'id' | 'pod'>,
): VersionEvents | 'busy' | undefined {
  const until = session.get<{ event: number | null }>('SELECT MAX(event) AS event FROM forwards WHERE pod = ?', pod)!.event;
  const { count, since } = session.get<{ count: number; since: number }>(
    'SELECT COUNT(*) AS count, IFNULL(MAX(until), 0) AS since FROM former_subscriptions WHERE subscription = ?',
    id,
  )!;
  if (until === null || until <= since) {
    return undefined;
  }
  return count >= MAX_VERSIONS ? 'busy' : { since, until };
}

/** Keeps the current version of a subscription for some events, before it changes; inside a transaction. */
export function keepVersion(
  session: SqliteSession,
  { id, pod, pattern, inbox, filter }: SubscriptionVersion,
  { since, until }: VersionEvents,
): void {
  session.run(`
    INSERT INTO former_subscriptions (pod, pattern, inbox, subscription, since, until, filter) VALUES (?, ?, ?, ?, ?, ?, ?)
  `, pod, pattern, inbox, id, since, until, filter);
}

/** Removes the former versions of a subscription, before its row; inside a transaction. */
export function removeVersions(session: SqliteSession, subscription: number): void {
  const removed = session.all<{ filter: number | null }>(
    'DELETE FROM former_subscriptions WHERE subscription = ? RETURNING filter',
    subscription,
  );
  removed.forEach(({ filter }): void => releaseFilter(session, filter));
}

/** Removes former versions of which all events are forwarded, a bounded number; inside a transaction. */
export function removeForwardedVersions(session: SqliteSession, pod: number): void {
  const removed = session.all<{ filter: number | null }>(`
    DELETE FROM former_subscriptions WHERE (pod, pattern, inbox, subscription, until) IN (
      SELECT o.pod, o.pattern, o.inbox, o.subscription, o.until FROM former_subscriptions o
      WHERE o.pod = ? AND o.until < IFNULL((SELECT MIN(f.event) FROM forwards f WHERE f.pod = o.pod), ?) LIMIT ?
    ) RETURNING filter
  `, pod, Number.MAX_SAFE_INTEGER, CHUNK);
  removed.forEach(({ filter }): void => releaseFilter(session, filter));
}

import type { SqliteSession } from './SqliteSession';

/** Facts for the statements of a transaction, queried once. A fact that does not hold removes its condition. */
export interface Facts {
  readonly hasSubscriptions: boolean;
  /** Whether any subscription has a remote target. */
  readonly hasRemote: boolean;
  readonly hasUnconfirmed: boolean;
  /** Whether any subscription, or a former version of one, has filters. */
  readonly hasFilters: boolean;
  /** Whether former versions of changed subscriptions decide about waiting events. */
  readonly hasFormer: boolean;
  /** Whether any copy was removed during the fan-out of its event. */
  readonly hasRemoved: boolean;
  readonly hasWatched: boolean;
  /** Whether any container was deleted. */
  readonly hasGone: boolean;
}

/** Queries the facts of a transaction. */
export function factsOf(session: SqliteSession, pod: number): Facts {
  const { subscriptions, remote, filters, former } = session.get<Record<string, number>>(`SELECT
    EXISTS (SELECT 1 FROM subscriptions WHERE pod = ?) AS subscriptions,
    EXISTS (SELECT 1 FROM subscriptions WHERE pod = ? AND target IS NOT NULL) AS remote,
    EXISTS (SELECT 1 FROM filters WHERE pod = ?) AS filters,
    EXISTS (SELECT 1 FROM former_subscriptions WHERE pod = ?) AS former
  `, pod, pod, pod, pod)!;
  const has = (sql: string, ...parameters: unknown[]): boolean => session.get(sql, ...parameters) !== undefined;
  return {
    hasSubscriptions: subscriptions === 1,
    hasRemote: remote === 1,
    hasFilters: filters === 1,
    hasFormer: former === 1,
    hasUnconfirmed: has('SELECT 1 FROM doubts WHERE pod = ? LIMIT 1', pod),
    hasRemoved: has('SELECT 1 FROM removed LIMIT 1'),
    hasWatched: has('SELECT 1 FROM containers WHERE watched = 1 LIMIT 1'),
    hasGone: has('SELECT 1 FROM containers WHERE gone = 1 LIMIT 1'),
  };
}

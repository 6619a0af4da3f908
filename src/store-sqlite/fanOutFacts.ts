import type { SqliteSession } from './SqliteSession';

/** Facts for the statements of a transaction, queried once. A fact that does not hold removes its condition. */
export interface Facts {
  readonly hasSubscriptions: boolean;
  /** Whether any subscription has a remote target. */
  readonly hasRemote: boolean;
  readonly hasUnconfirmed: boolean;
  /** Whether any copy was removed during the fan-out of its event. */
  readonly hasRemoved: boolean;
  readonly hasWatched: boolean;
  /** Whether any container was deleted. */
  readonly hasGone: boolean;
}

/** Queries the facts of a transaction. */
export function factsOf(session: SqliteSession, pod: number): Facts {
  const has = (sql: string, ...parameters: unknown[]): boolean => session.get(sql, ...parameters) !== undefined;
  return {
    hasSubscriptions: has('SELECT 1 FROM subscriptions WHERE pod = ? LIMIT 1', pod),
    hasRemote: has('SELECT 1 FROM subscriptions WHERE pod = ? AND target IS NOT NULL LIMIT 1', pod),
    hasUnconfirmed: has('SELECT 1 FROM doubts WHERE pod = ? LIMIT 1', pod),
    hasRemoved: has('SELECT 1 FROM removed LIMIT 1'),
    hasWatched: has('SELECT 1 FROM containers WHERE watched = 1 LIMIT 1'),
    hasGone: has('SELECT 1 FROM containers WHERE gone = 1 LIMIT 1'),
  };
}

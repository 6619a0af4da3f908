import type { WatchedCopy } from '../store/WatchedCopy';
import type { SqliteSession } from './SqliteSession';

/**
 * Adds notices of copies in watched containers, in the transaction that writes the copies.
 *
 * @returns The copies, with the keys of their notices.
 */
export function addNotices(session: SqliteSession, copies: readonly WatchedCopy[]): WatchedCopy[] {
  return copies.map(({ container, copy }): WatchedCopy => {
    const { lastInsertRowid } = session.run('INSERT INTO notices (container, copy) VALUES (?, ?)', container, copy);
    return { container, copy, notice: Number(lastInsertRowid) };
  });
}

/** Returns notices, oldest first. */
export function listNotices(session: SqliteSession, limit: number): WatchedCopy[] {
  return session.all<WatchedCopy>('SELECT id AS notice, container, copy FROM notices ORDER BY id LIMIT ?', limit);
}

/** Removes the notices of copies whose notifications are emitted; inside a transaction. */
export function removeNotices(session: SqliteSession, copies: readonly WatchedCopy[]): void {
  for (const { notice } of copies) {
    session.run('DELETE FROM notices WHERE id = ?', notice);
  }
}

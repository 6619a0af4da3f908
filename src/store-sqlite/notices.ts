import type { WatchedCopy } from '../store/WatchedCopy';
import type { SqliteSession } from './SqliteSession';

/**
 * Notes, in the transaction that writes copies in watched containers, that their notifications have to be emitted.
 *
 * @returns The copies, with the keys of their notes.
 */
export function addNotices(session: SqliteSession, copies: readonly WatchedCopy[]): WatchedCopy[] {
  return copies.map(({ container, copy }): WatchedCopy => {
    const { lastInsertRowid } = session.run('INSERT INTO notices (container, copy) VALUES (?, ?)', container, copy);
    return { container, copy, notice: Number(lastInsertRowid) };
  });
}

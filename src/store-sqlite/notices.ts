import type { LandedCopy } from '../store/LandedCopy';
import type { SqliteSession } from './SqliteSession';

/**
 * Notes, in the transaction that writes copies in watched containers, that their notifications have to be emitted.
 *
 * @returns The copies, with the keys of their notes.
 */
export function addNotices(session: SqliteSession, copies: readonly LandedCopy[]): LandedCopy[] {
  return copies.map(({ container, copy }): LandedCopy => {
    const { lastInsertRowid } = session.run('INSERT INTO notices (container, copy) VALUES (?, ?)', container, copy);
    return { container, copy, notice: Number(lastInsertRowid) };
  });
}

import type { WatchedCopy } from '../store/WatchedCopy';
import type { CopyListener } from './CopyListener';
import type { NoticeReceipts } from './ports';

/**
 * Tells listeners of copies in watched containers, and then removes the notes by which that is repeated after a crash.
 *
 * @param store - Holds the notes.
 * @param listeners - Are told of each copy.
 * @param copies - The copies.
 *
 * @returns Whether the notes are removed; otherwise the copies are announced again after the next start.
 */
export async function announce(
  store: NoticeReceipts,
  listeners: readonly CopyListener[],
  copies: readonly WatchedCopy[],
): Promise<boolean> {
  await Promise.all(listeners.flatMap((listener): Promise<unknown>[] =>
    copies.map(async(copy): Promise<unknown> => listener.copyWritten(copy))));
  const noted = copies.filter(({ notice }): boolean => notice !== undefined);
  try {
    if (noted.length > 0) {
      await store.removeNotices(noted);
    }
    return true;
  } catch {
    return false;
  }
}

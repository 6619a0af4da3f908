import type { WatchedCopy } from '../store/WatchedCopy';
import type { CopyListener } from './CopyListener';
import type { NoticeReceipts } from './ports';

/**
 * Announces copies in watched containers to listeners, then removes their notices.
 *
 * @param store - Storage of notices.
 * @param listeners - Receive each copy.
 * @param copies - The copies.
 *
 * @returns Whether the notices are removed; otherwise the copies are announced again after the next start.
 */
export async function announce(
  store: NoticeReceipts,
  listeners: readonly CopyListener[],
  copies: readonly WatchedCopy[],
): Promise<boolean> {
  await Promise.all(listeners.flatMap((listener): Promise<unknown>[] =>
    copies.map(async(copy): Promise<unknown> => listener.copyWritten(copy))));
  const withNotice = copies.filter(({ notice }): boolean => notice !== undefined);
  try {
    if (withNotice.length > 0) {
      await store.removeNotices(withNotice);
    }
    return true;
  } catch {
    return false;
  }
}

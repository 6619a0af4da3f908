import type { WatchedCopy } from '../store/WatchedCopy';

/**
 * Receives copies that are written to watched containers.
 */
export interface CopyListener {
  /** Receives a copy. Never throws or rejects. A returned promise resolves after its notifications are emitted. */
  copyWritten: (copy: WatchedCopy) => unknown;
}

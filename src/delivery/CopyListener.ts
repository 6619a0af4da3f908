import type { WatchedCopy } from '../store/WatchedCopy';

/**
 * Is told of copies that have landed in a container that somebody watches.
 */
export interface CopyListener {
  /** Must not throw or reject. A returned promise is fulfilled once the notifications of the copy are emitted. */
  copyWritten: (copy: WatchedCopy) => unknown;
}

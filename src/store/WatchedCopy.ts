/**
 * A new copy in a container that has notification subscribers.
 */
export interface WatchedCopy {
  /** The URL of the container, ending in `/`. */
  readonly container: string;
  /** The URL of the copy. */
  readonly copy: string;
  /** Key of the note that its notifications are not emitted yet, see `NoticeReceipts.removeNotices`. */
  readonly notice?: number;
}

/**
 * A new copy in a container that has notification subscribers.
 */
export interface WatchedCopy {
  /** URL of the container, ending in `/`. */
  readonly container: string;
  /** URL of the copy. */
  readonly copy: string;
  /** Key of its notice, until its notifications are emitted, see `NoticeReceipts.removeNotices`. */
  readonly notice?: number;
}

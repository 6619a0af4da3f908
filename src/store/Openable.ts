/**
 * Something that is opened when a process of the server starts, and closed when it stops.
 */
export interface Openable {
  /** Opens it, and brings what an older version wrote up to date. */
  open: () => Promise<void>;
  /** Finishes what is under way and closes it. Can be called more than once. */
  close: () => Promise<void>;
}

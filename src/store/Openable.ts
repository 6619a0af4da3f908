/**
 * A resource with the lifetime of a server process.
 */
export interface Openable {
  /** Opens the resource, and migrates data of older versions. */
  open: () => Promise<void>;
  /** Completes pending writes and closes the resource. Can be called more than once. */
  close: () => Promise<void>;
}

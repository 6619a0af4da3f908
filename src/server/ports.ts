/** Result of one removal step. */
export interface Removal {
  /** Number of removed events. */
  readonly removed: number;
  /** Cursor of the next step; absent after the last event. */
  readonly next?: number;
}

/**
 * Cursor over all copies: the store's keys of one copy.
 */
export interface CopyCursor {
  readonly container: number;
  readonly event: number;
}

/**
 * List of registered pods.
 */
export interface PodList {
  /**
   * Lists registered pods in the order of their URLs.
   *
   * @param after - Last URL of the previous page, or the empty string.
   * @param limit - Maximum number of pods to return.
   */
  listPods: (after: string, limit: number) => Promise<string[]>;
}

/**
 * Removal of old events and their copies.
 */
export interface RetentionStore extends PodList {
  /**
   * Removes events of all pods that were published before a time, oldest first, with all their copies.
   *
   * Events with a pending fan-out or delivery stay. One step examines `limit` events and changes about as many rows.
   *
   * @param time - In milliseconds since 1970.
   * @param after - Cursor returned by the previous step, or 0.
   * @param limit - Maximum number of events to examine.
   */
  removeEventsBefore: (time: number, after: number, limit: number) => Promise<Removal>;
  /** Removes the oldest events published through a pod in the same way, so that the newest `maxEvents` stay. */
  removeEventsBeyond: (pod: string, maxEvents: number, after: number, limit: number) => Promise<Removal>;
  /**
   * Frees the space of copies of removed events.
   *
   * @param after - Cursor returned by the previous step.
   * @param limit - Maximum number of copies to examine.
   *
   * @returns Cursor of the next step, or `undefined` after the last copy.
   */
  sweepCopies: (after: CopyCursor, limit: number) => Promise<CopyCursor | undefined>;
}

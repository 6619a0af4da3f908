/** The result of one step of the removal of old events. */
export interface Removal {
  /** Number of events that were removed. */
  readonly removed: number;
  /** The place that was reached, if there are more to look at. */
  readonly next?: number;
}

/**
 * One copy among all, by the keys of the store.
 */
export interface CopyPlace {
  readonly container: number;
  readonly event: number;
}

/**
 * All pods that take part.
 */
export interface PodList {
  /**
   * Pods that have been set up, in the order of their URLs.
   *
   * @param after - The last URL that was read before, or the empty string.
   * @param limit - Maximum number of pods to return.
   */
  listPods: (after: string, limit: number) => Promise<string[]>;
}

/**
 * Old events and their copies.
 */
export interface RetentionStore extends PodList {
  /**
   * Removes the oldest events of all pods that were published before a moment, with all their copies, but for those
   * that still wait to be forwarded or delivered. One step looks at `limit` events, and changes about as many rows.
   *
   * @param moment - In milliseconds since 1970.
   * @param after - The place that the step before reached; 0 to begin.
   * @param limit - The most events to look at.
   */
  removeEventsBefore: (moment: number, after: number, limit: number) => Promise<Removal>;
  /** Removes in the same way the oldest events published through a pod, so that the newest `most` stay. */
  removeEventsBeyond: (pod: string, most: number, after: number, limit: number) => Promise<Removal>;
  /**
   * Frees the room of copies whose events were removed.
   *
   * @param after - The place that was reached before.
   * @param limit - The most copies to look at.
   *
   * @returns The place that was reached, or `undefined` behind the last copy.
   */
  sweepCopies: (after: CopyPlace, limit: number) => Promise<CopyPlace | undefined>;
}

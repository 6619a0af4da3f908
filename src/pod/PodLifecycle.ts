/** By which a pod is told from a later pod of the same URL. */
export interface PodRecord {
  /**
   * The id of the server's own record of the pod; empty for a pod that no account made, and `undefined` where it was
   * not known yet when the pod was registered.
   */
  readonly identity?: string;
  /** Whether the containers of the layout were there when the pod was registered. */
  readonly isLaid: boolean;
}

/** The result of closing a container. */
export type Closing = 'closed' | 'occupied' | 'unused';

/**
 * Ends what is kept of pods and containers that do not exist any more.
 *
 * Every method that writes does so in transactions of bounded size. A process that ends in between leaves work that is
 * listed by {@link unfinishedEndings} and done by {@link sweep}.
 */
export interface PodLifecycle {
  /** The record of a registered pod; `undefined` if the pod is not registered. */
  recordOf: (pod: string) => Promise<PodRecord | undefined>;
  /** Sets the record of a registered pod. */
  setRecord: (pod: string, record: PodRecord) => Promise<void>;
  /** Registered pods behind a URL, by URL. */
  podsAfter: (url: string, limit: number) => Promise<string[]>;

  /**
   * Ends the data of a pod: its events, its inboxes, the subscriptions to it and by the agents whose WebIDs lie in it,
   * their API keys, its catalogue and its logs. Nothing of it is visible to a later pod of the same URL once the
   * promise is fulfilled; {@link sweep} frees the room.
   *
   * Copies that others have in their own inboxes stay. Registered pods below the URL are not affected.
   *
   * @returns Whether there was anything.
   */
  endPod: (pod: string) => Promise<boolean>;
  /** The pods whose ending was begun and is not complete. */
  unfinishedEndings: () => Promise<string[]>;
  /** Whether the ending of a pod was begun and is not complete. */
  isEnding: (pod: string) => Promise<boolean>;
  /**
   * Frees some room of pods that were ended.
   *
   * @param limit - Maximum number of rows to look at.
   *
   * @returns Whether there is more.
   */
  sweep: (limit: number) => Promise<boolean>;

  /**
   * Stops copies into a container that is about to be deleted.
   *
   * @param container - The URL of the container.
   * @param evenIfOccupied - Whether its entries are removed, because the container was deleted without the server.
   *
   * @returns `occupied` if it has entries, and was left open; `unused` if nothing is ever stored in it.
   */
  closeContainer: (container: string, evenIfOccupied?: boolean) => Promise<Closing>;
  /** Allows copies into a container that was closed, from which the entries of before are removed first. */
  openContainer: (container: string) => Promise<void>;
  /** Whether a container is closed. */
  isClosed: (container: string) => Promise<boolean>;
  /** Containers below a URL in which something is stored, or to which somebody has subscribed, behind a place. */
  containersIn: (pod: string, after: string, limit: number) => Promise<string[]>;
}

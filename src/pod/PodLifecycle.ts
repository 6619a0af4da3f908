/** Identity of a pod, which distinguishes it from a later pod with the same URL. */
export interface PodRecord {
  /**
   * Id of the server's own record of the pod.
   *
   * Empty for a pod that no account created; `undefined` if unknown when the pod was registered.
   */
  readonly identity?: string;
  /** Whether the pod had the containers of the layout when it was registered. */
  readonly hasLayout: boolean;
}

/** Record of a registered pod. */
export interface RegisteredPod extends PodRecord {
  /** Key of the registration. A later pod with the same URL has another one. */
  readonly key: number;
}

/** Result of closing a container, see {@link PodLifecycle.closeContainer}. */
export type CloseResult = 'closed' | 'occupied' | 'unused';

/**
 * Stored identities of pods, and the end of the data of deleted pods and containers.
 *
 * Every write is a transaction of bounded size. Work interrupted by the end of a process is listed by
 * {@link unfinishedEndings} and completed by {@link endPod} and {@link sweep}.
 */
export interface PodLifecycle {
  /** Returns the record of a registered pod; `undefined` if the pod is not registered. */
  recordOf: (pod: string) => Promise<RegisteredPod | undefined>;
  /**
   * Sets the record of a registered pod.
   *
   * @param pod - Base URL of the pod.
   * @param record - The record.
   * @param key - Key of the registration. If another pod has the URL by now, nothing changes. Default: any.
   */
  setRecord: (pod: string, record: PodRecord, key?: number) => Promise<void>;
  /** Lists registered pods after a URL, in the order of their URLs. */
  podsAfter: (url: string, limit: number) => Promise<string[]>;

  /**
   * Ends the data of a pod.
   *
   * The data are its events, inboxes, catalogue and logs, the subscriptions to the pod, and the subscriptions and API
   * keys of agents with WebIDs in the pod. Once the promise is fulfilled, a later pod with the same URL sees none of
   * it; {@link sweep} frees the space. Copies in inboxes of other pods stay. Registered pods below the URL are not
   * affected.
   *
   * @param pod - Base URL of the pod.
   * @param key - Key of the registration to end. If another pod has the URL by now, its data stays. Default: any.
   *
   * @returns Whether any data was ended.
   */
  endPod: (pod: string, key?: number) => Promise<boolean>;
  /** Lists the pods with an ending that was begun and is not complete. */
  unfinishedEndings: () => Promise<string[]>;
  /** Whether the ending of a pod was begun and is not complete. */
  isEnding: (pod: string) => Promise<boolean>;
  /**
   * Frees a part of the space of ended pods.
   *
   * @param limit - Maximum number of rows to examine.
   *
   * @returns Whether more rows remain.
   */
  sweep: (limit: number) => Promise<boolean>;

  /**
   * Closes a container to copies, before its deletion.
   *
   * @param container - URL of the container.
   * @param evenIfOccupied - Whether to remove its entries, because the container was deleted without the server.
   *
   * @returns `closed`; `occupied` if it has entries and was left open; `unused` if it receives no copies.
   */
  closeContainer: (container: string, evenIfOccupied?: boolean) => Promise<CloseResult>;
  /** Opens a closed container to copies. Remaining entries are removed first. */
  openContainer: (container: string) => Promise<void>;
  /** Whether a container is closed to copies. */
  isClosed: (container: string) => Promise<boolean>;
  /**
   * Lists open containers of a pod that are known from entries or subscriptions, in the order of their URLs.
   *
   * @param pod - Base URL of the pod.
   * @param after - Last URL of the previous page, or the empty string.
   * @param limit - Maximum number of containers to return.
   */
  containersIn: (pod: string, after: string, limit: number) => Promise<string[]>;
}

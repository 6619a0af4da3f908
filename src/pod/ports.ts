import type { Locator } from '../access/ports';
import type { Event } from '../event/Event';

/**
 * Listing data of one event in one container.
 */
export interface Entry {
  /** Id of the event, which is the last path segment of the entry's URL. */
  readonly id: string;
  /** Base URL of the producing pod of the event. */
  readonly pod: string;
  /** Key of the event in the store. Listings are ordered by it. */
  readonly event: number;
  readonly topic: string;
  /** Publication time of the event, in milliseconds since 1970. */
  readonly published: number;
  /** Size of its document, in bytes. */
  readonly bytes: number;
}

/**
 * Storage of events and copies as members of containers.
 */
export interface EntryStore {
  /** Returns the event with an id in a container, if the container has it. */
  getEntry: (container: string, id: string) => Promise<Event | undefined>;
  /**
   * Lists the entries of a container, oldest first.
   *
   * @param container - URL of the container.
   * @param after - `event` of the last entry of the previous page, or 0.
   * @param limit - Maximum number of entries to return.
   */
  listEntries: (container: string, after: number, limit: number) => Promise<Entry[]>;
  /** Time of the last change of a container's entries, in milliseconds since 1970; `undefined` if there was none. */
  modifiedOf: (container: string) => Promise<number | undefined>;
  /**
   * Removes an event from a container permanently. A fan-out in progress does not restore it.
   *
   * @returns Whether the container had it.
   */
  removeEntry: (container: string, id: string) => Promise<boolean>;
}

/** A notification in an inbox that the backend stores as JSON. */
export interface IndexedNotification {
  /** Last path segment of its URL. */
  readonly name: string;
  /** Time of its last change, in milliseconds since 1970. */
  readonly modified: number;
}

/**
 * Records changed notifications of inboxes.
 */
export interface NotificationRecorder {
  /**
   * Adds a changed notification as the newest one, unless the index has it; or removes it.
   *
   * @param inbox - URL of the inbox.
   * @param name - Last path segment of its URL.
   * @param isListed - Whether it exists and is JSON.
   */
  noteNotification: (inbox: string, name: string, isListed: boolean) => Promise<void>;
}

/**
 * Storage of the names of notifications in inboxes, in the order of their arrival.
 */
export interface NotificationIndex extends NotificationRecorder {
  /** Returns the names in the index of an inbox after a name, in their order. */
  notificationNames: (inbox: string, after: string, limit: number) => Promise<string[]>;
  /**
   * Adds missing notifications. Until the index was complete once, they are ordered by their times; later they are the
   * newest ones, so that no cursor misses them.
   *
   * @param inbox - URL of the inbox.
   * @param notifications - Some of its notifications, oldest first.
   * @param isComplete - Whether the inbox has no further notifications.
   */
  addNotifications: (
    inbox: string,
    notifications: readonly IndexedNotification[],
    isComplete: boolean,
  ) => Promise<void>;
}

/**
 * Storage of the containers with notification channels.
 */
export interface ContainerWatches {
  /** Sets whether the fan-out reports new copies in a container, see `LandResult.watched`. */
  watch: (container: string, watched: boolean) => Promise<void>;
}

/**
 * Registration of pods that have been set up.
 */
export interface PodRegistrations {
  /** Registers a pod. */
  registerPod: (pod: string) => Promise<void>;
}

/**
 * Pods with their owners.
 */
export interface OwnedPods extends Locator {
  /** Whether the account of a pod names an agent as an owner. */
  isOwner: (pod: string, webId: string) => Promise<boolean>;
}

/**
 * Lookup of registered pods.
 */
export interface KnownPods {
  /** Whether a pod is registered. */
  hasPod: (pod: string) => Promise<boolean>;
}

/**
 * Registry of pods that have been set up.
 */
export interface PodRegistry extends KnownPods {
  /** Registers a pod. */
  registerPod: (pod: string) => Promise<void>;
}

/**
 * Storage of the documents that access to pods depends on, such as groups.
 */
export interface AccessDependencies {
  /**
   * Stores that access to the pod of a resource depends on another document.
   *
   * If the dependency cannot be written, all access epochs of this process are raised, which discards cached decisions.
   *
   * @param document - URL of the document.
   * @param resource - URL of the dependent resource. A resource outside all pods has no effect.
   */
  noteDependency: (document: string, resource: string) => Promise<void>;
}

/**
 * Check of the store's writability.
 */
export interface StoreHealth {
  /**
   * Tests with a write that the store is writable.
   *
   * @param timeout - Maximum time, in milliseconds, to wait for another process's lock.
   *
   * @throws `StoreUnavailable` or `StorageFull` if it is not.
   */
  assertWritable: (timeout: number) => Promise<void>;
}

/**
 * Storage of the overlay: events as resources, and the effects of changed access control on them.
 */
export interface OverlayStore extends EntryStore, KnownPods, NotificationRecorder, StoreHealth {
  /**
   * Raises the access epochs affected by a changed access control document.
   *
   * These are the epochs of the pods that contain the document, and of the pods below its container. Cached decisions
   * of earlier epochs are not used again. Subscriptions with inboxes in these places become unconfirmed.
   *
   * @param resource - URL of the access control document.
   */
  raiseEpoch: (resource: string) => Promise<void>;
  /** Raises the access epochs that depend on a changed document. */
  raiseDependents: (document: string) => Promise<void>;
  /** Whether access to any pod depends on a document. */
  hasDependents: (document: string) => Promise<boolean>;
}

import type { Event } from '../event/Event';

/**
 * One event in one container, as a listing shows it.
 */
export interface Entry {
  /** The event's id, which is also the last part of the entry's URL. */
  readonly id: string;
  /** The key of the event in the store: a listing is in its order. */
  readonly event: number;
  /** When the event was published, in milliseconds since 1970. */
  readonly published: number;
  /** The length of its document, in bytes. */
  readonly bytes: number;
}

/**
 * Events and copies as members of containers.
 */
export interface EntryStore {
  /** The event in a container, if it is there. */
  getEntry: (container: string, id: string) => Promise<Event | undefined>;
  /**
   * The entries of a container, oldest first.
   *
   * @param container - The URL of the container.
   * @param after - The `event` of the last entry that was read before, or 0.
   * @param limit - The most entries to return.
   */
  listEntries: (container: string, after: number, limit: number) => Promise<Entry[]>;
  /** When something last entered or left a container, in milliseconds since 1970; `undefined` if nothing ever did. */
  modifiedOf: (container: string) => Promise<number | undefined>;
  /**
   * Takes an event out of a container, for good: a fan-out that is under way does not put it back.
   *
   * @returns Whether it was there.
   */
  removeEntry: (container: string, id: string) => Promise<boolean>;
}

/**
 * Containers on which there are notification channels.
 */
export interface ContainerWatches {
  /** Sets whether copies that land in a container are reported by the fan-out, see `LandResult.watched`. */
  watch: (container: string, watched: boolean) => Promise<void>;
}

/**
 * Is told which pods take part.
 */
export interface PodRegistrations {
  /** Remembers that a pod has been set up. */
  registerPod: (pod: string) => Promise<void>;
}

/**
 * Tells which pods take part.
 */
export interface KnownPods {
  /** Whether a pod has been set up. */
  hasPod: (pod: string) => Promise<boolean>;
}

/**
 * Pods that take part.
 */
export interface PodRegistry extends KnownPods {
  /** Remembers that a pod has been set up. */
  registerPod: (pod: string) => Promise<void>;
}

/**
 * Documents of which access to pods depends.
 */
export interface AccessDependencies {
  /**
   * Remembers that access to the pod in which a resource lies depends on another document, such as that of a group.
   * Where that cannot be written now, all epochs of this process rise, so that no answer is kept that depends on it.
   *
   * @param document - The URL of the document.
   * @param resource - The URL of a resource to which access depends on it; outside all pods nothing is remembered.
   */
  noteDependency: (document: string, resource: string) => Promise<void>;
}

/**
 * Whether the store accepts writes.
 */
export interface StoreHealth {
  /**
   * Checks by a write that the store can be written now.
   *
   * @param timeout - Maximum time, in milliseconds, to wait for another process's lock.
   *
   * @throws `StoreUnavailable` or `StorageFull`.
   */
  assertWritable: (timeout: number) => Promise<void>;
}

/**
 * Storage of the overlay: events as resources, and the effects of changed access control on them.
 */
export interface OverlayStore extends EntryStore, KnownPods, StoreHealth {
  /**
   * Tells that access control was changed: nothing that was learned before is used again, of any pod in which it lies,
   * or that lies below its container; and the subscriptions whose inboxes lie there are in doubt.
   *
   * @param resource - The URL of the document of access control.
   */
  raiseEpoch: (resource: string) => Promise<void>;
  /** Tells that a document was changed: if access to anything depends on it, that has changed. */
  raiseDependents: (document: string) => Promise<void>;
  /** Whether access to anything depends on a document. */
  hasDependents: (document: string) => Promise<boolean>;
}

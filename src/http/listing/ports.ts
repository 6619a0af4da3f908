import type { Event } from '../../event/Event';

/**
 * Position of a reader in the listing of a container.
 *
 * An entry that is added later is after every earlier position, also if its event is older than those already read.
 */
export interface ListingPlace {
  /** Largest key of an event that was read in the order of keys. */
  readonly event: number;
  /** Time, on the clock of the container, up to which entries that were added after later ones are read. */
  readonly late: number;
  /** Time, on the clock of the container, up to which notifications are read. */
  readonly notification: number;
}

/** The first position of a listing. */
export const START: ListingPlace = { event: 0, late: 0, notification: 0 };

/**
 * One item of a listing, without its content: an event, or a notification that the server's backend stores.
 */
export interface ListedItem {
  /** Position after the item. */
  readonly place: ListingPlace;
  /** Time at which the item arrived, in milliseconds since 1970. */
  readonly time: number;
  /** Last path segment of the item's URL. */
  readonly name: string;
  /** The event, without its document; absent for a notification. */
  readonly event?: { readonly key: number; readonly topic: string; readonly bytes: number };
}

/**
 * Some consecutive items of a listing.
 */
export interface ListingStep {
  /** Items in order. Can be empty before the end. */
  readonly items: readonly ListedItem[];
  /** Position after the step. */
  readonly place: ListingPlace;
  /** Whether the step reached the end. */
  readonly isEnd: boolean;
}

/** An event with its publication on this server or another one. */
export interface ListedEvent {
  readonly event: Event;
  /** Number of servers that have passed it on. 0 for an event of this server. */
  readonly hops: number;
}

/**
 * Changes of containers.
 */
export interface ContainerChanges {
  /** Returns a text that changes with each commit of any process. */
  changes: () => Promise<string>;
  /** Time of the last change of a container's entries, in milliseconds since 1970; `undefined` if there was none. */
  modifiedOf: (container: string) => Promise<number | undefined>;
}

/**
 * Storage of listings. The cost of each method depends on its result, not on the size of the container.
 */
export interface ListingStore extends ContainerChanges {
  /**
   * Reads the next items of a listing, in one snapshot.
   *
   * @param container - URL of the container.
   * @param place - Position after the previous item.
   * @param limit - Maximum number of items.
   * @param withNotifications - Whether to include notifications. Without them their position stays.
   */
  listStep: (
    container: string,
    place: ListingPlace,
    limit: number,
    withNotifications: boolean,
  ) => Promise<ListingStep>;
  /**
   * Returns the position before all items of a container that arrived at a time or later. Items that are added after
   * the call are behind it.
   *
   * @param container - URL of the container.
   * @param time - The time, in milliseconds since 1970.
   */
  placeAt: (container: string, time: number) => Promise<ListingPlace>;
  /** Returns the position behind all items of a container. Items that are added after the call are behind it. */
  placeAtEnd: (container: string) => Promise<ListingPlace>;
  /** Returns a listed event by its key; `undefined` if it was removed. */
  listedEvent: (key: number) => Promise<ListedEvent | undefined>;
  /** Returns base URLs of pods with subscriptions to an inbox, at most `limit`. */
  podsFollowedBy: (inbox: string, limit: number) => Promise<string[]>;
  /** Access epoch of a pod, see `AccessEpochs`. */
  epochOf: (pod: string) => Promise<number | undefined>;
}

/**
 * A notification in an inbox that is stored by the backend of the server.
 */
export interface NotificationText {
  /** Its JSON text; absent if it exceeds the limit. */
  readonly text?: string;
}

/**
 * Notifications of inboxes, as resources of the server.
 */
export interface InboxNotifications {
  /** Whether a container exists. */
  exists: (container: string) => Promise<boolean>;
  /** Completes the index of the notifications of an inbox. Reads the inbox at its first call for it. */
  prepare: (inbox: string) => Promise<void>;
  /**
   * Reads a notification.
   *
   * @param url - URL of the notification.
   * @param maxBytes - Maximum size of its text.
   *
   * @returns `undefined` if it no longer exists, or is not JSON.
   */
  read: (url: string, maxBytes: number) => Promise<NotificationText | undefined>;
}

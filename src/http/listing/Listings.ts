import type { Access } from '../../access/ports';
import { charge, COSTS } from '../../access/costs';
import { LIMITS } from '../../event/limits';
import { nextTimeSlice } from '../../event/timeSlices';
import { coversTopic, readableTopics } from '../../access/topicAccess';
import type { Caller } from '../../identity/Caller';
import type { Work } from '../../work/Work';
import type { ItemContent } from './listingItems';
import { WRITE_LISTING } from './listingItems';
import type { InboxNotifications, ListedEvent, ListedItem, ListingPlace, ListingStore } from './ports';
import { formatPlace } from './listingPlace';

/** Maximum size of the documents of a page, in bytes, if it has more than one item. */
const MAX_BYTES = 1_024 * 1_024;
/** Maximum size of the content of a notification, in bytes. Of larger ones, only URL and time are listed. */
const MAX_NOTIFICATION_BYTES = LIMITS.requestBytes + LIMITS.documentBytes;
/** Maximum number of items that a page of some topics examines. */
const MAX_EXAMINED = 10_000;
/** Number of items that a page of some topics examines in one step. */
const EXAMINED_STEP = 200;
/** Maximum number of pods that are compared with the addressees of an event. */
const MAX_FORWARDERS = 100;

/** A container to list. */
export interface ListedContainer {
  readonly url: string;
  /** Base URL of its pod. */
  readonly pod: string;
  /** Whether it is an inbox, with copies and notifications. */
  readonly isInbox: boolean;
}

/** Request for some consecutive items. */
export interface ItemsRequest extends ListedContainer {
  readonly caller: Caller;
  readonly place: ListingPlace;
  readonly limit: number;
  /** Whether items are read without their content. Default false. */
  readonly isLinks?: boolean;
  /** Whether notifications are read without their content, so that they need not be JSON. Default false. */
  readonly eventsOnly?: boolean;
  /** Whether events are left out if the caller has no read access to their topics in the pod. Default false. */
  readonly byTopic?: boolean;
  /** Key of the event before which the items end, whatever their size. Default: none. */
  readonly end?: number;
}

/** Request for one page. */
export interface PageRequest extends ItemsRequest {
  /** Whether items are URLs. */
  readonly isLinks: boolean;
}

/** An item that was read: an event, or a notification. */
export interface ReadItem {
  /** URL of the item in the container. */
  readonly url: string;
  /** Time of arrival, in milliseconds since 1970. */
  readonly time: number;
  /** The event; absent for a notification, and without content. */
  readonly event?: ListedEvent;
  /** Text of a notification; absent if it exceeds the limit. */
  readonly text?: string;
}

/** Some consecutive items that were read. */
export interface ReadItems {
  readonly items: readonly ReadItem[];
  /** Position after them. */
  readonly place: ListingPlace;
  readonly isEnd: boolean;
}

/** One page of a listing. */
export interface ListingPage {
  /** Number of items. */
  readonly count: number;
  /** Position after the page. */
  readonly place: ListingPlace;
  /** The page as JSON text. */
  readonly body: string;
}

/**
 * Reads the pages of listings. The cost of a page depends on its items, not on the container.
 *
 * A caller whose key is limited to topics gets the events of these topics only, without notifications. Such a page
 * examines a limited number of items, so it can be empty before the end; then it has `next`.
 */
export class Listings {
  private readonly store: ListingStore;
  private readonly notifications: InboxNotifications;
  private readonly access: Access;
  private readonly work: Work;

  /**
   * @param store - Storage of listings.
   * @param notifications - Notifications of inboxes.
   * @param access - Decides read access to notifications.
   * @param work - Writes large pages.
   */
  public constructor(store: ListingStore, notifications: InboxNotifications, access: Access, work: Work) {
    this.store = store;
    this.notifications = notifications;
    this.access = access;
    this.work = work;
  }

  /** Prepares the listing of a container. Returns whether the container exists. */
  public async open({ url, isInbox }: ListedContainer): Promise<boolean> {
    if (!await this.notifications.exists(url)) {
      return false;
    }
    if (isInbox) {
      await this.notifications.prepare(url);
    }
    return true;
  }

  /** Returns the position of a time in a container, in milliseconds since 1970. */
  public async placeAt({ url }: ListedContainer, time: number): Promise<ListingPlace> {
    return this.store.placeAt(url, time);
  }

  /** Time of the last change of a container, in milliseconds since 1970; `undefined` if there was none. */
  public async modifiedOf({ url }: ListedContainer): Promise<number | undefined> {
    return this.store.modifiedOf(url);
  }

  /** Returns a text that changes with the entries of a container, and with access to them. Reads no items. */
  public async versionOf({ url, pod }: ListedContainer): Promise<string> {
    return `${await this.store.modifiedOf(url)} ${await this.store.epochOf(pod)}`;
  }

  /** Reads a page. */
  public async page(request: PageRequest): Promise<ListingPage> {
    const { items, place, isEnd } = await this.items(request);
    const forwarders = request.isInbox && !request.isLinks ?
      [ request.pod, ...await this.store.podsFollowedBy(request.url, MAX_FORWARDERS) ] :
      [];
    const size = items.reduce((sum, { event, text = '' }): number => sum + (event?.event.members ?? text).length, 0);
    const contains = request.isLinks ?
      JSON.stringify(items.map(({ url }): string => url)) :
      await this.work.run(WRITE_LISTING, items.map((item): ItemContent => toContent(item, forwarders)), { size });
    const next = items.length > 0 || !isEnd ? `"next":${JSON.stringify(formatPlace(place))},` : '';
    return { count: items.length, place, body: `{${next}"contains":${contains}}` };
  }

  /** Reads items, at most about 1 MiB of content unless their end is given. */
  public async items(request: ItemsRequest): Promise<ReadItems> {
    const { url, caller: { limits }, limit, isInbox, end = Infinity } = request;
    const isSelective = limits?.topics !== undefined || request.byTopic === true;
    const maxBytes = request.isLinks || request.end !== undefined ? Infinity : MAX_BYTES;
    const items: ReadItem[] = [];
    let { place } = request;
    let [ bytes, examined ] = [ 0, 0 ];
    for (;;) {
      const count = isSelective ? EXAMINED_STEP : limit - items.length;
      const step = await this.store.listStep(url, place, count, isInbox && !limits?.topics);
      const readable = await this.readableOf(request, step.items);
      for (const item of step.items) {
        if (item.event && item.event.key >= end) {
          return finished(true);
        }
        const content = readable.has(item) ? await this.contentOf(request, item) : undefined;
        if (content) {
          const size = item.event?.bytes ?? content.text?.length ?? 0;
          if (items.length > 0 && bytes + size > maxBytes) {
            return finished(false);
          }
          bytes += size;
          items.push(content);
        }
        ({ place } = item);
        if (items.length === limit) {
          return finished(false);
        }
      }
      ({ place } = step);
      examined += count;
      if (step.isEnd || examined >= MAX_EXAMINED) {
        return finished(step.isEnd);
      }
      charge(count * COSTS.listed / EXAMINED_STEP);
      await nextTimeSlice();
    }

    function finished(isEnd: boolean): ReadItems {
      charge(items.length * COSTS.listed);
      return { items, place, isEnd };
    }
  }

  /** The items that the caller may read. A notification can have its own access control, and so can a topic. */
  private async readableOf(
    { url, pod, caller, byTopic }: ItemsRequest,
    items: readonly ListedItem[],
  ): Promise<ReadonlySet<ListedItem>> {
    const urls = items.flatMap(({ event, name }): string[] => event ? [] : [ `${url}${name}` ]);
    const readable = urls.length > 0 ? await this.access.allowed(caller, urls, 'read') : new Set();
    const topics = [ ...new Set(items.flatMap(({ event }): string[] => event ? [ event.topic ] : [])) ];
    const covered = byTopic ?
      await readableTopics(this.access, caller, pod, topics) :
      new Set(topics.filter((topic): boolean => coversTopic(caller, topic)));
    return new Set(items.filter(({ event, name }): boolean =>
      event ? covered.has(event.topic) : readable.has(`${url}${name}`)));
  }

  private async contentOf(
    { url: container, isLinks, eventsOnly }: ItemsRequest,
    { name, time, event: listed }: ListedItem,
  ): Promise<ReadItem | undefined> {
    const url = `${container}${name}`;
    if (isLinks || (eventsOnly && !listed)) {
      return { url, time };
    }
    if (!listed) {
      const notification = await this.notifications.read(url, MAX_NOTIFICATION_BYTES);
      return notification && { url, time, text: notification.text };
    }
    const event = await this.store.listedEvent(listed.key);
    return event && { url, time, event };
  }
}

function toContent({ url, time, event: listed, text }: ReadItem, forwarders: readonly string[]): ItemContent {
  if (!listed) {
    return { url, time, text };
  }
  const { members, publisher, pod } = listed.event;
  return { url, time, event: { members, forwarders, instrument: publisher ?? `${pod}profile/card#me` }};
}

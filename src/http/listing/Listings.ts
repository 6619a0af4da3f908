import type { Access } from '../../access/ports';
import { charge, COSTS } from '../../access/costs';
import { LIMITS } from '../../event/limits';
import { nextTimeSlice } from '../../event/timeSlices';
import { coversTopic } from '../../access/topicAccess';
import type { Caller } from '../../identity/Caller';
import type { Work } from '../../work/Work';
import type { ItemContent } from './listingItems';
import { WRITE_LISTING } from './listingItems';
import type { InboxNotifications, ListedItem, ListingPlace, ListingStore } from './ports';
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

/** Request for one page. */
export interface PageRequest extends ListedContainer {
  readonly caller: Caller;
  readonly place: ListingPlace;
  readonly limit: number;
  /** Whether items are URLs. */
  readonly isLinks: boolean;
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

  /** Returns the position of a time, in milliseconds since 1970. */
  public async placeAt(time: number): Promise<ListingPlace> {
    return this.store.placeAt(time);
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
    const { items, place, isEnd } = await this.itemsOf(request);
    charge(items.length * COSTS.listed);
    const size = items.reduce((sum, { event, text = '' }): number => sum + (event?.members ?? text).length, 0);
    const contains = request.isLinks ?
      JSON.stringify(items.map(({ url }): string => url)) :
      await this.work.run(WRITE_LISTING, items, { size });
    const next = items.length > 0 || !isEnd ? `"next":${JSON.stringify(formatPlace(place))},` : '';
    return { count: items.length, place, body: `{${next}"contains":${contains}}` };
  }

  private async itemsOf(request: PageRequest): Promise<{ items: ItemContent[]; place: ListingPlace; isEnd: boolean }> {
    const { url, caller: { limits }, limit, isInbox } = request;
    const topics = limits?.topics;
    const items: ItemContent[] = [];
    const forwarders = isInbox && !request.isLinks ?
      [ request.pod, ...await this.store.podsFollowedBy(url, MAX_FORWARDERS) ] :
      [];
    let { place } = request;
    let [ bytes, examined ] = [ 0, 0 ];
    for (;;) {
      const count = topics ? EXAMINED_STEP : limit - items.length;
      const step = await this.store.listStep(url, place, count, isInbox && !topics);
      const readable = await this.readableOf(request, step.items);
      for (const item of step.items) {
        const isListed = item.event ? coversTopic(request.caller, item.event.topic) : readable.has(item.name);
        const content = isListed ? await this.contentOf(request, item, forwarders) : undefined;
        if (content) {
          const size = item.event?.bytes ?? content.text?.length ?? 0;
          if (items.length > 0 && bytes + size > MAX_BYTES && !request.isLinks) {
            return { items, place, isEnd: false };
          }
          bytes += size;
          items.push(content);
        }
        ({ place } = item);
        if (items.length === limit) {
          return { items, place, isEnd: false };
        }
      }
      ({ place } = step);
      examined += count;
      if (step.isEnd || examined >= MAX_EXAMINED) {
        return { items, place, isEnd: step.isEnd };
      }
      charge(count * COSTS.listed / EXAMINED_STEP);
      await nextTimeSlice();
    }
  }

  /** Names of the notifications that the caller may read; each can have its own access control. */
  private async readableOf({ url, caller }: PageRequest, items: readonly ListedItem[]): Promise<ReadonlySet<string>> {
    const urls = items.flatMap(({ event, name }): string[] => event ? [] : [ `${url}${name}` ]);
    const readable = urls.length > 0 ? await this.access.allowed(caller, urls, 'read') : [];
    return new Set([ ...readable ].map((each): string => each.slice(url.length)));
  }

  private async contentOf(
    { url: container, isLinks }: PageRequest,
    { name, time, event: listed }: ListedItem,
    forwarders: readonly string[],
  ): Promise<ItemContent | undefined> {
    const url = `${container}${name}`;
    if (isLinks) {
      return { url, time };
    }
    if (!listed) {
      const notification = await this.notifications.read(url, MAX_NOTIFICATION_BYTES);
      return notification && { url, time, text: notification.text };
    }
    const found = await this.store.listedEvent(listed.key);
    if (!found) {
      return undefined;
    }
    const { members, publisher, pod } = found.event;
    return { url, time, event: { members, forwarders, instrument: publisher ?? `${pod}profile/card#me` }};
  }
}

import type { Event } from '../event/Event';
import { eventClock } from '../event/EventClock';
import type { Subscription } from '../subscription/Subscription';
import type { AcceptedEvent } from '../store/AcceptedEvent';
import type {
  AddedSubscription,
  InboxConsent,
  OtherSubscription,
  RemoteTarget,
  SubscriptionBounds,
  SubscriptionContent,
  SubscriptionStore,
} from '../subscription/ports';
import type { CopyCursor, PodList, Removal, RetentionStore } from '../server/ports';
import type {
  DeliveredEvent,
  UndecidedEvent,
  UnconfirmedConsent,
  FanOutStore,
  ForwardBacklog,
  FanOutStepResult,
  PendingForward,
  ReaderScope,
} from '../delivery/ports';
import type { LogPage, LogPages } from '../http/ldes/ports';
import type { ListedEvent, ListingPlace, ListingStep, ListingStore } from '../http/listing/ports';
import type {
  AccessDependencies,
  ContainerWatches,
  Entry,
  IndexedNotification,
  NotificationIndex,
  OverlayStore,
  PodRegistry,
} from '../pod/ports';
import type { AccessEpochs, FollowerList, FollowerPlace, Followers } from '../access/ports';
import type { WatchedCopy } from '../store/WatchedCopy';
import type { StoredResponse, IdempotencyKey } from '../store/idempotency';
import type { EventLog, IdentifiedEvent, ReceivedEvent, Reception, ReceptionStore } from '../publish/ports';
import type { Openable } from '../store/Openable';
import { StoreUnavailable } from '../store/StoreUnavailable';
import { AccessChanges } from './AccessChanges';
import { confirm } from './consents';
import { fanOutStep } from './copies';
import { getEntry, listEntries, modifiedOf, removeEntry } from './entries';
import { eventOf } from './eventRow';
import { accept, receive } from './events';
import { followersOf } from './followers';
import { forwardBacklog, queueHeads } from './forwards';
import { addFilterDecisions, undecidedEvents } from './filters';
import { findResponse } from './idempotency';
import { findIdentified } from './identities';
import { listedEvent, listStep, placeAt, placeAtEnd, podsFollowedBy } from './listing';
import { logPage, logPageAt } from './logPages';
import { listNotices, removeNotices } from './notices';
import { addNotifications, hasNotification, noteNotification, notificationNames } from './notifications';
import { addDecisions, removeDecisions } from './readerScopes';
import { hasMoreThan, removeEventsBefore, removeEventsBeyond, sweepCopies } from './retention';
import type { SqliteSession } from './SqliteSession';
import {
  addSubscription,
  changeSubscription,
  getSubscription,
  removeSubscription,
  subscriptionsAfter,
} from './subscriptions';

/**
 * Stores events, subscriptions and fan-out queues in one SQLite file.
 *
 * Writes are durable when their promises are fulfilled (write-ahead log, `synchronous=FULL`). Writes of a few turns of
 * the event loop share one flush. Each method is one statement or one transaction; the statements are in the modules of
 * their subjects.
 *
 * @see https://www.sqlite.org/wal.html
 */
export class SqliteEventStore implements
  AccessDependencies, AccessEpochs, ContainerWatches, EventLog, FanOutStore, FollowerList, ListingStore, LogPages,
  NotificationIndex, Openable, OverlayStore, PodList, PodRegistry, ReceptionStore, RetentionStore, SubscriptionStore {
  private readonly db: SqliteSession;
  private readonly accessChanges: AccessChanges;
  private scopes = 0;
  private lastPod = 0;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.db = session;
    this.accessChanges = new AccessChanges(session);
  }

  public async open(): Promise<void> {
    this.db.open();
    try {
      eventClock.startAfter(await this.lastPublished() ?? 0);
    } catch (error: unknown) {
      // A damaged store continues to serve its readable parts.
      if (!(error instanceof StoreUnavailable)) {
        throw error;
      }
    }
  }

  public async close(): Promise<void> {
    this.db.close();
  }

  public async registerPod(pod: string): Promise<void> {
    return this.db.write((): void => {
      this.db.run('UPDATE pods SET registered = 1 WHERE id = ?', this.db.key('pods', 'url', pod));
    });
  }

  public async hasPod(pod: string): Promise<boolean> {
    return this.db.get('SELECT 1 FROM pods WHERE url = ? AND registered = 1', pod) !== undefined;
  }

  public async listPods(after: string, limit: number): Promise<string[]> {
    return this.db.all<{ url: string }>(`
      SELECT url FROM pods WHERE registered = 1 AND url > ? ORDER BY url LIMIT ?
    `, after, limit).map(({ url }): string => url);
  }

  public async assertWritable(timeout: number): Promise<void> {
    return this.db.probe(timeout);
  }

  public async lastPublished(): Promise<number | undefined> {
    return this.db.get<{ published: number }>('SELECT published FROM events WHERE hops = 0 ORDER BY id DESC LIMIT 1')
      ?.published;
  }

  public async epochOf(pod: string): Promise<number | undefined> {
    return this.db.epoch(pod);
  }

  public async raiseEpoch(resource: string): Promise<void> {
    await this.accessChanges.note([ resource ]);
  }

  public async noteDependency(document: string, resource: string): Promise<void> {
    this.accessChanges.noteDependency(document, resource);
  }

  public async raiseDependents(document: string): Promise<void> {
    await this.accessChanges.noteDependents(document);
  }

  public async hasDependents(document: string): Promise<boolean> {
    return this.accessChanges.hasDependents(document);
  }

  public async accept(events: readonly AcceptedEvent[], once?: IdempotencyKey & Pick<StoredResponse, 'result'>): Promise<boolean> {
    const bytes = events.reduce((sum, { event }): number => sum + event.members.length, 0);
    return this.db.write((): boolean => accept(this.db, events, once), { bytes });
  }

  public async findResponse(once: IdempotencyKey): Promise<StoredResponse | undefined> {
    return findResponse(this.db, once, Date.now());
  }

  public async findIdentified(
    pod: string,
    agent: string,
    hashes: readonly string[],
  ): Promise<ReadonlyMap<string, IdentifiedEvent>> {
    return findIdentified(this.db, pod, agent, hashes);
  }

  public async receive(received: ReceivedEvent): Promise<Reception> {
    return this.db.write((): Reception => receive(this.db, received), { bytes: received.event.members.length });
  }

  public async getEntry(container: string, id: string): Promise<Event | undefined> {
    return getEntry(this.db, container, id);
  }

  public async listEntries(container: string, after: number, limit: number): Promise<Entry[]> {
    return listEntries(this.db, container, after, limit);
  }

  public async modifiedOf(container: string): Promise<number | undefined> {
    return modifiedOf(this.db, container);
  }

  public async removeEntry(container: string, id: string): Promise<boolean> {
    return this.db.write((): boolean => removeEntry(this.db, container, id));
  }

  public async listStep(
    container: string,
    place: ListingPlace,
    limit: number,
    withNotifications: boolean,
  ): Promise<ListingStep> {
    return listStep(this.db, container, place, limit, withNotifications);
  }

  public async placeAt(container: string, time: number): Promise<ListingPlace> {
    return placeAt(this.db, container, time);
  }

  public async placeAtEnd(container: string): Promise<ListingPlace> {
    return placeAtEnd(this.db, container);
  }

  public async logPage(container: string, first: number): Promise<LogPage | undefined> {
    return logPage(this.db, container, first);
  }

  public async logPageAt(container: string, event: number): Promise<number | undefined> {
    return logPageAt(this.db, container, event);
  }

  public async listedEvent(key: number): Promise<ListedEvent | undefined> {
    return listedEvent(this.db, key);
  }

  public async podsFollowedBy(inbox: string, limit: number): Promise<string[]> {
    return podsFollowedBy(this.db, inbox, limit);
  }

  public async changes(): Promise<string> {
    return this.db.changes;
  }

  public async noteNotification(inbox: string, name: string, isListed: boolean): Promise<void> {
    if (isListed || hasNotification(this.db, inbox, name)) {
      return this.db.write((): void => noteNotification(this.db, inbox, name, isListed));
    }
  }

  public async notificationNames(inbox: string, after: string, limit: number): Promise<string[]> {
    return notificationNames(this.db, inbox, after, limit);
  }

  public async addNotifications(
    inbox: string,
    notifications: readonly IndexedNotification[],
    isComplete: boolean,
  ): Promise<void> {
    return this.db.write((): void => addNotifications(this.db, inbox, notifications, isComplete));
  }

  public async watch(container: string, watched: boolean): Promise<void> {
    const row = this.db.get<{ watched: number }>('SELECT watched FROM containers WHERE url = ?', container);
    if ((row?.watched === 1) === watched) {
      return;
    }
    return this.db.write((): void => {
      const key = this.db.key('containers', 'url', container);
      this.db.run('UPDATE containers SET watched = ? WHERE id = ?', Number(watched), key);
    });
  }

  public async addSubscription(
    subscription: Subscription,
    bounds?: SubscriptionBounds,
    consent?: InboxConsent,
    target?: RemoteTarget,
  ): Promise<AddedSubscription | OtherSubscription | keyof SubscriptionBounds> {
    return this.db.write((): AddedSubscription | OtherSubscription | keyof SubscriptionBounds =>
      addSubscription(this.db, subscription, bounds, consent, target));
  }

  public async changeSubscription(
    subscription: Subscription,
    former: SubscriptionContent,
    bounds?: SubscriptionBounds,
    consent?: InboxConsent,
    target?: RemoteTarget,
  ): ReturnType<SubscriptionStore['changeSubscription']> {
    return this.db.write((): ReturnType<typeof changeSubscription> =>
      changeSubscription(this.db, subscription, former, bounds, consent, target));
  }

  public async getSubscription(pod: string, id: string): Promise<Subscription | undefined> {
    return getSubscription(this.db, pod, id);
  }

  public async subscriptionsAfter(
    pod: string,
    place: number,
    limit: number,
    agent?: string,
  ): ReturnType<SubscriptionStore['subscriptionsAfter']> {
    return subscriptionsAfter(this.db, pod, place, limit, agent);
  }

  public async removeSubscription(pod: string, id: string): Promise<boolean> {
    return this.db.write((): boolean => removeSubscription(this.db, pod, id));
  }

  public async revisionOf(pod: string): Promise<number | undefined> {
    return this.db.revision(pod);
  }

  public async followersOf(
    pod: string,
    topic: string,
    after: FollowerPlace | undefined,
    limit: number,
  ): Promise<Followers> {
    return followersOf(this.db, pod, topic, after, limit);
  }

  public async pendingForwards(limit: number): Promise<PendingForward[]> {
    const heads = queueHeads(this.db, this.lastPod, limit);
    const wrapped = heads.length < limit ? queueHeads(this.db, 0, limit - heads.length) : [];
    // The wrapped part can repeat pods of the first part.
    const known = new Set(heads.map(({ key }): number => key));
    const pending = [ ...heads, ...wrapped.filter(({ key }): boolean => !known.has(key)) ];
    this.lastPod = pending.at(-1)?.key ?? 0;
    return pending.map(({ pod, topic, event }): PendingForward => ({ pod, topic, event }));
  }

  public async confirm(answers: ReadonlyMap<UnconfirmedConsent, boolean>): Promise<void> {
    return this.db.write((): void => confirm(this.db, answers));
  }

  public async openScope(pod: string): Promise<ReaderScope> {
    this.scopes += 1;
    return { id: this.scopes, epoch: this.db.epoch(pod) ?? 0 };
  }

  // Decisions are in memory and belong to this connection; the write transaction only adds keys of agents.
  public async learn({ id }: ReaderScope, allowed: ReadonlyMap<string, boolean>): Promise<void> {
    return this.db.write((): void => addDecisions(this.db, id, allowed));
  }

  public async closeScope({ id }: ReaderScope): Promise<void> {
    removeDecisions(this.db, id);
  }

  public async undecided(forward: PendingForward): Promise<UndecidedEvent[]> {
    return undecidedEvents(this.db, forward);
  }

  public async eventOf(event: number): Promise<DeliveredEvent | undefined> {
    return eventOf(this.db, event);
  }

  // Decisions are in memory and belong to this connection.
  public async decide(
    forward: Pick<PendingForward, 'pod' | 'event'>,
    matches: ReadonlyMap<number, boolean>,
  ): Promise<void> {
    addFilterDecisions(this.db, forward, matches);
  }

  public async fanOutStep(
    forward: PendingForward,
    scope: ReaderScope,
    limit: number,
    passDoubts = false,
    now = Date.now(),
  ): Promise<FanOutStepResult> {
    await this.accessChanges.settle();
    return this.db.write((): FanOutStepResult => fanOutStep(this.db, forward, scope, limit, passDoubts, now));
  }

  public async listNotices(limit: number): Promise<WatchedCopy[]> {
    return listNotices(this.db, limit);
  }

  public async removeNotices(copies: readonly WatchedCopy[]): Promise<void> {
    return this.db.write((): void => removeNotices(this.db, copies));
  }

  public async forwardBacklog(limit: number): Promise<ForwardBacklog> {
    return forwardBacklog(this.db, limit);
  }

  public async removeEventsBefore(moment: number, after: number, limit: number): Promise<Removal> {
    return this.db.write((): Removal => removeEventsBefore(this.db, moment, after, limit));
  }

  public async removeEventsBeyond(pod: string, most: number, after: number, limit: number): Promise<Removal> {
    // The read comes first, because most pods have no events to remove.
    return hasMoreThan(this.db, pod, most) ?
      this.db.write((): Removal => removeEventsBeyond(this.db, pod, most, after, limit)) :
      { removed: 0 };
  }

  public async sweepCopies(after: CopyCursor, limit: number): Promise<CopyCursor | undefined> {
    return this.db.write((): CopyCursor | undefined => sweepCopies(this.db, after, limit));
  }
}

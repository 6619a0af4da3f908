import { parse, stringify } from 'uuid';
import type { Event } from '../event/Event';
import { eventClock } from '../event/EventClock';
import type { Subscription } from '../subscription/Subscription';
import type { AcceptedEvent } from '../store/AcceptedEvent';
import type { AddedSubscription, InboxConsent, RemoteTarget, SubscriptionBounds, SubscriptionStore } from '../subscription/ports';
import type { CopyPlace, PodList, Removal, RetentionStore } from '../server/ports';
import type {
  UnconfirmedConsent,
  FanOutStore,
  ForwardBacklog,
  FanOutStepResult,
  OldForward,
  PendingForward,
  ReaderScope,
} from '../delivery/ports';
import type { AccessDependencies, ContainerWatches, Entry, OverlayStore, PodRegistry } from '../pod/ports';
import type { AccessEpochs, FollowerList, FollowerPlace, Followers } from '../access/ports';
import type { WatchedCopy } from '../store/WatchedCopy';
import type { StoredResponse, IdempotencyKey } from '../store/idempotency';
import type { EventLog, ReceivedEvent, Reception, ReceptionStore } from '../publish/ports';
import type { Openable } from '../store/Openable';
import { StorageFull } from '../store/StorageFull';
import { StoreUnavailable } from '../store/StoreUnavailable';
import { containersOf } from '../url/containers';
import { AccessChanges } from './accessChanges';
import { accept, receive } from './events';
import { setTarget } from './deliveries';
import type { EventRow } from './eventRow';
import { EVENTS, toEvent } from './eventRow';
import { followersOf } from './followers';
import { land } from './copies';
import { findResponse } from './idempotency';
import { hasMoreThan, removeEventsBefore, removeEventsBeyond, sweepCopies } from './retention';
import type { SqliteSession } from './SqliteSession';

interface SubscriptionRow {
  id: number;
  uuid: Buffer;
  pod: string;
  pattern: string;
  inbox: string;
  agent: string;
  created: number;
  kind: string | null;
  url: string | null;
  disabled: number | null;
}

const selectFrom = (source: string, alias: string): string => `
  SELECT ${alias}.id, ${alias}.uuid, p.url AS pod, ${alias}.pattern, c.url AS inbox, a.webid AS agent, ${alias}.created,
    t.kind, t.url, t.disabled
  FROM ${source} ${alias} JOIN pods p ON p.id = ${alias}.pod JOIN containers c ON c.id = ${alias}.inbox
  JOIN agents a ON a.id = ${alias}.agent LEFT JOIN targets t ON t.id = ${alias}.target
`;
const SUBSCRIPTIONS = selectFrom('subscriptions', 's');

/** A page is selected by an index in the order of its ids before anything is joined, so it costs what it shows. */
const pageOf = (index: string, condition: string): string => `${selectFrom(`(
  SELECT * FROM subscriptions INDEXED BY ${index}
  WHERE pod = (SELECT id FROM pods WHERE url = ?) AND id > ? ${condition} ORDER BY id LIMIT ?
)`, 'few')} ORDER BY few.id`;
const PAGE_OF_POD = pageOf('subscriptions_of_pod', '');
const PAGE_OF_AGENT = pageOf('subscriptions_by_agent', 'AND agent = (SELECT id FROM agents WHERE webid = ?)');

/**
 * Keeps events in one SQLite file, without any service beside it.
 *
 * Writes are durable when they are acknowledged (write-ahead log, `synchronous=FULL`);
 * those of one turn of the event loop share one flush.
 *
 * @see https://www.sqlite.org/wal.html
 */
export class SqliteEventStore implements
  AccessDependencies, AccessEpochs, ContainerWatches, EventLog, FanOutStore, FollowerList, Openable, OverlayStore,
  PodList, PodRegistry, ReceptionStore, RetentionStore, SubscriptionStore {
  private readonly db: SqliteSession;
  private readonly changes: AccessChanges;
  private scopes = 0;
  private lastPod = 0;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.db = session;
    this.changes = new AccessChanges(session);
  }

  public async open(): Promise<void> {
    this.db.open();
    try {
      eventClock.startAfter(await this.lastPublished() ?? 0);
    } catch (error: unknown) {
      // What else can be read of a damaged store is served.
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
      this.db.run('UPDATE pods SET registered = 1 WHERE id = ?', this.podKey(pod));
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
    await this.changes.note([ resource ]);
  }

  public async noteDependency(document: string, resource: string): Promise<void> {
    const pods = this.db.all<{ url: string }>(`
      SELECT url FROM pods WHERE url IN (SELECT value FROM json_each(?))
    `, JSON.stringify(containersOf(resource)));
    if (pods.length === 0) {
      return;
    }
    const pod = pods.map(({ url }): string => url)
      .reduce((one, other): string => other.length > one.length ? other : one);
    const place = [ document, pod ];
    if (!this.db.get('SELECT 1 FROM dependencies WHERE document = ? AND resource = ?', ...place)) {
      try {
        this.db.writeNow((): void => {
          this.db.run('INSERT OR IGNORE INTO dependencies (document, resource) VALUES (?, ?)', ...place);
        });
      } catch (error: unknown) {
        if (!(error instanceof StoreUnavailable || error instanceof StorageFull)) {
          throw error;
        }
        // Whoever reads now is answered, but the answer is not kept: its epoch, read before, is none any more.
        this.db.loseEpochs();
      }
    }
  }

  public async raiseDependents(document: string): Promise<void> {
    await this.changes.noteDependents(document);
  }

  public async hasDependents(document: string): Promise<boolean> {
    return this.changes.hasDependents(document);
  }

  public async accept(events: readonly AcceptedEvent[], once?: IdempotencyKey & Pick<StoredResponse, 'result'>): Promise<boolean> {
    const bytes = events.reduce((sum, { event }): number => sum + event.members.length, 0);
    return this.db.write((): boolean => accept(this.db, events, once), { bytes });
  }

  public async findResponse(once: IdempotencyKey): Promise<StoredResponse | undefined> {
    return findResponse(this.db, once, Date.now());
  }

  public async receive(received: ReceivedEvent): Promise<Reception> {
    return this.db.write((): Reception => receive(this.db, received), { bytes: received.event.members.length });
  }

  public async getEntry(container: string, id: string): Promise<Event | undefined> {
    const row = this.db.get<EventRow>(`
      ${EVENTS} WHERE e.uuid = ? AND EXISTS (
        SELECT 1 FROM entries n JOIN containers c ON c.id = n.container WHERE c.url = ? AND c.gone = 0 AND n.event = e.id
      )
    `, parse(id), container);
    return row && toEvent(row);
  }

  public async listEntries(container: string, after: number, limit: number): Promise<Entry[]> {
    return this.db.all<{ uuid: Buffer; event: number; published: number; bytes: number }>(`
      SELECT e.uuid, e.id AS event, e.published, e.bytes
      FROM containers c CROSS JOIN entries n ON n.container = c.id CROSS JOIN events e ON e.id = n.event
      WHERE c.url = ? AND c.gone = 0 AND n.event > ? ORDER BY n.event LIMIT ?
    `, container, after, limit)
      .map(({ uuid, ...entry }): Entry => ({ ...entry, id: stringify(uuid) }));
  }

  public async modifiedOf(container: string): Promise<number | undefined> {
    const row = this.db.get<{ modified: number | null }>('SELECT modified FROM containers WHERE url = ?', container);
    return row?.modified ?? undefined;
  }

  public async removeEntry(container: string, id: string): Promise<boolean> {
    return this.db.write((): boolean => {
      const row = this.db.get<{ event: number; container: number }>(`
        SELECT n.event, n.container FROM events e CROSS JOIN containers c CROSS JOIN entries n
        WHERE e.uuid = ? AND c.url = ? AND n.container = c.id AND n.event = e.id
      `, parse(id), container);
      if (!row) {
        return false;
      }
      this.db.run('DELETE FROM entries WHERE container = ? AND event = ?', row.container, row.event);
      this.db.run(`
        INSERT OR IGNORE INTO removed (event, container)
        SELECT event, ? FROM forwards WHERE event = ? LIMIT 1
      `, row.container, row.event);
      this.db.touch(row.container);
      return true;
    });
  }

  public async watch(container: string, watched: boolean): Promise<void> {
    const row = this.db.get<{ watched: number }>('SELECT watched FROM containers WHERE url = ?', container);
    if ((row?.watched === 1) === watched) {
      return;
    }
    return this.db.write((): void => {
      this.db.run('UPDATE containers SET watched = ? WHERE id = ?', Number(watched), this.containerKey(container));
    });
  }

  public async addSubscription(
    { id, pod, pattern, url, agent, created }: Subscription,
    bounds?: SubscriptionBounds,
    consent?: InboxConsent,
    target?: RemoteTarget,
  ): Promise<AddedSubscription | keyof SubscriptionBounds> {
    return this.db.write((): AddedSubscription | keyof SubscriptionBounds => {
      // Targets that are not containers have names in the table of containers that no container has.
      const place = target && !target.isContainer ? `${target.kind} ${url}` : url;
      const keys = [ this.podKey(pod), pattern, this.containerKey(place), this.agentKey(agent) ];
      const same = 'pod = ? AND pattern = ? AND inbox = ? AND agent = ?';
      let row = this.db.get<{ id: number }>(`SELECT id FROM subscriptions WHERE ${same}`, ...keys);
      if (!row) {
        const reached = bounds && this.reached(bounds, keys[0] as number, keys[3] as number);
        if (reached) {
          return reached;
        }
        row = this.db.get<{ id: number }>(`
          INSERT INTO subscriptions (pod, pattern, inbox, agent, uuid, created) VALUES (?, ?, ?, ?, ?, ?) RETURNING id
        `, ...keys, parse(id), created)!;
      }
      if (consent) {
        this.db.run('DELETE FROM doubts WHERE subscription = ?', row.id);
        if (this.db.epoch(consent.pod) !== consent.epoch) {
          this.db.run('INSERT INTO doubts (subscription, pod, mark) VALUES (?, ?, hex(randomblob(8)))', row.id, keys[0]);
        }
      }
      const change = target && setTarget(this.db, row.id, { ...target, url, agent: keys[3] as number });
      const subscription = toSubscription(this.db.get<SubscriptionRow>(`${SUBSCRIPTIONS} WHERE s.id = ?`, row.id)!);
      return { subscription, isResumed: false, isSecretNew: false, ...change };
    });
  }

  /** The bound that no further subscription fits in; counts no further than the bound. */
  private reached(
    { ofAgent, ofPod }: SubscriptionBounds,
    pod: number,
    agent: number,
  ): keyof SubscriptionBounds | undefined {
    const has = (column: string, key: number, most: number): boolean =>
      this.db.get(`SELECT 1 FROM subscriptions WHERE ${column} = ? LIMIT 1 OFFSET ?`, key, most - 1) !== undefined;
    if (has('agent', agent, ofAgent)) {
      return 'ofAgent';
    }
    return has('pod', pod, ofPod) ? 'ofPod' : undefined;
  }

  public async getSubscription(pod: string, id: string): Promise<Subscription | undefined> {
    const row = this.db.get<SubscriptionRow>(`${SUBSCRIPTIONS} WHERE s.uuid = ? AND p.url = ?`, parse(id), pod);
    return row && toSubscription(row);
  }

  public async subscriptionsAfter(
    pod: string,
    place: number,
    limit: number,
    agent?: string,
  ): ReturnType<SubscriptionStore['subscriptionsAfter']> {
    // One more than asked for tells whether there is a next page.
    const rows = agent === undefined ?
      this.db.all<SubscriptionRow>(PAGE_OF_POD, pod, place, limit + 1) :
      this.db.all<SubscriptionRow>(PAGE_OF_AGENT, pod, place, agent, limit + 1);
    const page = rows.slice(0, limit);
    return {
      items: page.map(toSubscription),
      ...rows.length > limit && { next: page.at(-1)!.id },
    };
  }

  public async removeSubscription(pod: string, id: string): Promise<boolean> {
    return this.db.write((): boolean => {
      const row = this.db.get<{ id: number }>(`
        SELECT id FROM subscriptions WHERE uuid = ? AND pod = (SELECT id FROM pods WHERE url = ?)
      `, parse(id), pod);
      if (!row) {
        return false;
      }
      this.db.run('DELETE FROM doubts WHERE subscription = ?', row.id);
      this.db.run('DELETE FROM subscriptions WHERE id = ?', row.id);
      return true;
    });
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
    const behind = this.pendingAfter(this.lastPod, limit);
    const before = behind.length < limit ? this.pendingAfter(0, limit - behind.length) : [];
    // Those that were wrapped around to may be some of the first ones again.
    const seen = new Set(behind.map(({ key }): number => key));
    const pending = [ ...behind, ...before.filter(({ key }): boolean => !seen.has(key)) ];
    this.lastPod = pending.at(-1)?.key ?? 0;
    return pending.map(({ pod, topic, event }): PendingForward => ({ pod, topic, event }));
  }

  /** Skips from pod to pod, so that it costs nothing how much waits behind the first event of each. */
  private pendingAfter(pod: number, limit: number): (PendingForward & { key: number })[] {
    return this.db.all(`
      WITH RECURSIVE waiting (pod) AS (
        SELECT MIN(pod) FROM forwards WHERE pod > ?
        UNION ALL
        SELECT (SELECT MIN(f.pod) FROM forwards f WHERE f.pod > w.pod) FROM waiting w WHERE w.pod IS NOT NULL
        LIMIT ?
      )
      SELECT w.pod AS key, p.url AS pod, e.topic, e.id AS event
      FROM waiting w CROSS JOIN pods p CROSS JOIN events e
      WHERE p.id = w.pod AND p.ended IS NULL AND e.id = (SELECT MIN(f.event) FROM forwards f WHERE f.pod = w.pod)
    `, pod, limit);
  }

  public async confirm(answers: ReadonlyMap<UnconfirmedConsent, boolean>): Promise<void> {
    return this.db.write((): void => {
      for (const [{ subscription, mark }, controls ] of answers) {
        this.db.run(
          controls ?
            'DELETE FROM doubts WHERE subscription = ? AND mark = ?' :
            'UPDATE doubts SET refused = 1 WHERE subscription = ? AND mark = ?',
          subscription,
          mark,
        );
      }
    });
  }

  public async openScope(pod: string): Promise<ReaderScope> {
    this.scopes += 1;
    return { id: this.scopes, epoch: this.db.epoch(pod) ?? 0 };
  }

  // The answers lie in memory, and belong to this connection; only the keys of agents are written.
  public async learn({ id }: ReaderScope, allowed: ReadonlyMap<string, boolean>): Promise<void> {
    return this.db.write((): void => {
      for (const [ agent, may ] of allowed) {
        const parameters = [ id, this.agentKey(agent), Number(may) ];
        this.db.run('INSERT OR REPLACE INTO temp.readers (scope, agent, allowed) VALUES (?, ?, ?)', ...parameters);
      }
    });
  }

  public async closeScope({ id }: ReaderScope): Promise<void> {
    this.db.run('DELETE FROM temp.readers WHERE scope = ?', id);
  }

  public async fanOutStep(
    forward: PendingForward,
    scope: ReaderScope,
    limit: number,
    passDoubts = false,
    now = Date.now(),
  ): Promise<FanOutStepResult> {
    await this.changes.settle();
    return this.db.write((): FanOutStepResult => land(this.db, forward, scope, limit, passDoubts, now));
  }

  public async listNotices(limit: number): Promise<WatchedCopy[]> {
    return this.db.all<WatchedCopy>('SELECT id AS notice, container, copy FROM notices ORDER BY id LIMIT ?', limit);
  }

  public async removeNotices(copies: readonly WatchedCopy[]): Promise<void> {
    return this.db.write((): void => copies.forEach(({ notice }): void => {
      this.db.run('DELETE FROM notices WHERE id = ?', notice);
    }));
  }

  public async forwardBacklog(limit: number): Promise<ForwardBacklog> {
    const rows = this.db.all<{ pod: string; since: number | null }>(`
      SELECT p.url AS pod, f.since FROM forwards f CROSS JOIN pods p WHERE p.id = f.pod ORDER BY f.event LIMIT 100
    `);
    const { count } = this.db.get<{ count: number }>(`
      SELECT COUNT(*) AS count FROM (SELECT 1 FROM forwards LIMIT ?)
    `, limit)!;
    return { waiting: count, oldest: rows.map(({ pod, since }): OldForward => ({ pod, since: since ?? undefined })) };
  }

  public async removeEventsBefore(moment: number, after: number, limit: number): Promise<Removal> {
    return this.db.write((): Removal => removeEventsBefore(this.db, moment, after, limit));
  }

  public async removeEventsBeyond(pod: string, most: number, after: number, limit: number): Promise<Removal> {
    // Read first, for most pods have none to remove.
    return hasMoreThan(this.db, pod, most) ?
      this.db.write((): Removal => removeEventsBeyond(this.db, pod, most, after, limit)) :
      { removed: 0 };
  }

  public async sweepCopies(after: CopyPlace, limit: number): Promise<CopyPlace | undefined> {
    return this.db.write((): CopyPlace | undefined => sweepCopies(this.db, after, limit));
  }

  private podKey(url: string): number {
    return this.db.key('pods', 'url', url);
  }

  private containerKey(url: string): number {
    return this.db.key('containers', 'url', url);
  }

  private agentKey(webId: string): number {
    return this.db.key('agents', 'webid', webId);
  }
}

function toSubscription(row: SubscriptionRow): Subscription {
  const { uuid, pod, pattern, agent, created, kind, url, disabled, inbox } = row;
  return {
    id: stringify(uuid),
    pod,
    pattern,
    agent,
    created,
    ...kind === null ? { url: inbox } : { kind, url: url! },
    ...disabled !== null && { isDisabled: true },
  };
}

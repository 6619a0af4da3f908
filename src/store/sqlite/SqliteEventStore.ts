import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import DatabaseConstructor from 'better-sqlite3';
import { parse, stringify } from 'uuid';
import type { Event } from '../../event/Event';
import { eventDocument } from '../../event/Event';
import { parseTopic } from '../../event/Topic';
import type { Subscription } from '../../subscription/Subscription';
import { patternsOf } from '../../subscription/TopicPattern';
import type {
  AcceptedEvent,
  Entry,
  EventStore,
  LandedCopy,
  LandResult,
  PendingForward,
  ReaderScope,
} from '../EventStore';
import { CommitQueue } from './CommitQueue';
import { migrate } from './schema';

/** The name by which SQLite knows a database without a file. */
export const IN_MEMORY = ':memory:';

interface Connection {
  readonly db: Database;
  readonly commits: CommitQueue;
  readonly statements: Map<string, Statement>;
}
interface EventRow extends Omit<Event, 'id' | 'publisher'> { uuid: Buffer; publisher: string | null }
interface SubscriptionRow extends Omit<Subscription, 'id'> { uuid: Buffer }
interface ForwardRow {
  readonly pod: number;
  readonly event: number;
  readonly topic: string;
  /** The pod's own inbox, until it has its copy. */
  readonly inbox: number | null;
  /** The pattern that is being walked, as its place among all that match. */
  readonly pattern: number;
  /** The last inbox of that pattern that was reached. */
  readonly after: number;
}

const SUBSCRIPTIONS = `
  SELECT s.uuid, p.url AS pod, s.pattern, c.url AS inbox, a.webid AS agent, s.created
  FROM subscriptions s JOIN pods p ON p.id = s.pod JOIN containers c ON c.id = s.inbox JOIN agents a ON a.id = s.agent
`;
// The subscriptions that one step looks at; its parameters are pod, pattern, and the inboxes it lies between.
const STEP = 's.pod = ? AND s.pattern = ? AND s.inbox > ? AND s.inbox <= ?';

/**
 * Keeps events in one SQLite file, without any service beside it.
 *
 * Writes are durable when they are acknowledged (write-ahead log, `synchronous=FULL`);
 * those of one turn of the event loop share one flush.
 *
 * @see https://www.sqlite.org/wal.html
 */
export class SqliteEventStore implements EventStore {
  private readonly path: string;
  private connection?: Connection;
  private closed = false;
  private scopes = 0;
  private lastPod = 0;

  /**
   * @param folder - The folder of the pods' data, in which `.events/events.sqlite` is made if it does not exist,
   *                 or `:memory:` for a store that ends with the process.
   */
  public constructor(folder: string) {
    this.path = folder === IN_MEMORY ? IN_MEMORY : join(folder, '.events', 'events.sqlite');
  }

  public async open(): Promise<void> {
    this.closed = false;
    this.connect();
  }

  public async close(): Promise<void> {
    this.closed = true;
    this.connection?.commits.drain();
    this.connection?.db.close();
    this.connection = undefined;
  }

  public async registerPod(pod: string): Promise<void> {
    return this.connect().commits.add((): void => {
      this.run('UPDATE pods SET registered = 1 WHERE id = ?', this.podKey(pod));
    });
  }

  public async hasPod(pod: string): Promise<boolean> {
    return this.get('SELECT 1 FROM pods WHERE url = ? AND registered = 1', pod) !== undefined;
  }

  public async listPods(): Promise<string[]> {
    return this.all<{ url: string }>('SELECT url FROM pods WHERE registered = 1 ORDER BY url')
      .map(({ url }): string => url);
  }

  public async epochOf(pod: string): Promise<number> {
    return this.epoch(pod);
  }

  // Not queued: whoever changes access must find the change in force before anything else is written.
  public async raiseEpoch(pod?: string): Promise<void> {
    if (pod === undefined) {
      this.run('UPDATE pods SET epoch = epoch + 1');
      return;
    }
    this.run('INSERT INTO pods (url, epoch) VALUES (?, 1) ON CONFLICT (url) DO UPDATE SET epoch = epoch + 1', pod);
  }

  public async accept(events: readonly AcceptedEvent[]): Promise<void> {
    return this.connect().commits.add((): void => {
      const containers = new Set<number>();
      for (const accepted of events) {
        containers.add(this.insertEvent(accepted));
      }
      for (const container of containers) {
        this.touch(container);
      }
    });
  }

  public async getEntry(container: string, id: string): Promise<Event | undefined> {
    const row = this.get<EventRow>(`
      SELECT e.uuid, p.url AS pod, e.topic, a.webid AS publisher, e.published, x.text AS context, e.members
      FROM events e JOIN pods p ON p.id = e.pod JOIN contexts x ON x.id = e.context LEFT JOIN agents a ON a.id = e.publisher
      WHERE e.uuid = ? AND EXISTS (
        SELECT 1 FROM entries n JOIN containers c ON c.id = n.container WHERE c.url = ? AND n.event = e.id
      )
    `, parse(id), container);
    return row && toEvent(row);
  }

  public async listEntries(container: string, after: number, limit: number): Promise<Entry[]> {
    return this.all<{ uuid: Buffer; event: number; published: number; bytes: number }>(`
      SELECT e.uuid, e.id AS event, e.published, e.bytes
      FROM containers c CROSS JOIN entries n ON n.container = c.id CROSS JOIN events e ON e.id = n.event
      WHERE c.url = ? AND n.event > ? ORDER BY n.event LIMIT ?
    `, container, after, limit)
      .map(({ uuid, ...entry }): Entry => ({ ...entry, id: stringify(uuid) }));
  }

  public async modifiedOf(container: string): Promise<number | undefined> {
    const row = this.get<{ modified: number | null }>('SELECT modified FROM containers WHERE url = ?', container);
    return row?.modified ?? undefined;
  }

  public async removeEntry(container: string, id: string): Promise<boolean> {
    return this.connect().commits.add((): boolean => {
      const row = this.get<{ event: number; container: number }>(`
        SELECT n.event, n.container FROM events e CROSS JOIN containers c CROSS JOIN entries n
        WHERE e.uuid = ? AND c.url = ? AND n.container = c.id AND n.event = e.id
      `, parse(id), container);
      if (!row) {
        return false;
      }
      this.run('DELETE FROM entries WHERE container = ? AND event = ?', row.container, row.event);
      this.run(`
        INSERT OR IGNORE INTO removed (event, container)
        SELECT event, ? FROM forwards WHERE event = ? LIMIT 1
      `, row.container, row.event);
      this.touch(row.container);
      return true;
    });
  }

  public async watch(container: string, watched: boolean): Promise<void> {
    return this.connect().commits.add((): void => {
      this.run('UPDATE containers SET watched = ? WHERE id = ?', Number(watched), this.containerKey(container));
    });
  }

  public async addSubscription(subscription: Subscription): Promise<Subscription> {
    return this.connect().commits.add((): Subscription => {
      const { id, pod, pattern, inbox, agent, created } = subscription;
      const keys = [ this.podKey(pod), pattern, this.containerKey(inbox), this.agentKey(agent) ];
      this.run(`
        INSERT OR IGNORE INTO subscriptions (pod, pattern, inbox, agent, uuid, created) VALUES (?, ?, ?, ?, ?, ?)
      `, ...keys, parse(id), created);
      return toSubscription(this.get<SubscriptionRow>(
        `${SUBSCRIPTIONS} WHERE s.pod = ? AND s.pattern = ? AND s.inbox = ? AND s.agent = ?`,
        ...keys,
      )!);
    });
  }

  public async getSubscription(pod: string, id: string): Promise<Subscription | undefined> {
    const row = this.get<SubscriptionRow>(`${SUBSCRIPTIONS} WHERE s.uuid = ? AND p.url = ?`, parse(id), pod);
    return row && toSubscription(row);
  }

  public async listSubscriptions(pod: string, agent?: string): Promise<Subscription[]> {
    const rows = agent === undefined ?
      this.all<SubscriptionRow>(`${SUBSCRIPTIONS} WHERE p.url = ? ORDER BY s.id`, pod) :
      this.all<SubscriptionRow>(`${SUBSCRIPTIONS} WHERE p.url = ? AND a.webid = ? ORDER BY s.id`, pod, agent);
    return rows.map(toSubscription);
  }

  public async removeSubscription(pod: string, id: string): Promise<boolean> {
    return this.connect().commits.add((): boolean => this.run(
      'DELETE FROM subscriptions WHERE uuid = ? AND pod = (SELECT id FROM pods WHERE url = ?)',
      parse(id),
      pod,
    ).changes > 0);
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
    return this.all(`
      WITH RECURSIVE waiting (pod) AS (
        SELECT MIN(pod) FROM forwards WHERE pod > ?
        UNION ALL
        SELECT (SELECT MIN(f.pod) FROM forwards f WHERE f.pod > w.pod) FROM waiting w WHERE w.pod IS NOT NULL
        LIMIT ?
      )
      SELECT w.pod AS key, p.url AS pod, e.topic, e.id AS event
      FROM waiting w CROSS JOIN pods p CROSS JOIN events e
      WHERE p.id = w.pod AND e.id = (SELECT MIN(f.event) FROM forwards f WHERE f.pod = w.pod)
    `, pod, limit);
  }

  public async openScope(pod: string): Promise<ReaderScope> {
    this.scopes += 1;
    return { id: this.scopes, epoch: this.epoch(pod) };
  }

  // Not queued: the answers lie in memory, and belong to this connection.
  public async learn({ id }: ReaderScope, allowed: ReadonlyMap<string, boolean>): Promise<void> {
    this.connect().db.transaction((): void => {
      for (const [ agent, may ] of allowed) {
        const parameters = [ id, this.agentKey(agent), Number(may) ];
        this.run('INSERT OR REPLACE INTO temp.readers (scope, agent, allowed) VALUES (?, ?, ?)', ...parameters);
      }
    })();
  }

  public async closeScope({ id }: ReaderScope): Promise<void> {
    this.run('DELETE FROM temp.readers WHERE scope = ?', id);
  }

  public async land(forward: PendingForward, scope: ReaderScope, limit: number): Promise<LandResult> {
    return this.connect().commits.add((): LandResult => {
      if (this.epoch(forward.pod) !== scope.epoch) {
        return { outcome: 'stale', unknown: [], watched: []};
      }
      const row = this.get<ForwardRow>(`
        SELECT f.pod, f.event, f.inbox, f.pattern, f.after, e.topic
        FROM forwards f JOIN pods p ON p.id = f.pod JOIN events e ON e.id = f.event WHERE p.url = ? AND f.event = ?
      `, forward.pod, forward.event);
      if (!row) {
        return { outcome: 'done', unknown: [], watched: []};
      }
      const watched = row.inbox === null ? [] : this.landOwn(row, row.inbox);
      return this.landSubscriptions(row, scope, limit, watched);
    });
  }

  /** The copy in the pod's own inbox, which needs nobody's leave. */
  private landOwn({ pod, event }: ForwardRow, inbox: number): LandedCopy[] {
    const { changes } = this.run(`
      INSERT OR IGNORE INTO entries (container, event)
      SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM removed WHERE container = ? AND event = ?)
    `, inbox, event, inbox, event);
    this.run('UPDATE forwards SET inbox = NULL WHERE pod = ? AND event = ?', pod, event);
    if (changes === 0) {
      return [];
    }
    this.touch(inbox);
    return this.watchedBetween(event, inbox - 1, inbox);
  }

  /** The copies of the next subscriptions, one pattern after the other. */
  private landSubscriptions(row: ForwardRow, scope: ReaderScope, limit: number, watched: LandedCopy[]): LandResult {
    const { pod, event, topic } = row;
    const patterns = patternsOf(parseTopic(topic));
    let { pattern, after } = row;
    let rest = limit;
    while (pattern < patterns.length && rest > 0) {
      const step = this.nextStep(pod, patterns[pattern], after, rest);
      if (!step) {
        pattern += 1;
        after = 0;
        continue;
      }
      const range = [ pod, patterns[pattern], after, step.to ];
      const unknown = this.unknownReaders(range, scope);
      if (unknown.length > 0) {
        this.run('UPDATE forwards SET pattern = ?, after = ? WHERE pod = ? AND event = ?', pattern, after, pod, event);
        return { outcome: 'unknown', unknown, watched };
      }
      if (this.copy(event, range, scope) > 0) {
        watched.push(...this.watchedBetween(event, after, step.to));
      }
      after = step.to;
      rest -= step.subscriptions;
    }
    if (pattern < patterns.length) {
      this.run('UPDATE forwards SET pattern = ?, after = ? WHERE pod = ? AND event = ?', pattern, after, pod, event);
      return { outcome: 'more', unknown: [], watched };
    }
    this.finishForward(pod, event);
    return { outcome: 'done', unknown: [], watched };
  }

  /** The agents of a range of subscriptions of whom it is not known if they may receive. */
  private unknownReaders(range: readonly unknown[], { id }: ReaderScope): string[] {
    return this.all<{ webid: string }>(`
      SELECT DISTINCT a.webid FROM subscriptions s JOIN agents a ON a.id = s.agent
      WHERE ${STEP} AND NOT EXISTS (SELECT 1 FROM temp.readers r WHERE r.scope = ? AND r.agent = s.agent)
    `, ...range, id).map(({ webid }): string => webid);
  }

  /** Writes the copies for a range of subscriptions; returns how many were written. */
  private copy(event: number, range: readonly unknown[], { id }: ReaderScope): number {
    const { changes } = this.run(`
      INSERT OR IGNORE INTO entries (container, event)
      SELECT s.inbox, ? FROM subscriptions s CROSS JOIN temp.readers r
      WHERE ${STEP} AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1
      AND NOT EXISTS (SELECT 1 FROM removed x WHERE x.event = ? AND x.container = s.inbox)
    `, event, ...range, id, event);
    if (changes > 0) {
      this.run(`
        UPDATE containers SET modified = MAX(IFNULL(modified, 0) + 1, ?)
        WHERE id IN (SELECT s.inbox FROM subscriptions s CROSS JOIN temp.readers r
          WHERE ${STEP} AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1)
      `, Date.now(), ...range, id);
    }
    return changes;
  }

  /** Up to which inbox the next `limit` subscriptions go, and how many they are; `undefined` if there are none. */
  private nextStep(
    pod: number,
    pattern: string,
    after: number,
    limit: number,
  ): { to: number; subscriptions: number } | undefined {
    const behind = 'FROM subscriptions WHERE pod = ? AND pattern = ? AND inbox > ?';
    const full = this.get<{ inbox: number }>(
      `SELECT inbox ${behind} ORDER BY inbox LIMIT 1 OFFSET ?`,
      pod,
      pattern,
      after,
      limit - 1,
    );
    if (full) {
      return { to: full.inbox, subscriptions: limit };
    }
    const { to, subscriptions } = this.get<{ to: number | null; subscriptions: number }>(
      `SELECT MAX(inbox) AS "to", COUNT(*) AS subscriptions ${behind}`,
      pod,
      pattern,
      after,
    )!;
    return to === null ? undefined : { to, subscriptions };
  }

  private finishForward(pod: number, event: number): void {
    this.run('DELETE FROM forwards WHERE pod = ? AND event = ?', pod, event);
    if (!this.get('SELECT 1 FROM forwards WHERE event = ?', event)) {
      this.run('DELETE FROM removed WHERE event = ?', event);
    }
  }

  /** The copies of an event in watched containers whose keys lie in a range. */
  private watchedBetween(event: number, from: number, to: number): LandedCopy[] {
    return this.all<{ url: string; uuid: Buffer }>(`
      SELECT c.url, e.uuid FROM containers c CROSS JOIN entries n CROSS JOIN events e
      WHERE c.watched = 1 AND c.id > ? AND c.id <= ? AND n.container = c.id AND n.event = ? AND e.id = n.event
    `, from, to, event)
      .map(({ url, uuid }): LandedCopy => ({ container: url, copy: `${url}${stringify(uuid)}` }));
  }

  /** Stores an event with its forwards; returns the key of its container. */
  private insertEvent({ event, forwards }: AcceptedEvent): number {
    const pod = this.podKey(event.pod);
    const { lastInsertRowid } = this.run(
      `
      INSERT INTO events (uuid, pod, topic, publisher, published, context, members, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    `,
      parse(event.id),
      pod,
      event.topic,
      event.publisher === undefined ? null : this.agentKey(event.publisher),
      event.published,
      this.key('contexts', 'text', event.context),
      event.members,
      Buffer.byteLength(eventDocument(event)),
    );
    const container = this.containerKey(`${event.pod}publish/`);
    this.run('INSERT INTO entries (container, event) VALUES (?, ?)', container, lastInsertRowid);
    for (const forward of forwards) {
      this.run(
        'INSERT INTO forwards (pod, event, inbox) VALUES (?, ?, ?)',
        this.podKey(forward.pod),
        lastInsertRowid,
        forward.inbox === undefined ? null : this.containerKey(forward.inbox),
      );
    }
    return container;
  }

  /** Tells that something entered or left a container; no two such moments are the same. */
  private touch(container: number): void {
    this.run('UPDATE containers SET modified = MAX(IFNULL(modified, 0) + 1, ?) WHERE id = ?', Date.now(), container);
  }

  private epoch(pod: string): number {
    return this.get<{ epoch: number }>('SELECT epoch FROM pods WHERE url = ?', pod)?.epoch ?? 0;
  }

  private podKey(url: string): number {
    return this.key('pods', 'url', url);
  }

  private containerKey(url: string): number {
    return this.key('containers', 'url', url);
  }

  private agentKey(webId: string): number {
    return this.key('agents', 'webid', webId);
  }

  /** The key of a text in a table of unique texts, to which it is added if it is new. */
  private key(table: string, column: string, text: string): number {
    const row = this.get<{ id: number }>(`SELECT id FROM ${table} WHERE ${column} = ?`, text);
    return row ? row.id : Number(this.run(`INSERT INTO ${table} (${column}) VALUES (?)`, text).lastInsertRowid);
  }

  private get<T>(sql: string, ...parameters: unknown[]): T | undefined {
    return this.prepare(sql).get(...parameters) as T | undefined;
  }

  private all<T>(sql: string, ...parameters: unknown[]): T[] {
    return this.prepare(sql).all(...parameters) as T[];
  }

  private run(sql: string, ...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.prepare(sql).run(...parameters);
  }

  private prepare(sql: string): Statement {
    const { db, statements } = this.connect();
    let statement = statements.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  /** The open connection; the server may read before it has called {@link open}. */
  private connect(): Connection {
    if (!this.connection) {
      if (this.closed) {
        throw new Error(`The event store ${this.path} is closed.`);
      }
      const db = openDatabase(this.path);
      this.connection = { db, commits: new CommitQueue(db), statements: new Map() };
    }
    return this.connection;
  }
}

function openDatabase(path: string): Database {
  if (path !== IN_MEMORY) {
    mkdirSync(dirname(path), { recursive: true });
  }
  const db = new DatabaseConstructor(path);
  try {
    db.pragma('busy_timeout = 5000');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('cache_size = -32000');
    db.pragma('temp_store = MEMORY');
    migrate(db);
    return db;
  } catch (error: unknown) {
    db.close();
    throw error;
  }
}

function toEvent({ uuid, publisher, ...row }: EventRow): Event {
  return { ...row, id: stringify(uuid), ...publisher !== null && { publisher }};
}

function toSubscription({ uuid, ...row }: SubscriptionRow): Subscription {
  return { ...row, id: stringify(uuid) };
}

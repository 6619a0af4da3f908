import { randomInt } from 'node:crypto';
import { parse, stringify } from 'uuid';
import type { Event } from '../event/Event';
import { eventUrl } from '../event/Event';
import { nextTimeSlice } from '../event/timeSlices';
import { covers, isCovered } from '../event/TopicPattern';
import { DuplicateRequest } from '../store/DuplicateRequest';
import type { WatchedCopy } from '../store/WatchedCopy';
import type { IdempotencyKey } from '../store/idempotency';
import type {
  ClaimedDelivery,
  ClaimRequest,
  DeliveryFilter,
  DeliveryHistory,
  Demand,
  DueHost,
  EventRange,
  Findings,
  FinishedDelivery,
  StoredEvent,
  StoredEvents,
  HostStates,
  QueueCounts,
  QueueState,
  Replayed,
  TargetNews,
  WorkerStore,
} from '../delivery/ports';
import type { DeliveryRecord, Target } from '../store/deliveries';
import type { Openable } from '../store/Openable';
import type { Rotation, SecretStore } from '../subscription/ports';
import { addAttempt, attemptsOf, endDelivery, STATES, WORKED } from './deliveries';
import type { EventRow } from './eventRow';
import { EVENTS, toEvent } from './eventRow';
import { findResponse, saveResponse } from './idempotency';
import { addNotices } from './notices';
import type { SqliteSession } from './SqliteSession';

interface ClaimedColumns extends Omit<ClaimedDelivery, 'claim' | 'secrets' | 'subscription' | 'isWanted'> {
  subscription: Buffer | null;
  subscriptionKey: number | null;
}

interface ClaimedRow extends ClaimedColumns {
  secret: string | null;
  /** Whether the pod through which it is made, the pod of the event, or the subscriber has ended. */
  ended: number;
}

interface RecordRow extends Omit<DeliveryRecord, 'state' | 'event' | 'subscription' | 'isDisabled' | 'attempts'> {
  state: number;
  uuid: Buffer;
  origin: string;
  subscription: Buffer | null;
  disabled: number | null;
  removed: number;
}

interface HeldRow extends Omit<StoredEvent, 'topic' | 'hops' | 'isReceived' | 'isPublishedHere' | 'addressees'> {
  /** None, where the event of a copy was removed. */
  topic: string | null;
  published: number;
  hops: number;
  passed: number;
  received: number;
}

interface ReplayRow {
  readonly inbox: number;
  readonly target: number | null;
  readonly host: number | null;
  readonly pod: number;
  readonly uuid: Buffer;
}

/** The newest deliveries before a place, by what makes them few. */
interface Source {
  readonly sql: string;
  readonly parameters: (before: number) => readonly unknown[];
}

const CLAIMABLE = `
  SELECT d.id AS delivery, d.host, d.event, d.tries, IFNULL(d.repeated, d.made) AS begun, d.subscription,
    s.id AS subscriptionKey, p.url AS pod, e.topic, t.id AS target, t.kind, t.url, a.webid AS agent, t.secret,
    t.rate, t.rests AS pausedUntil, t.failing, t.disabled,
    p.ended IS NOT NULL OR a.ended IS NOT NULL OR EXISTS (SELECT 1 FROM pods o WHERE o.id = e.pod AND o.ended IS NOT NULL) AS ended
  FROM deliveries d CROSS JOIN targets t CROSS JOIN agents a CROSS JOIN pods p CROSS JOIN events e
  LEFT JOIN subscriptions s ON s.uuid = d.subscription
  WHERE d.host = ? AND d.state = 0 AND d.due <= ?
    AND t.id = d.target AND a.id = t.agent AND p.id = d.pod AND e.id = d.event
  ORDER BY d.due LIMIT ?
`;

const RECORDS = `
  SELECT d.id, d.state, d.created, CASE WHEN d.state = 0 AND d.claim IS NULL THEN d.due END AS due, d.copy, d.subscription,
    t.kind, t.url, t.disabled, a.webid AS agent, IFNULL(e.uuid, x.uuid) AS uuid, IFNULL(e.topic, x.topic) AS topic,
    IFNULL(o.ended, o.url) AS origin, e.id IS NULL AS removed
  FROM deliveries d CROSS JOIN targets t CROSS JOIN agents a
  LEFT JOIN events e ON e.id = d.event LEFT JOIN removed_events x ON x.id = d.event CROSS JOIN pods o
  WHERE t.id = d.target AND a.id = t.agent AND o.id = IFNULL(e.pod, x.pod)
`;

/** When something is due to a host: when its first delivery is, but not while it is left alone. */
const NEXT = `(
  SELECT MAX(MIN(d.due), IFNULL(hosts.rests, 0)) FROM deliveries d WHERE d.host = hosts.id AND d.state = 0
)`;

/** The keys of an event with an id, or of what is left of it in the log. */
const EVENT_KEYS = 'SELECT id FROM events WHERE uuid = ? UNION SELECT id FROM removed_events WHERE uuid = ?';

const MOST_CLAIMS = 2 ** 47;
/** For how long a former secret signs too, in milliseconds of work time, and how many of them there are at most. */
const FORMER_SECRET_LIFETIME = 24 * 60 * 60_000;
const MAX_FORMER_SECRETS = 5;
/** How many deliveries are looked at in one turn of the event loop, where the log is read. */
const LOOK = 250;

/**
 * Keeps deliveries in the database of the events.
 */
export class SqliteDeliveryStore implements
  DeliveryHistory, HostStates, Openable, QueueCounts, SecretStore, WorkerStore {
  private readonly db: SqliteSession;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.db = session;
  }

  public async open(): Promise<void> {
    this.db.open();
  }

  public async close(): Promise<void> {
    this.db.close();
  }

  public async moment(): Promise<number> {
    return this.db.get<{ time: number }>('SELECT time FROM clocks')?.time ?? 0;
  }

  public async noteMoment(now: number, work = 0): Promise<void> {
    return this.db.write((): void => {
      this.db.run(`
        INSERT INTO clocks (id, time) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET time = MAX(time, excluded.time)
      `, now);
      this.db.run(`
        INSERT INTO worked (id, time) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET time = time + excluded.time
      `, work);
    });
  }

  public async workTime(): Promise<number> {
    return this.db.get<{ time: number }>(`SELECT ${WORKED} AS time`)!.time;
  }

  public async turnBack(now: number, ahead: number): Promise<void> {
    return this.db.write((): void => {
      this.db.run('UPDATE clocks SET time = ?', now);
      this.db.run('UPDATE deliveries SET due = MAX(?, due - ?) WHERE state = 0 AND due > ?', now, ahead, now);
      this.db.run('UPDATE hosts SET rests = MAX(?, rests - ?) WHERE rests > ?', now, ahead, now);
      this.db.run('UPDATE hosts SET since = MIN(since, ?) WHERE since > ?', now, now);
      this.db.run('UPDATE targets SET rests = MAX(?, rests - ?) WHERE rests > ?', now, ahead, now);
      this.db.run('UPDATE targets SET told = MIN(told, ?) WHERE told > ?', now, now);
      this.db.run(`UPDATE hosts SET next = ${NEXT} WHERE next IS NOT NULL`);
    });
  }

  public async dueHosts(now: number, limit: number): Promise<DueHost[]> {
    return this.db.all<DueHost>(`
      SELECT id AS host, name, failures, since, rests AS openUntil FROM hosts WHERE next <= ? ORDER BY next LIMIT ?
    `, now, limit);
  }

  public async isPaused(name: string, now: number, target?: Pick<Target, 'kind' | 'url'>): Promise<boolean> {
    return this.db.get('SELECT 1 FROM hosts WHERE name = ? AND rests > ?', name, now) !== undefined || (
      target !== undefined &&
      this.db.get('SELECT 1 FROM targets WHERE url = ? AND kind = ? AND rests > ?', target.url, target.kind, now) !== undefined
    );
  }

  public async nextDue(): Promise<number | undefined> {
    return this.db.get<{ next: number }>('SELECT next FROM hosts WHERE next IS NOT NULL ORDER BY next LIMIT 1')?.next;
  }

  public async countWaiting(limit: number): Promise<number> {
    return this.db.get<{ count: number }>(`
      SELECT COUNT(*) AS count FROM (SELECT 1 FROM deliveries WHERE state = 0 LIMIT ?)
    `, limit)!.count;
  }

  public async claim(requests: readonly ClaimRequest[], now: number, until: number): Promise<ClaimedDelivery[]> {
    return this.db.write((): ClaimedDelivery[] => {
      const claimed: ClaimedDelivery[] = [];
      const secrets = new Map<number, readonly string[]>();
      for (const { host, limit } of requests) {
        if (limit === 0) {
          this.db.run('UPDATE hosts SET next = MAX(next, ?) WHERE id = ?', until, host);
          continue;
        }
        const claim = randomInt(MOST_CLAIMS);
        for (const { ended, secret, ...row } of this.db.all<ClaimedRow>(CLAIMABLE, host, now, limit)) {
          if (ended === 1) {
            endDelivery(this.db, row.delivery, now);
            continue;
          }
          this.db.run('UPDATE deliveries SET claim = ?, due = ? WHERE id = ?', claim, until, row.delivery);
          if (!secrets.has(row.target)) {
            secrets.set(row.target, secret === null ? [] : [ secret, ...this.formerSecrets(row.target) ]);
          }
          claimed.push(toClaimed(row, claim, secrets.get(row.target)!));
        }
        this.db.run(`UPDATE hosts SET next = ${NEXT} WHERE id = ?`, host);
      }
      return claimed;
    });
  }

  /** The secrets that were replaced and still sign, newest first. */
  private formerSecrets(target: number): string[] {
    return this.db.all<{ secret: string }>(`
      SELECT secret FROM former_secrets WHERE target = ? AND until > ${WORKED} ORDER BY until DESC
    `, target).map(({ secret }): string => secret);
  }

  public async finish(finished: readonly FinishedDelivery[], { hosts, failing, pauses }: Findings): Promise<void> {
    return this.db.write((): void => {
      for (const one of finished) {
        this.finishOne(one);
      }
      for (const [ host, { failures, since, openUntil }] of hosts) {
        this.db.run('UPDATE hosts SET failures = ?, since = ?, rests = ? WHERE id = ?', failures, since, openUntil, host);
      }
      for (const [ target, since ] of failing) {
        this.db.run('UPDATE targets SET failing = ? WHERE id = ?', since, target);
      }
      for (const [ target, until ] of pauses ?? []) {
        this.db.run(`
          UPDATE targets SET rests = MAX(IFNULL(rests, 0), ?)
          WHERE (url, kind) = (SELECT url, kind FROM targets WHERE id = ?)
        `, until, target);
      }
      for (const host of new Set([ ...finished.map((one): number => one.host), ...hosts.keys() ])) {
        this.db.run(`UPDATE hosts SET next = ${NEXT} WHERE id = ?`, host);
      }
    });
  }

  private finishOne({ delivery, claim, state, due, attempt, copy }: FinishedDelivery): void {
    if ((state === 'ended' || state === 'refused') && this.passOn(delivery, claim)) {
      return;
    }
    const { changes } = this.db.run(
      `
        UPDATE deliveries SET state = ?, due = IFNULL(?, due), tries = tries + ?, copy = IFNULL(?, copy), claim = NULL
        WHERE id = ? AND claim = ?
      `,
      STATES.indexOf(state),
      due ?? null,
      attempt ? 1 : 0,
      copy ?? null,
      delivery,
      claim,
    );
    if (attempt && changes > 0) {
      addAttempt(this.db, delivery, attempt);
    }
  }

  /** Gives a delivery that is not to be made for its subscription to another one. Returns whether there is one. */
  private passOn(delivery: number, claim: number): boolean {
    if (!this.db.get('SELECT 1 FROM deliveries WHERE id = ? AND claim = ?', delivery, claim)) {
      return false;
    }
    const other = this.db.get<{ subscription: Buffer; pod: number }>(`
      DELETE FROM alternatives WHERE delivery = ? AND subscription = (
        SELECT subscription FROM alternatives WHERE delivery = ? ORDER BY subscription LIMIT 1
      ) RETURNING subscription, pod
    `, delivery, delivery);
    if (other) {
      this.db.run(`
        UPDATE deliveries SET subscription = ?, pod = ?, due = created, claim = NULL WHERE id = ?
      `, other.subscription, other.pod, delivery);
    }
    return other !== undefined;
  }

  public async eventOf(event: number): Promise<(Event & { readonly hops: number }) | undefined> {
    const row = this.db.get<EventRow>(`${EVENTS} WHERE e.id = ?`, event);
    return row && { ...toEvent(row), hops: row.hops };
  }

  public async demandFor({ target, subscription }: ClaimedDelivery): Promise<Demand> {
    const uuid = subscription && parse(subscription);
    const row = this.db.get<{ disabled: number | null; wanted: number }>(`
      SELECT disabled, ? IS NULL OR EXISTS (SELECT 1 FROM subscriptions WHERE uuid = ?) AS wanted FROM targets WHERE id = ?
    `, uuid, uuid, target);
    return { isWanted: row?.wanted === 1, disabled: row?.disabled ?? null };
  }

  public async disable(target: number, now: number): Promise<TargetNews | undefined> {
    return this.news('UPDATE targets SET disabled = ? WHERE id = ? AND disabled IS NULL', target, [ now, target ]);
  }

  public async noteDead(target: number, now: number, since: number): Promise<TargetNews | undefined> {
    return this.news('UPDATE targets SET told = ? WHERE id = ? AND IFNULL(told, 0) < ?', target, [ now, target, since ]);
  }

  private async news(sql: string, target: number, parameters: readonly unknown[]): Promise<TargetNews | undefined> {
    return this.db.write((): TargetNews | undefined => {
      if (this.db.run(sql, ...parameters).changes === 0) {
        return undefined;
      }
      const rows = this.db.all<{ pod: string; uuid: Buffer; pattern: string }>(`
        SELECT p.url AS pod, s.uuid, s.pattern FROM subscriptions s CROSS JOIN pods p
        WHERE s.target = ? AND p.id = s.pod LIMIT 100
      `, target);
      return { target, subscriptions: rows.map(({ pod, uuid, pattern }) => ({ pod, id: stringify(uuid), pattern })) };
    });
  }

  public async rotateSecret(
    pod: string,
    subscription: string,
    secret: string,
    once?: IdempotencyKey,
  ): Promise<Rotation> {
    return this.db.write((): Rotation => {
      const target = this.db.get<{ id: number; secret: string; worked: number }>(`
        SELECT t.id, t.secret, ${WORKED} AS worked FROM subscriptions s CROSS JOIN targets t
        WHERE s.uuid = ? AND s.pod = (SELECT id FROM pods WHERE url = ?) AND t.id = s.target AND t.secret IS NOT NULL
      `, parse(subscription), pod);
      if (!target) {
        return { outcome: 'missing' };
      }
      const { id, secret: former, worked } = target;
      const made = once && findResponse(this.db, once, Date.now());
      if (made) {
        throw new DuplicateRequest(made);
      }
      this.db.run('DELETE FROM former_secrets WHERE target = ? AND until <= ?', id, worked);
      const { count, oldest } = this.db.get<{ count: number; oldest: number }>(
        'SELECT COUNT(*) AS count, MIN(until) AS oldest FROM former_secrets WHERE target = ?',
        id,
      )!;
      if (count >= MAX_FORMER_SECRETS) {
        return { outcome: 'full', wait: oldest - worked };
      }
      if (once) {
        saveResponse(this.db, { ...once, result: secret }, Date.now());
      }
      // Rotations in the same moment differ by a millisecond, so that the order of the secrets is known.
      this.db.run(`
        INSERT INTO former_secrets (target, until, secret)
        SELECT ?, MAX(?, IFNULL((SELECT MAX(until) FROM former_secrets WHERE target = ?) + 1, 0)), ?
      `, id, worked + FORMER_SECRET_LIFETIME, id, former);
      this.db.run('UPDATE targets SET secret = ? WHERE id = ?', secret, id);
      return { outcome: 'rotated' };
    });
  }

  public async listDeliveries(
    pod: string,
    filter: DeliveryFilter,
    before: number,
    limit: number,
  ): Promise<DeliveryRecord[]> {
    const key = this.db.get<{ id: number }>('SELECT id FROM pods WHERE url = ?', pod)?.id;
    if (key === undefined) {
      return [];
    }
    const source = sourceOf(key, filter);
    const { sql, parameters } = conditionsOf(key, filter);
    const records: DeliveryRecord[] = [];
    for (let place: number | undefined = before; place !== undefined;) {
      const found: { id: number }[] = this.db.all(source.sql, ...source.parameters(place));
      for (const { id } of found) {
        const row = this.db.get<RecordRow>(`${RECORDS} AND d.id = ? ${sql}`, id, ...parameters);
        if (row && isCovered(filter.topics, row.topic)) {
          records.push(this.toRecord(row));
        }
        if (records.length >= limit) {
          return records;
        }
      }
      place = found.length < LOOK ? undefined : found.at(-1)!.id;
      if (place !== undefined) {
        await nextTimeSlice();
      }
    }
    return records;
  }

  public async getDelivery(pod: string, id: number): Promise<DeliveryRecord | undefined> {
    const row = this.db.get<RecordRow>(`${RECORDS} AND d.id = ? AND d.pod = (SELECT id FROM pods WHERE url = ?)`, id, pod);
    return row && this.toRecord(row);
  }

  private toRecord({ state, uuid, origin, subscription, disabled, removed, ...row }: RecordRow): DeliveryRecord {
    return {
      ...row,
      state: STATES[state],
      event: eventUrl({ pod: origin, id: stringify(uuid) }),
      subscription: subscription && stringify(subscription),
      isDisabled: disabled !== null,
      ...removed === 1 && { isEventRemoved: true },
      attempts: attemptsOf(this.db, row.id),
    };
  }

  public async redeliver(pod: string, id: number, now: number): Promise<boolean> {
    return this.db.write((): boolean => {
      const row = this.db.get<{ host: number }>(`
        UPDATE deliveries SET state = 0, due = ?, tries = 0, claim = NULL, repeated = ${WORKED}
        WHERE id = ? AND pod = (SELECT id FROM pods WHERE url = ?)
          AND EXISTS (SELECT 1 FROM events e WHERE e.id = deliveries.event) RETURNING host
      `, now, id, pod);
      if (row) {
        this.db.run(`UPDATE hosts SET next = ${NEXT} WHERE id = ?`, row.host);
      }
      return row !== undefined;
    });
  }

  public async replay(
    pod: string,
    subscription: string,
    events: readonly number[],
    now: number,
  ): Promise<Replayed | undefined> {
    return this.db.write((): Replayed | undefined => {
      const row = this.db.get<ReplayRow>(`
        SELECT s.inbox, s.target, t.host, s.pod, s.uuid FROM subscriptions s LEFT JOIN targets t ON t.id = s.target
        WHERE s.uuid = ? AND s.pod = (SELECT id FROM pods WHERE url = ?)
      `, parse(subscription), pod);
      return row && (row.target === null ? this.copyAgain(row, events) : this.deliverAgain(row, events, now));
    });
  }

  private copyAgain({ inbox }: ReplayRow, events: readonly number[]): Replayed {
    const copied = events.filter((event): boolean => this.db.run(`
      INSERT OR IGNORE INTO entries (container, event) SELECT c.id, e.id FROM containers c CROSS JOIN events e
      WHERE c.id = ? AND c.gone = 0 AND e.id = ?
    `, inbox, event).changes > 0);
    if (copied.length > 0) {
      this.db.noteCopies(copied.length);
      this.db.touch(inbox);
    }
    const container = this.db.get<{ url: string }>('SELECT url FROM containers WHERE id = ? AND watched = 1', inbox)?.url;
    const watched = container === undefined ? [] : copied.map((event): WatchedCopy => {
      const { uuid } = this.db.get<{ uuid: Buffer }>('SELECT uuid FROM events WHERE id = ?', event)!;
      return { container, copy: `${container}${stringify(uuid)}` };
    });
    return { events: copied.length, watched: addNotices(this.db, watched) };
  }

  private deliverAgain({ target, host, pod, uuid }: ReplayRow, events: readonly number[], now: number): Replayed {
    let sum = 0;
    for (const event of events) {
      // What waits for another subscription is still wanted, should this one end.
      this.db.run(`
        INSERT OR IGNORE INTO alternatives (delivery, subscription, pod) SELECT id, subscription, pod FROM deliveries
        WHERE event = ? AND target = ? AND state = 0 AND subscription <> ?
      `, event, target, uuid);
      // It is made for this subscription, because the one of before may have ended, or be to another pod.
      sum += this.db.run(`
        INSERT INTO deliveries (event, target, host, pod, subscription, created, due, made)
        SELECT id, ?, ?, ?, ?, ?, ?, ${WORKED} FROM events WHERE id = ?
        ON CONFLICT (event, target) DO UPDATE SET
          host = excluded.host, pod = excluded.pod, subscription = excluded.subscription,
          state = 0, due = excluded.due, tries = 0, claim = NULL, repeated = excluded.made
      `, target, host, pod, uuid, now, now, event).changes;
    }
    this.db.run(`UPDATE hosts SET next = ${NEXT} WHERE id = ?`, host);
    return { events: sum, watched: []};
  }

  public async eventsBetween(
    pod: string,
    containers: readonly string[],
    { pattern, since, until }: EventRange,
    after: number,
    limit: number,
  ): Promise<StoredEvents> {
    // Each container by itself, so that no more than the limit is looked at, however much they hold.
    const entries = containers.map((): string => `SELECT event FROM (
      SELECT n.event FROM containers c CROSS JOIN entries n
      WHERE c.url = ? AND n.container = c.id AND n.event > ? ORDER BY n.event LIMIT ?
    )`).join(' UNION ');
    const rows = this.db.all<HeldRow>(`
      SELECT n.event, e.topic, e.hops, e.passed, e.published, IFNULL(o.ended, o.url) AS origin, EXISTS (
        SELECT 1 FROM pods p CROSS JOIN received r WHERE p.url = ? AND r.pod = p.id AND r.event = n.event
      ) AS received
      FROM (${entries} ORDER BY event LIMIT ?) n LEFT JOIN events e ON e.id = n.event LEFT JOIN pods o ON o.id = e.pod
      ORDER BY n.event
    `, pod, ...containers.flatMap((container): unknown[] => [ container, after, limit ]), limit);
    const events = rows.flatMap(({ event, topic, published, received, hops, passed, origin }): StoredEvent[] => {
      if (topic === null || published < since || published >= until || !covers(pattern, topic)) {
        return [];
      }
      const isPublishedHere = hops === 0;
      const addressees = isPublishedHere ? this.addresseesOf(event) : [];
      return [{ event, topic, origin, hops: hops + passed, isPublishedHere, isReceived: received === 1, addressees }];
    });
    return { events, last: rows.at(-1)?.event };
  }

  /** By the names that this server gives the members of its own documents. */
  private addresseesOf(event: number): string[] {
    const { found } = this.db.get<{ found: string }>(
      'SELECT json_extract(members, \'$.recipient\', \'$.source\') AS found FROM events WHERE id = ?',
      event,
    )!;
    return (JSON.parse(found) as unknown[]).flat().filter((value): value is string => typeof value === 'string');
  }

  public async queue(now: number): Promise<QueueState> {
    const { waiting } = this.db.get<{ waiting: number }>('SELECT COUNT(*) AS waiting FROM deliveries WHERE state = 0')!;
    const { openCircuits } = this.db.get<{ openCircuits: number }>('SELECT COUNT(*) AS openCircuits FROM hosts WHERE rests > ?', now)!;
    const oldestDue = await this.nextDue();
    return { waiting, openCircuits, ...oldestDue !== undefined && { oldestDue }};
  }

  public async removeUnusedTargets(after: number, limit: number): Promise<number | undefined> {
    return this.db.write((): number | undefined => {
      const targets = this.db.all<{ id: number; host: number; used: number }>(`
        SELECT t.id, t.host, EXISTS (SELECT 1 FROM deliveries d WHERE d.target = t.id)
          OR EXISTS (SELECT 1 FROM subscriptions s WHERE s.target = t.id) AS used
        FROM targets t WHERE t.id > ? ORDER BY t.id LIMIT ?
      `, after, limit);
      for (const { id, host } of targets.filter(({ used }): boolean => used === 0)) {
        this.db.run('DELETE FROM targets WHERE id = ?', id);
        const row = this.db.get<{ name: string }>(`
          DELETE FROM hosts WHERE id = ? AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.host = hosts.id)
            AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.host = hosts.id AND d.state = 0) RETURNING name
        `, host);
        if (row) {
          this.db.forgetKey('hosts', row.name);
        }
      }
      return targets.at(-1)?.id;
    });
  }

  public async removeDeliveriesBefore(worked: number, limit: number): Promise<number> {
    return this.db.write((): number => {
      const removed = this.db.all<{ event: number }>(`
        DELETE FROM deliveries WHERE id IN (
          SELECT id FROM deliveries WHERE id < IFNULL(
            (SELECT id FROM deliveries WHERE made >= ? ORDER BY id LIMIT 1), ${Number.MAX_SAFE_INTEGER}
          ) AND state <> 0 AND IFNULL(repeated, made) < ? ORDER BY id LIMIT ?
        ) RETURNING event
      `, worked, worked, limit);
      for (const event of new Set(removed.map((row): number => row.event))) {
        this.db.run(`
          DELETE FROM removed_events WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = removed_events.id)
        `, event);
      }
      return removed.length;
    });
  }
}

function toClaimed(
  { subscription, subscriptionKey, ...row }: ClaimedColumns,
  claim: number,
  secrets: readonly string[],
): ClaimedDelivery {
  return {
    ...row,
    claim,
    subscription: subscription && stringify(subscription),
    isWanted: subscription === null || subscriptionKey !== null,
    secrets,
  };
}

/** Where the deliveries that a filter lets through are among the fewest others, newest first. */
function sourceOf(pod: number, { agent, event, subscription }: DeliveryFilter): Source {
  const ofAgent = 'FROM agents a CROSS JOIN targets t CROSS JOIN deliveries d WHERE a.webid = ? AND t.agent = a.id';
  const newest = 'd.id < ? ORDER BY d.id DESC LIMIT ?';
  if (event !== undefined) {
    return agent === undefined ?
        {
          sql: `SELECT d.id FROM deliveries d WHERE d.event IN (${EVENT_KEYS}) AND ${newest}`,
          parameters: (before): unknown[] => [ parse(event), parse(event), before, LOOK ],
        } :
        {
          sql: `SELECT d.id ${ofAgent} AND d.event IN (${EVENT_KEYS}) AND d.target = t.id AND ${newest}`,
          parameters: (before): unknown[] => [ agent, parse(event), parse(event), before, LOOK ],
        };
  }
  if (subscription !== undefined) {
    return {
      sql: `SELECT d.id FROM deliveries d WHERE d.subscription = ? AND ${newest}`,
      parameters: (before): unknown[] => [ parse(subscription), before, LOOK ],
    };
  }
  if (agent !== undefined) {
    return {
      sql: `SELECT d.id ${ofAgent} AND d.id IN (
        SELECT x.id FROM deliveries x WHERE x.target = t.id AND x.id < ? ORDER BY x.id DESC LIMIT ?
      ) ORDER BY d.id DESC LIMIT ?`,
      parameters: (before): unknown[] => [ agent, before, LOOK, LOOK ],
    };
  }
  return {
    sql: `SELECT d.id FROM deliveries d WHERE d.pod = ? AND ${newest}`,
    parameters: (before): unknown[] => [ pod, before, LOOK ],
  };
}

/** All that a filter asks for, but for topics; in a form that leaves the choice of the index to the key. */
function conditionsOf(
  pod: number,
  { agent, event, subscription, state, since, until }: DeliveryFilter,
): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const conditions = ([
    [ '+d.pod = ?', pod ],
    [ 'a.webid = ?', agent ],
    [ 'IFNULL(e.uuid, x.uuid) = ?', event && parse(event) ],
    [ '+d.subscription = ?', subscription && parse(subscription) ],
    [ '+d.state = ?', state && STATES.indexOf(state) ],
    [ 'd.created >= ?', since ],
    [ 'd.created < ?', until ],
  ] as const).filter(([ , value ]): boolean => value !== undefined);
  return {
    sql: conditions.map(([ condition ]): string => `AND ${condition}`).join(' '),
    parameters: conditions.map(([ , value ]): unknown => value),
  };
}

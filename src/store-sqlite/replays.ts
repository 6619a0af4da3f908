import { parse, stringify } from 'uuid';
import type { EventRange, StoredEvent, StoredEvents, Replayed } from '../delivery/ports';
import { covers } from '../event/TopicPattern';
import type { WatchedCopy } from '../store/WatchedCopy';
import { NEW_BATCH } from './batches';
import { WORKED } from './deliveryClock';
import { addEntry } from './entries';
import { scheduleHost } from './hosts';
import { addNotices } from './notices';
import type { SqliteSession } from './SqliteSession';

interface ReplayedSubscription {
  readonly inbox: number;
  readonly target: number | null;
  readonly host: number | null;
  readonly pod: number;
  readonly uuid: Buffer;
}

interface HeldRow extends Omit<StoredEvent, 'topic' | 'hops' | 'isReceived' | 'isPublishedHere' | 'addressees'> {
  /** `null` if the event of the copy was removed. */
  readonly topic: string | null;
  readonly published: number;
  readonly hops: number;
  readonly passed: number;
  readonly received: number;
}

/** Requests copies or deliveries of events, as `ReplayStore.replay` specifies; inside a transaction. */
export function replay(
  session: SqliteSession,
  pod: string,
  subscription: string,
  events: readonly number[],
  now: number,
): Replayed | undefined {
  const row = session.get<ReplayedSubscription>(`
    SELECT s.inbox, s.target, t.host, s.pod, s.uuid FROM subscriptions s LEFT JOIN targets t ON t.id = s.target
    WHERE s.uuid = ? AND s.pod = (SELECT id FROM pods WHERE url = ?)
  `, parse(subscription), pod);
  return row && (row.target === null ? copyAgain(session, row, events) : deliverAgain(session, row, events, now));
}

function copyAgain(session: SqliteSession, { inbox }: ReplayedSubscription, events: readonly number[]): Replayed {
  const isGone = session.get('SELECT 1 FROM containers WHERE id = ? AND gone = 0', inbox) === undefined;
  const copied = isGone ? [] : events.filter((event): boolean =>
    session.get('SELECT 1 FROM events WHERE id = ?', event) !== undefined && addEntry(session, inbox, event));
  if (copied.length > 0) {
    session.noteCopies(copied.length);
    session.touch(inbox);
  }
  const container = session.get<{ url: string }>('SELECT url FROM containers WHERE id = ? AND watched = 1', inbox)?.url;
  const watched = container === undefined ? [] : copied.map((event): WatchedCopy => {
    const { uuid } = session.get<{ uuid: Buffer }>('SELECT uuid FROM events WHERE id = ?', event)!;
    return { container, copy: `${container}${stringify(uuid)}` };
  });
  return { events: copied.length, watched: addNotices(session, watched) };
}

function deliverAgain(
  session: SqliteSession,
  { target, host, pod, uuid }: ReplayedSubscription,
  events: readonly number[],
  now: number,
): Replayed {
  let sum = 0;
  for (const event of events) {
    // The subscription of a waiting delivery stays as an alternative, in case the replayed subscription ends.
    session.run(`
      INSERT OR IGNORE INTO alternatives (delivery, subscription, pod) SELECT id, subscription, pod FROM deliveries
      WHERE event = ? AND target = ? AND state = 0 AND subscription <> ?
    `, event, target, uuid);
    // A known delivery changes to the replayed subscription, because its former one may have ended or be of another
    // pod.
    sum += session.run(`
      INSERT INTO deliveries (event, target, host, pod, subscription, created, due, made, batch)
      SELECT e.id, t.id, ?, ?, ?, ?, ?, ${WORKED}, ${NEW_BATCH} FROM events e CROSS JOIN targets t WHERE e.id = ? AND t.id = ?
      ON CONFLICT (event, target) DO UPDATE SET
        host = excluded.host, pod = excluded.pod, subscription = excluded.subscription,
        state = 0, due = excluded.due, tries = 0, claim = NULL, repeated = excluded.made, batch = excluded.batch
    `, host, pod, uuid, now, now, event, target).changes;
  }
  scheduleHost(session, host!);
  return { events: sum, watched: []};
}

/** Returns events in containers, as `ReplayStore.eventsBetween` specifies. */
export function eventsBetween(
  session: SqliteSession,
  pod: string,
  containers: readonly string[],
  { pattern, since, until }: EventRange,
  after: number,
  limit: number,
): StoredEvents {
  // One limit for each container bounds the read, regardless of their sizes.
  const entries = containers.map((): string => `SELECT event FROM (
    SELECT n.event FROM containers c CROSS JOIN entries n
    WHERE c.url = ? AND n.container = c.id AND n.event > ? ORDER BY n.event LIMIT ?
  )`).join(' UNION ');
  const rows = session.all<HeldRow>(`
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
    const addressees = isPublishedHere ? addresseesOf(session, event) : [];
    return [{ event, topic, origin, hops: hops + passed, isPublishedHere, isReceived: received === 1, addressees }];
  });
  return { events, last: rows.at(-1)?.event };
}

/** Recipients and sources in the document of an event of this server, which has these member names. */
function addresseesOf(session: SqliteSession, event: number): string[] {
  const { found } = session.get<{ found: string }>(
    'SELECT json_extract(members, \'$.recipient\', \'$.source\') AS found FROM events WHERE id = ?',
    event,
  )!;
  return (JSON.parse(found) as unknown[]).flat().filter((value): value is string => typeof value === 'string');
}

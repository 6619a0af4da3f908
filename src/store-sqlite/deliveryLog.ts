import { parse, stringify } from 'uuid';
import type { DeliveryFilter } from '../delivery/ports';
import { eventUrl } from '../event/Event';
import { nextTimeSlice } from '../event/timeSlices';
import { isCovered } from '../event/TopicPattern';
import type { DeliveryRecord } from '../store/deliveries';
import { attemptsOf } from './attempts';
import { STATES } from './deliveries';
import type { SqliteSession } from './SqliteSession';

interface RecordRow extends Omit<DeliveryRecord, 'batch' | 'state' | 'event' | 'subscription' | 'isDisabled' | 'attempts'> {
  readonly state: number;
  readonly uuid: Buffer;
  readonly origin: string;
  readonly subscription: Buffer | null;
  readonly disabled: number | null;
  readonly removed: number;
  readonly batch: Buffer | null;
}

/** The most selective index for a filter: a query of the newest deliveries with smaller ids. */
interface Source {
  readonly sql: string;
  readonly parameters: (before: number) => readonly unknown[];
}

const RECORDS = `
  SELECT d.id, d.state, d.created, CASE WHEN d.state = 0 AND d.claim IS NULL THEN d.due END AS due, d.copy, d.subscription, d.batch,
    t.kind, t.url, t.disabled, a.webid AS agent, IFNULL(e.uuid, x.uuid) AS uuid, IFNULL(e.topic, x.topic) AS topic,
    IFNULL(o.ended, o.url) AS origin, e.id IS NULL AS removed
  FROM deliveries d CROSS JOIN targets t CROSS JOIN agents a
  LEFT JOIN events e ON e.id = d.event LEFT JOIN removed_events x ON x.id = d.event CROSS JOIN pods o
  WHERE t.id = d.target AND a.id = t.agent AND o.id = IFNULL(e.pod, x.pod)
`;

/** The keys of the events with an id, including removed events of which the log has a row. */
const EVENT_KEYS = 'SELECT id FROM events WHERE uuid = ? UNION SELECT id FROM removed_events WHERE uuid = ?';

/** Number of deliveries to examine in one turn of the event loop. */
const CHUNK = 250;

/** Returns deliveries of a pod, as `DeliveryLogStore.listDeliveries` specifies. */
export async function listDeliveries(
  session: SqliteSession,
  pod: string,
  filter: DeliveryFilter,
  before: number,
  limit: number,
): Promise<DeliveryRecord[]> {
  const key = session.get<{ id: number }>('SELECT id FROM pods WHERE url = ?', pod)?.id;
  if (key === undefined) {
    return [];
  }
  const source = sourceOf(key, filter);
  const { sql, parameters } = conditionsOf(key, filter);
  const records: DeliveryRecord[] = [];
  for (let place: number | undefined = before; place !== undefined;) {
    const found: { id: number }[] = session.all(source.sql, ...source.parameters(place));
    for (const { id } of found) {
      const row = session.get<RecordRow>(`${RECORDS} AND d.id = ? ${sql}`, id, ...parameters);
      if (row && isCovered(filter.topics, row.topic)) {
        records.push(toRecord(session, row));
      }
      if (records.length >= limit) {
        return records;
      }
    }
    place = found.length < CHUNK ? undefined : found.at(-1)!.id;
    if (place !== undefined) {
      await nextTimeSlice();
    }
  }
  return records;
}

/** Returns one delivery of a pod. */
export function getDelivery(session: SqliteSession, pod: string, id: number): DeliveryRecord | undefined {
  const row = session.get<RecordRow>(`${RECORDS} AND d.id = ? AND d.pod = (SELECT id FROM pods WHERE url = ?)`, id, pod);
  return row && toRecord(session, row);
}

function toRecord(
  session: SqliteSession,
  { state, uuid, origin, subscription, disabled, removed, batch, ...row }: RecordRow,
): DeliveryRecord {
  return {
    ...row,
    state: STATES[state],
    event: eventUrl({ pod: origin, id: stringify(uuid) }),
    subscription: subscription && stringify(subscription),
    isDisabled: disabled !== null,
    ...removed === 1 && { isEventRemoved: true },
    ...batch !== null && batch.length > 0 && { batch: stringify(batch) },
    attempts: attemptsOf(session, row.id),
  };
}

/** Removes old deliveries, as `DeliveryRetention.removeDeliveriesBefore` specifies; inside a transaction. */
export function removeDeliveriesBefore(session: SqliteSession, worked: number, limit: number): number {
  const removed = session.all<{ event: number }>(`
    DELETE FROM deliveries WHERE id IN (
      SELECT id FROM deliveries WHERE id < IFNULL(
        (SELECT id FROM deliveries WHERE made >= ? ORDER BY id LIMIT 1), ${Number.MAX_SAFE_INTEGER}
      ) AND state <> 0 AND IFNULL(repeated, made) < ? ORDER BY id LIMIT ?
    ) RETURNING event
  `, worked, worked, limit);
  for (const event of new Set(removed.map((row): number => row.event))) {
    session.run(`
      DELETE FROM removed_events WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = removed_events.id)
    `, event);
  }
  return removed.length;
}

/** Selects the index with the fewest deliveries besides the matching ones. */
function sourceOf(pod: number, { agent, event, subscription }: DeliveryFilter): Source {
  const ofAgent = 'FROM agents a CROSS JOIN targets t CROSS JOIN deliveries d WHERE a.webid = ? AND t.agent = a.id';
  const newest = 'd.id < ? ORDER BY d.id DESC LIMIT ?';
  if (event !== undefined) {
    return agent === undefined ?
        {
          sql: `SELECT d.id FROM deliveries d WHERE d.event IN (${EVENT_KEYS}) AND ${newest}`,
          parameters: (before): unknown[] => [ parse(event), parse(event), before, CHUNK ],
        } :
        {
          sql: `SELECT d.id ${ofAgent} AND d.event IN (${EVENT_KEYS}) AND d.target = t.id AND ${newest}`,
          parameters: (before): unknown[] => [ agent, parse(event), parse(event), before, CHUNK ],
        };
  }
  if (subscription !== undefined) {
    return {
      sql: `SELECT d.id FROM deliveries d WHERE d.subscription = ? AND ${newest}`,
      parameters: (before): unknown[] => [ parse(subscription), before, CHUNK ],
    };
  }
  if (agent !== undefined) {
    return {
      sql: `SELECT d.id ${ofAgent} AND d.id IN (
        SELECT x.id FROM deliveries x WHERE x.target = t.id AND x.id < ? ORDER BY x.id DESC LIMIT ?
      ) ORDER BY d.id DESC LIMIT ?`,
      parameters: (before): unknown[] => [ agent, before, CHUNK, CHUNK ],
    };
  }
  return {
    sql: `SELECT d.id FROM deliveries d WHERE d.pod = ? AND ${newest}`,
    parameters: (before): unknown[] => [ pod, before, CHUNK ],
  };
}

/** The conditions of a filter except topics; the unary `+` leaves the choice of the index to the key. */
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

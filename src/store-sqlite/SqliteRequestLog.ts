import { parse, stringify } from 'uuid';
import { isId, publishContainer } from '../event/Event';
import { readMembers } from '../event/EventDocument';
import { isCovered } from '../event/TopicPattern';
import type { Page, PageRequest } from '../store/Page';
import type { LoggedEvent, Outcome, RequestFilter, RequestLog } from '../catalogue/RequestLog';
import type { RequestRecord } from '../store/RequestRecord';
import type { OutcomeEvent } from './outcomes';
import { hasState, listOutcomes, outcomeOfDelivery, outcomeOfSubscription, statesOf } from './outcomes';
import type { SqliteSession } from './SqliteSession';
import { timeSlicer, nextTimeSlice } from '../event/timeSlices';

interface LoggedRow extends OutcomeEvent {
  readonly request: string | null;
  readonly entry: number | null;
  readonly identifier: string;
  readonly name: string;
  readonly operation: string;
  readonly description: string;
  readonly system: number;
  readonly systemName: string;
  readonly systemIdentifier: string;
}

/** Result of one step of the walk through a container. */
interface Step {
  /** Keys of the events on the page. */
  readonly keys: readonly number[];
  /** Number of matching events of the step, on the page or not. */
  readonly count: number;
}

/** SQL conditions: the fan-out of an event `e` by its pod is pending; the event has deliveries. */
const PENDING = 'EXISTS (SELECT 1 FROM forwards f WHERE f.pod = e.pod AND f.event = e.id)';
const DELIVERED = 'EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.id)';

const LOGGED = `
  SELECT e.id AS event, e.pod, e.uuid, e.topic, e.published, e.forwarded, e.request,
    ${PENDING} AS pending,
    x.id AS entry, x.identifier, x.name, x.operation, x.description,
    y.id AS system, y.name AS systemName, y.identifier AS systemIdentifier
  FROM containers c CROSS JOIN entries n CROSS JOIN events e
  LEFT JOIN entries_of_catalogue x ON x.id = e.entry LEFT JOIN systems y ON y.id = x.system
  WHERE c.url = ? AND n.container = c.id AND n.event = e.id
`;

/** Number of events to count, and to examine, in one turn of the event loop. */
const COUNT_CHUNK = 20_000;
const CHUNK = 1_000;
/** Maximum duration of one turn of the event loop, in milliseconds. */
const TURN = 5;

/**
 * Reads the log of published events from the database of the events.
 */
export class SqliteRequestLog implements RequestLog {
  private readonly db: SqliteSession;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.db = session;
  }

  public async listEvents(
    pod: string,
    filter: RequestFilter,
    { index, size, isDescending }: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<LoggedEvent>> {
    const container = this.containerOf(pod);
    const [ from, to ] = [ index * size, (index + 1) * size ];
    const keys: number[] = [];
    let total = 0;
    if (container !== undefined) {
      await nextTimeSlice(signal);
      const walk = Object.values(filter).every((value): boolean => value === undefined) ?
        this.all(container, isDescending, from, to, signal) :
        this.matching(container, filter, isDescending, from, to, signal);
      for await (const step of walk) {
        keys.push(...step.keys);
        total += step.count;
      }
    }
    const items: LoggedEvent[] = [];
    const pause = timeSlicer(TURN, signal);
    for (const key of keys) {
      const row = this.db.get<LoggedRow>(`${LOGGED} AND n.event = ?`, publishContainer(pod), key);
      if (row) {
        items.push(this.toLogged(row));
      }
      await pause();
    }
    return { items, total };
  }

  /** Walks all events of a container, and reads only those of the page. */
  private async* all(
    container: number,
    isDescending: boolean,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Step> {
    let total = 0;
    for (let place: number | undefined = startOf(isDescending); place !== undefined;) {
      const step = this.next(container, isDescending, place, COUNT_CHUNK);
      const begin = Math.max(0, from - total);
      const length = Math.min(step.count, to - total) - begin;
      const keys = length > 0 ? this.keys(container, isDescending, place, length, begin) : [];
      yield { keys, count: step.count };
      total += step.count;
      place = step.place;
      await nextTimeSlice(signal);
    }
  }

  /** Walks the events of a container that match a filter. */
  private async* matching(
    container: number,
    filter: RequestFilter,
    isDescending: boolean,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Step> {
    const { sql, parameters } = conditionsOf(filter);
    const pause = timeSlicer(TURN, signal);
    let total = 0;
    for (let place: number | undefined = startOf(isDescending); place !== undefined;) {
      const step = this.next(container, isDescending, place, CHUNK);
      const range = isDescending ? [ step.to - 1, place - 1 ] : [ place, step.to ];
      const rows = step.count === 0 ? [] : this.db.all<Omit<OutcomeEvent, 'uuid'>>(`
        SELECT e.id AS event, e.pod, e.topic, e.published, e.forwarded,
          ${PENDING} AS pending
        FROM entries n CROSS JOIN events e LEFT JOIN entries_of_catalogue x ON x.id = e.entry
        WHERE n.container = ? AND n.event > ? AND n.event <= ? AND e.id = n.event ${sql}
        ORDER BY n.event ${isDescending ? 'DESC' : 'ASC'}
      `, container, ...range, ...parameters);
      const keys: number[] = [];
      for (const row of rows) {
        if (!isCovered(filter.topics, row.topic)) {
          continue;
        }
        if (!filter.state || hasState(this.db, row, filter.state)) {
          keys.push(row.event);
        }
        if (filter.state) {
          await pause();
        }
      }
      yield { keys: keys.slice(Math.max(0, from - total), Math.max(0, to - total)), count: keys.length };
      total += keys.length;
      place = step.place;
      await nextTimeSlice(signal);
    }
  }

  /** Counts the events after a place, up to `limit`. Returns their number and the last of them. */
  private next(
    container: number,
    isDescending: boolean,
    place: number,
    limit: number,
  ): { count: number; to: number; place?: number } {
    const [ last, range ] = isDescending ? [ 'MIN', 'event < ? ORDER BY event DESC' ] : [ 'MAX', 'event > ? ORDER BY event' ];
    const { count, to } = this.db.get<{ count: number; to: number }>(`
      SELECT COUNT(*) AS count, IFNULL(${last}(event), 0) AS "to"
      FROM (SELECT event FROM entries WHERE container = ? AND ${range} LIMIT ?)
    `, container, place, limit)!;
    return { count, to, ...count === limit && { place: to }};
  }

  private keys(container: number, isDescending: boolean, place: number, length: number, offset: number): number[] {
    const range = isDescending ? 'event < ? ORDER BY event DESC' : 'event > ? ORDER BY event';
    const sql = `SELECT event FROM entries WHERE container = ? AND ${range} LIMIT ? OFFSET ?`;
    return this.db.all<{ event: number }>(sql, container, place, length, offset).map(({ event }): number => event);
  }

  public async getEvent(pod: string, id: string): Promise<(LoggedEvent & { readonly data?: string }) | undefined> {
    const row = this.find(pod, id);
    if (!row) {
      return undefined;
    }
    const { members } = this.db.get<{ members: string }>('SELECT members FROM events WHERE id = ?', row.event)!;
    const { data } = readMembers({ members });
    return { ...this.toLogged(row), ...data !== undefined && { data }};
  }

  public async listOutcomes(pod: string, id: string, limit: number): Promise<Outcome[]> {
    const row = this.find(pod, id);
    return row ? listOutcomes(this.db, row, limit) : [];
  }

  public async getOutcome(pod: string, id: string): Promise<Outcome | undefined> {
    if (/^[1-9]\d{0,14}$/u.test(id)) {
      const row = this.db.get<LoggedRow>(
        `${LOGGED} AND n.event = (SELECT event FROM deliveries WHERE id = ?)`,
        publishContainer(pod),
        Number(id),
      );
      return row && outcomeOfDelivery(this.db, row, Number(id));
    }
    const dot = id.indexOf('.');
    const subscription = id.slice(dot + 1);
    const row = dot < 0 || !isId(subscription) ? undefined : this.find(pod, id.slice(0, dot));
    return row && outcomeOfSubscription(this.db, row, subscription);
  }

  private find(pod: string, id: string): LoggedRow | undefined {
    return isId(id) ?
      this.db.get<LoggedRow>(`
        ${LOGGED} AND e.id = (SELECT v.id FROM pods p CROSS JOIN events v WHERE p.url = ? AND v.uuid = ? AND v.pod = p.id)
      `, publishContainer(pod), pod, parse(id)) :
      undefined;
  }

  private containerOf(pod: string): number | undefined {
    return this.db.get<{ id: number }>('SELECT id FROM containers WHERE url = ?', publishContainer(pod))?.id;
  }

  private toLogged(row: LoggedRow): LoggedEvent {
    const { entry, identifier, name, operation, description, system, systemName, systemIdentifier } = row;
    return {
      id: stringify(row.uuid),
      topic: row.topic,
      published: row.published,
      ...entry !== null && {
        entry: { id: entry, identifier, name, operation, description, system, systemName, systemIdentifier },
      },
      ...row.request !== null && { request: JSON.parse(row.request) as RequestRecord },
      states: statesOf(this.db, row),
    };
  }
}

/** Returns the place before the first event. */
function startOf(isDescending: boolean): number {
  return isDescending ? Number.MAX_SAFE_INTEGER : 0;
}

/** The conditions of a filter except topics; of the state, only a condition that excludes many events. */
function conditionsOf(
  { system, since, until, id, identifier, state }: RequestFilter,
): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const conditions: (readonly [string, ...unknown[]])[] = [];
  if (system !== undefined) {
    conditions.push([ 'x.system = ?', system ]);
  }
  if (identifier !== undefined) {
    conditions.push([ 'instr(x.identifier, ?) > 0', identifier ]);
  }
  if (since !== undefined) {
    conditions.push([ 'e.published >= ?', since ]);
  }
  if (until !== undefined) {
    conditions.push([ 'e.published < ?', until ]);
  }
  if (state === 'waiting') {
    conditions.push([ `(${PENDING} OR ${DELIVERED})` ]);
  } else if (state === 'error' || state === 'ended') {
    conditions.push([ DELIVERED ]);
  }
  if (id !== undefined) {
    const range = uuidsOf(id);
    conditions.push(range ? [ 'e.uuid BETWEEN ? AND ?', ...range ] : [ '0' ]);
  }
  return {
    sql: conditions.map(([ condition ]): string => `AND ${condition}`).join(' '),
    parameters: conditions.flatMap(([ , ...values ]): unknown[] => values),
  };
}

/** Returns the first and the last UUID with a prefix, or `undefined` if no UUID has it. */
function uuidsOf(prefix: string): [ Buffer, Buffer ] | undefined {
  const text = prefix.toLowerCase();
  const fill = (digit: string): string => `${text}${'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'.slice(text.length).replaceAll('x', digit)}`;
  const [ low, high ] = [ fill('0'), fill('f') ];
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/u.test(low) ?
    [ low, high ].map((uuid): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex')) as [ Buffer, Buffer ] :
    undefined;
}

import { stringify } from 'uuid';
import type { Event } from '../event/Event';
import type { SqliteSession } from './SqliteSession';

/** A row of {@link EVENTS}. */
export interface EventRow extends Omit<Event, 'id' | 'publisher'> {
  readonly uuid: Buffer;
  readonly publisher: string | null;
  /** Number of hops, before its publication and since. */
  readonly hops: number;
}

/** Query of complete events `e`. */
export const EVENTS = `
  SELECT e.uuid, IFNULL(p.ended, p.url) AS pod, e.topic, IFNULL(a.ended, a.webid) AS publisher, e.published, x.text AS context, e.members,
    e.hops + e.passed AS hops
  FROM events e JOIN pods p ON p.id = e.pod JOIN contexts x ON x.id = e.context LEFT JOIN agents a ON a.id = e.publisher
`;

/** Returns the event of a row. */
export function toEvent({ uuid, publisher, pod, topic, published, context, members }: EventRow): Event {
  return { id: stringify(uuid), pod, topic, ...publisher !== null && { publisher }, published, context, members };
}

/** Returns an event with its number of hops, by its key; `undefined` if it was removed. */
export function eventOf(session: SqliteSession, event: number): (Event & { readonly hops: number }) | undefined {
  const row = session.get<EventRow>(`${EVENTS} WHERE e.id = ?`, event);
  return row && { ...toEvent(row), hops: row.hops };
}

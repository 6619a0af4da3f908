import { stringify } from 'uuid';
import type { Event } from '../event/Event';

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

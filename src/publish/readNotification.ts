import { InvalidInput } from '../event/InvalidInput';
import { LIMITS } from '../event/limits';
import type { ReceivedDocument } from '../event/ReceivedDocument';
import { addresseesIn, eventsIn, hasEventId, parseNotification, readReceived } from '../event/ReceivedDocument';
import type { JobOptions, Task } from '../work/Work';

/** An event of which a notification tells. */
export interface NotifiedEvent {
  readonly id: string;
  /** The WebIDs of its recipients and sources. */
  readonly addressees: readonly string[];
  /** The event, or what is wrong with it; only if it is the one that was asked for, or the only one. */
  readonly document?: ReceivedDocument | string;
}

interface Notification {
  /** The body, as JSON-LD. */
  readonly text: string;
  /** The URL of the inbox, to which relative IRIs are relative. */
  readonly base: string;
  /** The IRI of the event that is asked for. */
  readonly id?: string;
}

/** Longest notification that is read on the event loop, in UTF-16 code units, and the most contexts in it. */
const INLINE_LENGTH = 4_096;
const INLINE_CONTEXTS = 3;

/**
 * Finds the events of which a notification tells.
 *
 * @throws `InvalidInput` if it is not valid JSON-LD, or its events have too many addressees.
 */
export const READ_NOTIFICATION: Task<Notification, NotifiedEvent[]> = {
  name: 'readNotification',
  run: async({ text, base, id }, { contexts }): Promise<NotifiedEvent[]> => {
    const events = [ ...eventsIn(await parseNotification(text, base, contexts)) ].map(([ found, statements ]) =>
      ({ id: found, addressees: addresseesIn(statements), statements }));
    if (new Set(events.flatMap(({ addressees }): string[] => addressees)).size > LIMITS.recipientsPerEvent) {
      throw new InvalidInput(`An event has at most ${LIMITS.recipientsPerEvent} recipients and sources together`);
    }
    return events.map(({ statements, ...event }): NotifiedEvent => ({
      ...event,
      ...(events.length === 1 || event.id === id) && { document: read(text, event.id, statements) },
    }));
  },
};

/** Whether the member `id` of a body has the form of an event's, see {@link hasEventId}. */
export const HAS_EVENT_ID: Task<string, boolean> = { name: 'hasEventId', run: hasEventId };

/** The cost of reading a notification. */
export function costOf(text: string): JobOptions {
  return { size: text.length, isCostly: text.length > INLINE_LENGTH || text.split('@context').length - 1 > INLINE_CONTEXTS };
}

function read(...args: Parameters<typeof readReceived>): ReceivedDocument | string {
  try {
    return readReceived(...args);
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      return error.message;
    }
    throw error;
  }
}

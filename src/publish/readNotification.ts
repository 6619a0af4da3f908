import { InvalidInput } from '../event/InvalidInput';
import { LIMITS } from '../event/limits';
import type { ReceivedDocument } from '../event/ReceivedDocument';
import {
  addresseesIn,
  eventsIn,
  hasEventForm,
  hasEventId,
  parseNotification,
  readReceived,
} from '../event/ReceivedDocument';
import { mayDeclareEvent } from '../event/eventDetection';
import type { ContextLoader } from '../event/ContextLoader';
import type { JobOptions, Task } from '../work/Work';

/** An event of which a notification tells. */
export interface NotifiedEvent {
  readonly id: string;
  /** The WebIDs of its recipients and sources. */
  readonly addressees: readonly string[];
  /** The event, or its fault. Present only for the requested event or a single event. */
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
    return Promise.all(events.map(async({ statements, ...event }): Promise<NotifiedEvent> => ({
      ...event,
      ...(events.length === 1 || event.id === id) && { document: await read(text, event.id, statements, contexts) },
    })));
  },
};

/** Properties of a notification that need no JSON-LD processor. */
export interface Inspection {
  /** Whether it may be an event, for readers of JSON-LD or of plain JSON. */
  readonly isClaim: boolean;
  /** See {@link hasEventForm}. */
  readonly hasForm: boolean;
  /** See {@link hasEventId}. */
  readonly hasId: boolean;
}

/** Inspects the body of a notification, in time proportional to its length. */
export const INSPECT_NOTIFICATION: Task<string, Inspection> = {
  name: 'inspectNotification',
  run: (text): Inspection => {
    const hasForm = hasEventForm(text);
    const isClaim = hasForm || mayDeclareEvent(text);
    return { isClaim, hasForm, hasId: isClaim && hasEventId(text) };
  },
};

/** The cost of reading a notification. */
export function costOf(text: string): JobOptions {
  return { size: text.length, isCostly: text.length > INLINE_LENGTH || text.split('@context').length - 1 > INLINE_CONTEXTS };
}

async function read(
  text: string,
  id: string,
  statements: Parameters<typeof readReceived>[2],
  contexts: ContextLoader,
): Promise<ReceivedDocument | string> {
  try {
    return await readReceived(text, id, statements, contexts);
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      return error.message;
    }
    throw error;
  }
}

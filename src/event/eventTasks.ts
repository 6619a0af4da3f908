import type { Task } from '../work/Work';
import { activityText } from './activity';
import { knownContext } from './eventContexts';
import { eventRdf } from './eventRdf';
import type { EventText } from './documentReading';
import { mayNeedProcessor, readStored } from './documentReading';
import { ACTIVITY_JSON, ACTIVITY_LD } from './mediaTypes';

/** Maximum length of a document that needs a JSON-LD processor and is read on the event loop, in UTF-16 code units. */
const MAX_INLINE = 2_048;

const ENCODER = new TextEncoder();

/** Media types of the JSON form of ActivityStreams. */
export const ACTIVITY_TYPES: readonly string[] = [ ACTIVITY_JSON, ACTIVITY_LD ];

/** Task that serializes an event in an RDF format or as an activity: chunks of UTF-8, which pass without a copy. */
export const WRITE_EVENT: Task<{ readonly event: EventText; readonly type: string }, readonly Uint8Array[]> = {
  name: 'writeEvent',
  run: async({ event, type }, { contexts }): Promise<readonly Uint8Array[]> => {
    const pieces = ACTIVITY_TYPES.includes(type) ?
      [ await activityText(event, contexts.bundled()) ] :
      await eventRdf(event, type);
    return Array.from(pieces, (piece): Uint8Array => ENCODER.encode(piece));
  },
};

/** Task that reads an event stored by an earlier version, see {@link readStored}. */
export const READ_STORED: Task<EventText, EventText> = {
  name: 'readStored',
  run: async(event, { contexts }): Promise<EventText> => readStored(event, contexts.bundled()),
};

/** Returns whether the document of a stored event is served unchanged. */
export function isServedAsStored({ context }: EventText): boolean {
  const known = knownContext(context);
  return known !== undefined && known.isChecked && known.current === context;
}

/** Returns the document of an event without its other properties, in the form passed to worker threads. */
export function textOf({ id, pod, context, members }: EventText): EventText {
  return { id, pod, context, members };
}

/** Returns the cost of reading the document of an event as RDF. */
export function costOf(event: EventText): { readonly size: number; readonly isCostly: boolean } {
  const size = event.context.length + event.members.length;
  return { size, isCostly: size > MAX_INLINE && mayNeedProcessor(event) };
}

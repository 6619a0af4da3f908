import type { ContextLoader } from './ContextLoader';
import type { Event, EventDraft } from './Event';
import { eventUrl } from './Event';
import type { EventStamp } from './EventClock';
import { eventClock } from './EventClock';
import { InvalidInput } from './InvalidInput';
import { membersOf, valueOf } from './json';
import { readData } from './documentReading';
import { isWebUrl } from '../url/webUrl';

const oneOrMany = (values: readonly string[]): string | readonly string[] => values.length === 1 ? values[0] : values;

/**
 * Makes an event of a draft: mints its id, and writes the document that will be read for as long as it exists.
 *
 * The document is valid JSON-LD that names no context. Its `data` is the text that was posted, so reading it as JSON
 * returns what was posted; only contexts that it names are replaced by their text. Its RDF has all of the data, and no
 * statement of the data is about an event. Only data with keys that begin with `@` is given to a JSON-LD processor.
 *
 * @param draft - What to publish.
 * @param pod - The base URL of the producing pod, ending in `/`.
 * @param publisher - The WebID that made the request, if it is known.
 * @param loader - Gives the contexts that the server bundles.
 * @param stamp - The event's id and time. Default: the next ones of this process, which never go back.
 *
 * @throws {@link InvalidInput} if the data's own context is remote and not bundled, or part of it would not be in
 *   the RDF.
 */
export async function createEvent(
  draft: EventDraft,
  pod: string,
  publisher: string | undefined,
  loader: ContextLoader,
  { id, published }: EventStamp = eventClock.next(),
): Promise<Event> {
  if (publisher !== undefined && !isWebUrl(publisher)) {
    throw new InvalidInput('The WebID of the publisher is no URL that can stand in RDF');
  }
  const head = JSON.stringify({
    id: eventUrl({ pod, id }),
    type: [ 'Activity', 'Event' ],
    topic: draft.topic,
    publisher,
    ...draft.recipients.length > 0 && { recipient: oneOrMany(draft.recipients) },
    ...draft.sources.length > 0 && { source: oneOrMany(draft.sources) },
    origin: pod,
    published: new Date(published).toISOString(),
    subject: draft.subject,
    eventType: draft.eventType,
    requestKey: draft.requestKey,
  });
  const members = draft.data === undefined ? head : `${head.slice(0, -1)},"data":${draft.data}}`;
  const read = await readData({ id, pod, members }, loader.bundled());
  if ('fault' in read) {
    throw new InvalidInput(`The data is no valid JSON-LD: ${read.fault}`);
  }
  return { id, pod, topic: draft.topic, publisher, published, context: read.context, members: read.members };
}

/**
 * Reads the members of an event's document, whichever server has written it. `data` is not parsed.
 *
 * @returns The values of the other members, and the text of `data` as it was posted, if there is any: its numbers,
 *          order and spacing.
 */
export function readMembers({ members }: Pick<Event, 'members'>): {
  readonly values: Readonly<Record<string, unknown>>;
  readonly data?: string;
} {
  const texts = membersOf(members);
  const values: Record<string, unknown> = {};
  for (const name of texts.keys()) {
    if (name !== 'data') {
      values[name] = valueOf(texts, name);
    }
  }
  return { values, data: texts.get('data')?.value };
}

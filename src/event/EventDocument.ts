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
 * Creates an event from a draft: generates its id, and writes its immutable document.
 *
 * The document is valid JSON-LD and names no context. Its `data` is the posted text, so reading it as JSON returns the
 * posted data; only named contexts are replaced by their text. Its RDF contains all of the data, and the data makes no
 * statement about an event. Only data with keys that begin with `@` is passed to a JSON-LD processor.
 *
 * @param draft - The event to publish.
 * @param pod - The base URL of the producing pod, ending in `/`.
 * @param publisher - The WebID of the publisher, if known.
 * @param loader - Provides the bundled contexts.
 * @param stamp - The event's id and time. Default: the next ones of this process, which never go back.
 *
 * @throws {@link InvalidInput} if the data names a context that is not bundled, or part of the data has no RDF form.
 */
export async function createEvent(
  draft: EventDraft,
  pod: string,
  publisher: string | undefined,
  loader: ContextLoader,
  { id, published }: EventStamp = eventClock.next(),
): Promise<Event> {
  if (publisher !== undefined && !isWebUrl(publisher)) {
    throw new InvalidInput('Invalid publisher: expected a WebID that is a valid IRI');
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
    ...draft.annotations,
  });
  const members = draft.data === undefined ? head : `${head.slice(0, -1)},"data":${draft.data}}`;
  const read = await readData({ id, pod, members }, loader.bundled(), draft.keepsData);
  if ('fault' in read) {
    throw new InvalidInput(`The data is no valid JSON-LD: ${read.fault}`);
  }
  return { id, pod, topic: draft.topic, publisher, published, context: read.context, members: read.members };
}

/**
 * Reads the members of an event's document, by any server. `data` is not parsed.
 *
 * @returns The values of the other members, and the text of `data` as it was posted, if any: its numbers, order and
 *   spacing.
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

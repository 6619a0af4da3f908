import { v7 } from 'uuid';
import type { ContextLoader } from './ContextLoader';
import type { Event, EventDraft } from './Event';
import { eventDocument, eventUrl } from './Event';
import { InvalidInput } from './InvalidInput';
import { membersOf, valueOf } from './json';
import { inspectData } from './linkedData';
import type { DataReading } from './linkedData';
import { parseJsonLd } from './rdf';
import { AS, EVENTS, SCHEMA, XSD } from './vocabulary';

/**
 * The JSON-LD context of an event's document.
 * Inside `data` nothing of it holds: there the default vocabulary is schema.org,
 * or the whole value is one `rdf:JSON` literal where it could not be read as linked data.
 *
 * @see https://www.w3.org/TR/json-ld11/#scoped-contexts
 */
function contextFor({ asLiteral, typeIsType, idIsId }: DataReading): string {
  return JSON.stringify({
    '@version': 1.1,
    as: AS,
    events: EVENTS,
    xsd: XSD,
    id: '@id',
    type: '@type',
    Activity: 'as:Activity',
    Event: 'events:Event',
    publisher: { '@id': 'as:actor', '@type': '@id' },
    recipient: { '@id': 'as:to', '@type': '@id' },
    source: { '@id': 'as:attributedTo', '@type': '@id' },
    origin: { '@id': 'as:origin', '@type': '@id' },
    published: { '@id': 'as:published', '@type': 'xsd:dateTime' },
    topic: 'events:topic',
    subject: 'events:subject',
    eventType: 'events:eventType',
    requestKey: 'events:requestKey',
    data: asLiteral ?
        { '@id': 'events:data', '@type': '@json' } :
        {
          '@id': 'events:data',
          '@context': [ null, {
            '@vocab': SCHEMA,
            type: typeIsType ? '@type' : `${SCHEMA}additionalType`,
            id: idIsId ? '@id' : `${SCHEMA}identifier`,
          }],
        },
  });
}

// There are eight readings, so eight texts.
const contexts = new Map<string, string>();
function cachedContextFor(reading: DataReading): string {
  const key = `${reading.asLiteral},${reading.typeIsType},${reading.idIsId}`;
  let context = contexts.get(key);
  if (!context) {
    context = contextFor(reading);
    contexts.set(key, context);
  }
  return context;
}

const oneOrMany = (values: readonly string[]): string | readonly string[] => values.length === 1 ? values[0] : values;

/**
 * Makes an event of a draft: mints its id, and writes the document that will be read for as long as it exists.
 *
 * The document is valid JSON-LD that names no remote context, and its `data` is the text that was posted,
 * so reading it as JSON gives back what was posted. Only data that brings its own `@context` is parsed here.
 *
 * @param draft - What to publish.
 * @param pod - The base URL of the producing pod, ending in `/`.
 * @param publisher - The WebID that made the request, if it is known.
 * @param loader - Gives the contexts that the server bundles.
 *
 * @throws {@link InvalidInput} if the data's own context is remote and not bundled, or makes it invalid JSON-LD.
 */
export async function createEvent(
  draft: EventDraft,
  pod: string,
  publisher: string | undefined,
  loader: ContextLoader,
): Promise<Event> {
  const id = v7();
  const published = Date.now();
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
  const inspected = inspectData(draft.value ?? (draft.data === undefined ? undefined : JSON.parse(draft.data)));
  // Whoever brings a context wants to be read as linked data, or to hear why that cannot be.
  const reading = { ...inspected, asLiteral: inspected.asLiteral && !inspected.hasContext };
  const toEvent = (asLiteral: boolean): Event => {
    const context = cachedContextFor({ ...reading, asLiteral });
    return { id, pod, topic: draft.topic, publisher, published, context, members };
  };
  if (!reading.hasKeywords) {
    return toEvent(reading.asLiteral);
  }
  // Only a parser can tell; what brings no context may also be kept as a literal, if the parser reads that.
  let fault: unknown;
  for (const asLiteral of reading.hasContext ? [ false ] : [ reading.asLiteral, true ]) {
    const event = toEvent(asLiteral);
    try {
      await parseJsonLd(eventDocument(event), loader, eventUrl(event));
      return event;
    } catch (error: unknown) {
      fault = error;
    }
  }
  throw new InvalidInput(`The data is no valid JSON-LD: ${(fault as Error).message}`);
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

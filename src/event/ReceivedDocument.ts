import type { Quad } from '@rdfjs/types';
import type { ContextLoader } from './ContextLoader';
import type { Event } from './Event';
import { eventUrl, HOPS, isId } from './Event';
import { mayHaveEventForm } from './eventDetection';
import { knownContext } from './eventContexts';
import { toNTriples } from './eventRdf';
import { quadInCurrentNamespace, inCurrentNamespace } from './formerNamespace';
import { envelopeStatements, isOwnEnvelope } from './envelope';
import { InvalidInput } from './InvalidInput';
import { membersOf, parseJson, valueOf } from './json';
import { parseForeignJsonLd, parseNTriples } from './rdf';
import { readForeign } from './documentReading';
import { N_TRIPLES } from './terms';
import { isTopic } from './Topic';
import { isWebUrl } from '../url/webUrl';
import { AS, EVENTS, RDF } from './vocabulary';

/** More hops than any bound on them. */
const MAX_HOPS = 1_000;
/** The longest context of an event, in bytes; contexts are kept for good. */
const MAX_CONTEXT_BYTES = 16 * 1_024;

/**
 * An event as the document of another server tells it.
 */
export interface ReceivedDocument {
  readonly event: Event;
  /** The WebIDs to whom it is addressed: its recipients and sources. */
  readonly addressees: readonly string[];
  /** How many servers have passed it on; at least 1. */
  readonly hops: number;
}

/**
 * What a document in an inbox says of events: the statements about each, by its IRI.
 */
export type EventStatements = ReadonlyMap<string, readonly Quad[]>;

/** The events that statements tell of, among whatever else. */
export function eventsIn(quads: readonly Quad[]): EventStatements {
  const events = new Map<string, Quad[]>(quads
    .filter(({ predicate, object }): boolean => predicate.value === `${RDF}type` && object.value === `${EVENTS}Event`)
    .map(({ subject }): [string, Quad[]] => [ subject.value, []]));
  // In one pass, for both may be as many as fit in a request.
  for (const quad of quads) {
    events.get(quad.subject.value)?.push(quad);
  }
  return events;
}

/** The WebIDs to whom statements about an event say that it is addressed. */
export function addresseesIn(statements: readonly Quad[]): string[] {
  return [ ...new Set([ ...valuesOf(statements, `${AS}to`), ...valuesOf(statements, `${AS}attributedTo`) ]) ];
}

/**
 * Parses JSON-LD that somebody left in an inbox.
 *
 * @throws {@link InvalidInput} if it is not valid, or names a context that the server does not bundle.
 */
export async function parseNotification(text: string, base: string, loader: ContextLoader): Promise<Quad[]> {
  const { value } = parseJson(text);
  const own = ownStatements(text, value);
  if (own) {
    return own;
  }
  try {
    return (await parseForeignJsonLd(text, loader, base)).map(quadInCurrentNamespace);
  } catch (error: unknown) {
    throw new InvalidInput(`The notification is not valid JSON-LD: ${(error as Error).message}`);
  }
}

/**
 * The statements about an event whose document this software has written, without those of its data; undefined for any
 * other text. They need no JSON-LD processor.
 */
function ownStatements(text: string, value: unknown): Quad[] | undefined {
  const context = membersOf(text).get('@context')?.value;
  if (context === undefined || !knownContext(inCurrentNamespace(context))) {
    return undefined;
  }
  const members = Object.fromEntries(Object.entries(value as object).filter(([ name ]): boolean =>
    name !== '@context' && name !== HOPS));
  return isOwnEnvelope(members) ? parseNTriples(toNTriples(envelopeStatements(members, N_TRIPLES))) : undefined;
}

/**
 * Whether a text is that of an object whose member `id` has the form of an event's; it is not parsed for that.
 * Also where it is no valid JSON, which it is too early to say.
 */
export function hasEventId(text: string): boolean {
  try {
    const id = valueOf(membersOf(text), 'id');
    return typeof id === 'string' && id.includes('/publish/') && isId(id.slice(id.lastIndexOf('/') + 1));
  } catch {
    return true;
  }
}

/**
 * Whether text is that of an object that readers of plain JSON take for an event, whatever its context says: its `id`
 * has the form of an event's, and one of its types is `Event`.
 */
export function hasEventForm(text: string): boolean {
  if (!mayHaveEventForm(text)) {
    return false;
  }
  try {
    const root = membersOf(text);
    const [ id, type ] = [ valueOf(root, 'id'), valueOf(root, 'type') ];
    return [ type ].flat().includes('Event') && typeof id === 'string' && id.includes('/publish/') &&
      isId(id.slice(id.lastIndexOf('/') + 1));
  } catch {
    return false;
  }
}

/**
 * Reads an event that was published on another server, from its document.
 * It is kept as it came, except for the number of hops, which is left out, the contexts that it names, which are
 * replaced by their text, and the former namespace of the vocabulary, which is replaced by the current one.
 *
 * @param text - The document, which is valid JSON-LD.
 * @param id - The IRI of the event.
 * @param statements - What it says of the event.
 * @param loader - Gives the contexts that the server bundles.
 *
 * @throws {@link InvalidInput} if anything that the event needs is not there, or not of its form, or if part of the
 * document would not be in its RDF, or says of the event what only its own members say.
 */
export async function readReceived(
  text: string,
  id: string,
  statements: readonly Quad[],
  loader: ContextLoader,
): Promise<ReceivedDocument> {
  const one = (predicate: string): string | undefined => {
    const values = valuesOf(statements, predicate);
    if (values.length > 1) {
      throw new InvalidInput(`The event has more than one <${predicate}>`);
    }
    return values[0];
  };
  const topic = one(`${EVENTS}topic`) ?? '';
  const pod = one(`${AS}origin`) ?? '';
  const publisher = one(`${AS}actor`);
  const uuid = id.slice(id.lastIndexOf('/') + 1);
  if (!isTopic(topic)) {
    throw new InvalidInput(`The event has no valid topic (<${EVENTS}topic>)`);
  }
  if (!isWebUrl(pod) || !pod.endsWith('/') || !isId(uuid) || id !== eventUrl({ pod, id: uuid })) {
    throw new InvalidInput('The id of an event has to be {origin}publish/{UUIDv7}, where origin is the base URL of its pod ' +
      `(<${AS}origin>)`);
  }
  if (publisher !== undefined && !isWebUrl(publisher)) {
    throw new InvalidInput('The publisher of the event is no WebID');
  }
  const root = membersOf(text);
  const context = root.get('@context')?.value;
  if (context === undefined || valueOf(root, 'id') !== id) {
    throw new InvalidInput('An event is one JSON object with @context, whose member id is the id of the event');
  }
  if (Buffer.byteLength(context) > MAX_CONTEXT_BYTES) {
    throw new InvalidInput(`The @context of an event is at most ${MAX_CONTEXT_BYTES / 1_024} KiB long`);
  }
  // Who reads it as JSON finds the same as who reads it as RDF.
  for (const [ name, value ] of Object.entries({ topic, publisher, origin: pod })) {
    if (root.has(name) && valueOf(root, name) !== value) {
      throw new InvalidInput(`The member ${name} of the event is not what its JSON-LD says`);
    }
  }
  const members = [ ...root ].filter(([ name ]): boolean => name !== '@context' && name !== HOPS)
    .map(([ name, { whole }]): string => name === 'data' ? whole : inCurrentNamespace(whole));
  const document = { id: uuid, pod, context: detached(inCurrentNamespace(context)), members: detached(`{${members.join(',')}}`) };
  const read = await readForeign(document, loader.bundled());
  if ('fault' in read) {
    throw new InvalidInput(`The event has no form as RDF: ${read.fault}`);
  }
  return {
    event: {
      ...document,
      topic,
      ...publisher !== undefined && { publisher },
      // By it events are found and grow old here, so it is not for the sender to say; the document tells what it says.
      published: Date.now(),
      context: read.context,
      members: read.members,
    },
    addressees: addresseesIn(statements),
    hops: hopsOf([ ...valuesOf(statements, `${EVENTS}hops`), valueOf(root, HOPS) ]),
  };
}

/** The same text, which does not keep in memory the one that it was cut out of. */
function detached(text: string): string {
  return Buffer.from(text).toString();
}

/** The most that is told; also of the member that says it where the context does not have its prefix. */
function hopsOf(told: readonly unknown[]): number {
  const hops = told.map((value): number => Math.floor(Number(value))).filter((value): boolean => value >= 1);
  return Math.min(Math.max(1, ...hops), MAX_HOPS);
}

function valuesOf(statements: readonly Quad[], predicate: string): string[] {
  return [ ...new Set(statements.filter((quad): boolean => quad.predicate.value === predicate)
    .map(({ object }): string => object.value)) ];
}

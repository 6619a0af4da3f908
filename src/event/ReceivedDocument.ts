import type { Quad } from '@rdfjs/types';
import type { ContextLoader } from './ContextLoader';
import type { Event } from './Event';
import { eventUrl, HOPS, isId } from './Event';
import { mayHaveEventForm } from './eventDetection';
import { currentContext, knownContext } from './eventContexts';
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

/** Maximum hop count that is read from a document. Larger than any configurable limit on hops. */
const MAX_HOPS = 1_000;
/** Maximum size of an event's context, in bytes. Stored contexts are never removed. */
const MAX_CONTEXT_BYTES = 16 * 1_024;

/**
 * An event, read from the document of another server.
 */
export interface ReceivedDocument {
  readonly event: Event;
  /** WebIDs of the recipients and sources. */
  readonly addressees: readonly string[];
  /** Number of servers that have forwarded the event. At least 1. */
  readonly hops: number;
}

/**
 * RDF statements about the events in a document, by the IRI of the event.
 */
export type EventStatements = ReadonlyMap<string, readonly Quad[]>;

/** Returns the statements about each event in a list of quads. */
export function eventsIn(quads: readonly Quad[]): EventStatements {
  const events = new Map<string, Quad[]>(quads
    .filter(({ predicate, object }): boolean => predicate.value === `${RDF}type` && object.value === `${EVENTS}Event`)
    .map(({ subject }): [string, Quad[]] => [ subject.value, []]));
  // One pass: the numbers of events and quads are both limited only by the size of the request.
  for (const quad of quads) {
    events.get(quad.subject.value)?.push(quad);
  }
  return events;
}

/** Returns the WebIDs of the addressees of an event: `as:to` and `as:attributedTo`. */
export function addresseesIn(statements: readonly Quad[]): string[] {
  return [ ...new Set([ ...valuesOf(statements, `${AS}to`), ...valuesOf(statements, `${AS}attributedTo`) ]) ];
}

/**
 * Parses a JSON-LD notification that was posted to an inbox.
 *
 * @throws {@link InvalidInput} if it is invalid, or names a context that the server does not bundle.
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
 * Returns the statements of an event's envelope, without `data`, if this software has written the document.
 *
 * It needs no JSON-LD processor. Returns undefined for any other text.
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
 * Returns whether the member `id` of a JSON object has the form of an event URL. The text is not parsed for this.
 *
 * Also true for invalid JSON, because the syntax is checked later.
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
 * Returns whether readers of plain JSON take a text for an event, regardless of its context.
 *
 * Its `id` has the form of an event URL, and one of its types is `Event`.
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
 * Reads an event that was published on another server from its document.
 *
 * The document is kept unchanged, with three exceptions: the hop count is removed, named contexts are replaced by their
 * text, and the vocabulary of earlier versions is replaced by the current one.
 *
 * @param text - The document, valid JSON-LD.
 * @param id - The IRI of the event.
 * @param statements - The statements about the event in the document.
 * @param loader - Provides the bundled contexts.
 *
 * @throws {@link InvalidInput} if a required property is missing or malformed, if part of the document has no RDF form,
 *   or if the document makes statements about the event outside of the event's own members.
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
      throw new InvalidInput(`Invalid event: expected at most one <${predicate}>, got ${values.length}`);
    }
    return values[0];
  };
  const topic = one(`${EVENTS}topic`) ?? '';
  const pod = one(`${AS}origin`) ?? '';
  const publisher = one(`${AS}actor`);
  const uuid = id.slice(id.lastIndexOf('/') + 1);
  if (!isTopic(topic)) {
    throw new InvalidInput(`Invalid event: the topic (<${EVENTS}topic>) is missing or malformed`);
  }
  if (!isWebUrl(pod) || !pod.endsWith('/') || !isId(uuid) || id !== eventUrl({ pod, id: uuid })) {
    throw new InvalidInput('Invalid event id: expected {origin}publish/{UUIDv7}, where origin is the base URL of its pod ' +
      `(<${AS}origin>)`);
  }
  if (publisher !== undefined && !isWebUrl(publisher)) {
    throw new InvalidInput('Invalid event: the publisher is not a WebID');
  }
  const root = membersOf(text);
  const context = root.get('@context')?.value;
  if (context === undefined || valueOf(root, 'id') !== id) {
    throw new InvalidInput('Invalid event: expected one JSON object with @context, whose member id is the id of the event');
  }
  if (Buffer.byteLength(context) > MAX_CONTEXT_BYTES) {
    throw new InvalidInput(`Invalid event: its @context is larger than ${MAX_CONTEXT_BYTES / 1_024} KiB`);
  }
  // JSON readers and RDF readers must find the same values.
  for (const [ name, value ] of Object.entries({ topic, publisher, origin: pod })) {
    if (root.has(name) && valueOf(root, name) !== value) {
      throw new InvalidInput(`Invalid event: its member ${name} differs from its value in RDF`);
    }
  }
  const members = [ ...root ].filter(([ name ]): boolean => name !== '@context' && name !== HOPS)
    .map(([ name, { whole }]): string => name === 'data' ? whole : inCurrentNamespace(whole));
  const document = { id: uuid, pod, context: detached(currentContext(inCurrentNamespace(context))), members: detached(`{${members.join(',')}}`) };
  const read = await readForeign(document, loader.bundled());
  if ('fault' in read) {
    throw new InvalidInput(`The event has no form as RDF: ${read.fault}`);
  }
  return {
    event: {
      ...document,
      topic,
      ...publisher !== undefined && { publisher },
      // Time of receipt: it orders events and decides their retention, so senders cannot set it. The document keeps the
      // sender's value.
      published: Date.now(),
      context: read.context,
      members: read.members,
    },
    addressees: addresseesIn(statements),
    hops: hopsOf([ ...valuesOf(statements, `${EVENTS}hops`), valueOf(root, HOPS) ]),
  };
}

/** Returns a copy of a text that does not keep the larger source text in memory. */
function detached(text: string): string {
  return Buffer.from(text).toString();
}

/** Returns the largest hop count given, also by a plain member `events:hops` whose context lacks the prefix. */
function hopsOf(told: readonly unknown[]): number {
  const hops = told.map((value): number => Math.floor(Number(value))).filter((value): boolean => value >= 1);
  return Math.min(Math.max(1, ...hops), MAX_HOPS);
}

function valuesOf(statements: readonly Quad[], predicate: string): string[] {
  return [ ...new Set(statements.filter((quad): boolean => quad.predicate.value === predicate)
    .map(({ object }): string => object.value)) ];
}

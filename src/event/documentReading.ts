import type { Event } from './Event';
import { eventUrl } from './Event';
import { contextOf, knownContext, LITERAL_CONTEXT } from './eventContexts';
import { expandJsonLd } from './jsonLdExpansion';
import { expandedStatements } from './expandedData';
import { envelopeStatements, isOwnEnvelope } from './envelope';
import type { BundledContexts } from './contextInlining';
import { inlineContexts } from './contextInlining';
import { isIri } from './iri';
import type { DataInterpretation } from './linkedData';
import { inspectData, EVENT_STATEMENTS_REFUSED, plainStatements } from './linkedData';
import type { ExactJson } from './numbers';
import { parseExact } from './numbers';
import type { Notation, Statements } from './terms';
import { N_TRIPLES } from './terms';
import { EVENTS } from './vocabulary';

/** The document of an event, as plain data. */
export type EventText = Pick<Event, 'id' | 'pod' | 'context' | 'members'>;

/** A document as it can be stored and read, or why it cannot. */
export type ReadResult = Pick<EventText, 'context' | 'members'> | { readonly fault: string };

const OUT_OF_RANGE = 'it has a number beyond 1.8e308, and is not linked data';

/**
 * Decides how the data of an event is read: as linked data, or as one literal.
 *
 * Plain JSON takes one walk. Data with keys that begin with `@` is given to a JSON-LD processor, whose time can grow
 * faster than its input. Data that brings a context is read as linked data, or refused; other data can be one literal
 * instead. All arguments and results are plain data, so this can run in a worker thread.
 *
 * @param event - The event, without context; of its members only `data` is looked at.
 * @param contexts - The contexts that the data may name. They are inlined.
 */
export async function readData(event: Omit<EventText, 'context'>, contexts: BundledContexts): Promise<ReadResult> {
  const { value, ...parsed } = parseExact(event.members);
  const { data } = value as Members;
  const inspected = inspectData({ ...parsed, value: data }, event.id);
  if (!inspected.hasKeywords) {
    return inspected.asLiteral && parsed.isOutOfRange ?
        { fault: OUT_OF_RANGE } :
        { context: contextOf(inspected), members: event.members };
  }
  const relative = inspected.hasContext ? undefined : relativeId(data);
  if (relative !== undefined) {
    const name = JSON.stringify(relative);
    return { fault: `${name} is no absolute IRI; relative ones would mean something else in each copy` };
  }
  let fault = OUT_OF_RANGE;
  if (inspected.hasContext ? !parsed.isUnbounded : !inspected.asLiteral) {
    try {
      const members = inlineContexts(event.members, contexts);
      const context = contextOf({ ...inspected, asLiteral: false });
      await assertLossless({ ...event, context, members });
      return { context, members };
    } catch (error: unknown) {
      fault = (error as Error).message;
    }
  }
  return inspected.hasContext || parsed.isOutOfRange || fault.startsWith(EVENT_STATEMENTS_REFUSED) ?
      { fault } :
      { context: LITERAL_CONTEXT, members: event.members };
}

async function assertLossless(event: EventText): Promise<void> {
  const statements = await expanded(event, N_TRIPLES, true);
  if (!statements.some(({ predicate }): boolean => predicate === `<${EVENTS}data>`)) {
    throw new Error('none of it is a node or a value');
  }
}

/** The first `@id` that is no absolute IRI, or undefined. */
function relativeId(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  for (const [ key, child ] of Object.entries(value)) {
    const found = key === '@id' && typeof child === 'string' ?
      (isIri(child) || child.startsWith('_:') ? undefined : child) :
      relativeId(child);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/**
 * Reads the document of an event that another server has written, as strictly as data that is published here.
 *
 * @param event - The event; its context may be any.
 * @param contexts - The contexts that it may name. They are inlined.
 */
export async function readForeign(event: EventText, contexts: BundledContexts): Promise<ReadResult> {
  const known = knownContext(event.context);
  const { value, ...parsed } = parseExact(event.members);
  const members = value as Members;
  if (known && isOwnEnvelope(members)) {
    if (known.asLiteral && members.data !== undefined) {
      return parsed.isOutOfRange ? { fault: OUT_OF_RANGE } : event;
    }
    return readData(event, contexts);
  }
  try {
    const read = inlined(event, contexts);
    await expanded({ ...event, ...read }, N_TRIPLES);
    return read;
  } catch (error: unknown) {
    return { fault: (error as Error).message };
  }
}

/**
 * Returns the document of a stored event as it is to be served. It is the stored one, unless an earlier version
 * stored it.
 */
export async function readStored(event: EventText, contexts: BundledContexts): Promise<EventText> {
  const known = knownContext(event.context);
  if (known?.isChecked) {
    return event;
  }
  let read: ReadResult;
  try {
    read = known ? await readForeign(event, contexts) : inlined(event, contexts);
  } catch (error: unknown) {
    read = { fault: (error as Error).message };
  }
  return 'fault' in read ? { ...event, context: LITERAL_CONTEXT } : { ...event, ...read };
}

/** Inlines the contexts that a document names, wherever they are. */
function inlined({ context, members }: EventText, contexts: BundledContexts): { context: string; members: string } {
  return {
    context: inlineContexts(`{"@context":${context}}`, contexts).slice('{"@context":'.length, -1),
    members: inlineContexts(members, contexts),
  };
}

/**
 * Returns the statements of an event's document. That of plain JSON data needs one walk over it, and no JSON-LD
 * processor.
 */
export async function statementsOf(event: EventText, notation: Notation): Promise<Iterable<Statements>> {
  const plain = plainOf(event, notation);
  if (plain) {
    return plain;
  }
  try {
    return await expanded(event, notation);
  } catch {
    // It was stored by an earlier version, which checked less.
    const { value, exact } = parseExact(event.members);
    return ownStatements(event, value as Members, { asLiteral: true, typeIsType: true, idIsId: true }, exact, notation);
  }
}

type Members = Readonly<Record<string, unknown>>;

/** The statements of a document whose context this version has written, and whose data has no keywords. */
function plainOf(event: EventText, notation: Notation): Iterable<Statements> | undefined {
  const reading = knownContext(event.context);
  if (!reading) {
    return undefined;
  }
  const { value, exact } = parseExact(event.members);
  const members = value as Members;
  return isOwnEnvelope(members) && members.id === eventUrl(event) &&
    (reading.asLiteral || !hasKeywords(event.members, members.data)) ?
    ownStatements(event, members, reading, exact, notation) :
    undefined;
}

function* ownStatements(
  event: EventText,
  { data, ...members }: Members,
  reading: DataInterpretation,
  exact: ExactJson['exact'],
  notation: Notation,
): Generator<Statements> {
  const url = eventUrl(event);
  yield* envelopeStatements({ ...members, id: url }, notation);
  if (data !== undefined) {
    yield* plainStatements(notation.iri(url), notation.iri(`${EVENTS}data`), { value: data, exact }, reading, notation);
  }
}

/**
 * Returns whether an event may need a JSON-LD processor to be written as RDF. True for some plain data with strings
 * that begin with `@`.
 */
export function mayNeedProcessor({ context, members }: Pick<EventText, 'context' | 'members'>): boolean {
  const known = knownContext(context);
  return !known || (!known.asLiteral && KEYWORD.test(members));
}

/** A string that begins with `@`, in JSON. */
const KEYWORD = /"(?:@|\\u0040)/u;

/** Whether a key of data begins with `@`; `text` is JSON in which it occurs. */
function hasKeywords(text: string, data: unknown): boolean {
  const walk = (value: unknown): boolean => typeof value === 'object' && value !== null &&
    (Array.isArray(value) ?
        value.some(walk) :
        Object.entries(value).some(([ key, child ]): boolean => key.startsWith('@') || walk(child)));
  return KEYWORD.test(text) && walk(data);
}

/**
 * The statements of a document, by a JSON-LD processor.
 *
 * @param isStrict - Whether statements about other events are refused too, as in what is published here.
 */
async function expanded(event: EventText, notation: Notation, isStrict = false): Promise<Statements[]> {
  const { value, exact } = parseExact(event.members);
  const document = { '@context': JSON.parse(event.context) as unknown, ...value as object };
  const [ url, nodes ] = [ eventUrl(event), await expandJsonLd(document) ];
  return expandedStatements({ expanded: nodes, exact, url, id: event.id, isStrict }, notation);
}

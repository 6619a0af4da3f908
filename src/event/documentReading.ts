import type { Event } from './Event';
import { eventUrl } from './Event';
import { contextOf, currentContext, DATA_PROPERTY, knownContext, LITERAL_CONTEXT } from './eventContexts';
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

/** The document of an event, as plain data. */
export type EventText = Pick<Event, 'id' | 'pod' | 'context' | 'members'>;

/** A document in its stored form, or the reason for its rejection. */
export type ReadResult = Pick<EventText, 'context' | 'members'> | { readonly fault: string };

const OUT_OF_RANGE = 'it has a number beyond 1.8e308, and is not linked data';

/**
 * Decides whether the data of an event is read as linked data or as one literal.
 *
 * Plain JSON takes one walk. Data with keys that begin with `@` is passed to a JSON-LD processor, whose time can grow
 * faster than its input. Data with its own context is read as linked data or rejected. Other data can become one
 * literal instead. Arguments and results are plain data, so this function can run in a worker thread.
 *
 * @param event - The event without context. Of its members, only `data` is read.
 * @param contexts - The contexts that the data may name. They are inlined.
 * @param keepsText - Whether data that names contexts, or is not valid linked data, becomes one literal. Default false.
 */
export async function readData(
  event: Omit<EventText, 'context'>,
  contexts: BundledContexts,
  keepsText = false,
): Promise<ReadResult> {
  const { value, ...parsed } = parseExact(event.members);
  const { data } = value as Members;
  const inspected = inspectData({ ...parsed, value: data }, event.id);
  if (!inspected.hasKeywords) {
    return inspected.asLiteral && parsed.isOutOfRange ?
        { fault: OUT_OF_RANGE } :
        { context: contextOf(inspected), members: event.members };
  }
  const relative = inspected.hasContext ? undefined : relativeId(data);
  if (keepsText && (inspected.hasContext || relative !== undefined)) {
    return parsed.isOutOfRange ? { fault: OUT_OF_RANGE } : { context: LITERAL_CONTEXT, members: event.members };
  }
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
  return inspected.hasContext || parsed.isOutOfRange || (!keepsText && fault.startsWith(EVENT_STATEMENTS_REFUSED)) ?
      { fault } :
      { context: LITERAL_CONTEXT, members: event.members };
}

async function assertLossless(event: EventText): Promise<void> {
  const statements = await expanded(event, N_TRIPLES, true);
  const [ url, property ] = [ eventUrl(event), DATA_PROPERTY ].map(N_TRIPLES.iri);
  if (!statements.some(({ subject, predicate }): boolean => subject === url && predicate === property)) {
    throw new Error('none of it is a node or a value');
  }
}

/** Returns the first `@id` that is not an absolute IRI, or undefined. */
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
 * Reads the document of an event from another server, as strictly as data that is published here.
 *
 * @param event - The event, with any context.
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
 * Returns the document of a stored event in the form in which it is served.
 *
 * It differs from the stored form only if an earlier version stored it.
 */
export async function readStored(event: EventText, contexts: BundledContexts): Promise<EventText> {
  const known = knownContext(event.context);
  if (known?.isChecked) {
    return { ...event, context: currentContext(event.context) };
  }
  let read: ReadResult;
  try {
    read = known ? await readForeign(event, contexts) : inlined(event, contexts);
  } catch (error: unknown) {
    read = { fault: (error as Error).message };
  }
  return 'fault' in read ? { ...event, context: LITERAL_CONTEXT } : { ...event, ...read };
}

/** Inlines all contexts that a document names. */
function inlined({ context, members }: EventText, contexts: BundledContexts): { context: string; members: string } {
  return {
    context: inlineContexts(`{"@context":${context}}`, contexts).slice('{"@context":'.length, -1),
    members: inlineContexts(members, contexts),
  };
}

/** Returns the statements of an event's document. Plain JSON data takes one walk and no JSON-LD processor. */
export async function statementsOf(event: EventText, notation: Notation): Promise<Iterable<Statements>> {
  const plain = plainOf(event, notation);
  if (plain) {
    return plain;
  }
  try {
    return await expanded(event, notation);
  } catch {
    // Stored by an earlier version, which checked less.
    const { value, exact } = parseExact(event.members);
    return ownStatements(event, value as Members, { asLiteral: true, typeIsType: true, idIsId: true }, exact, notation);
  }
}

type Members = Readonly<Record<string, unknown>>;

/** A document in the form that this server writes. */
export interface OwnDocument {
  /** The interpretation of its data. */
  readonly reading: DataInterpretation;
  readonly members: Members;
  readonly exact: ExactJson['exact'];
}

/** Parses a document in the form that this server writes; `undefined` for other documents. */
export function readOwn(event: EventText): OwnDocument | undefined {
  const reading = knownContext(event.context);
  if (!reading) {
    return undefined;
  }
  const { value, exact } = parseExact(event.members);
  const members = value as Members;
  return isOwnEnvelope(members) && members.id === eventUrl(event) ? { reading, members, exact } : undefined;
}

/** Returns the statements of a document with a known context and plain data, or `undefined` for other documents. */
function plainOf(event: EventText, notation: Notation): Iterable<Statements> | undefined {
  const own = readOwn(event);
  return own && (own.reading.asLiteral || !hasKeywords(event.members, own.members.data)) ?
    ownStatements(event, own.members, own.reading, own.exact, notation) :
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
    yield* plainStatements(notation.iri(url), notation.iri(DATA_PROPERTY), { value: data, exact }, reading, notation);
  }
}

/**
 * Returns whether conversion of an event to RDF may need a JSON-LD processor.
 *
 * Can be true for plain data with strings that begin with `@`.
 */
export function mayNeedProcessor({ context, members }: Pick<EventText, 'context' | 'members'>): boolean {
  const known = knownContext(context);
  return !known || (!known.asLiteral && KEYWORD.test(members));
}

/** Matches a JSON string that begins with `@`. */
const KEYWORD = /"(?:@|\\u0040)/u;

/**
 * Returns whether a key of the data begins with `@`.
 *
 * @param text - JSON text that contains the data.
 * @param data - The parsed data.
 */
function hasKeywords(text: string, data: unknown): boolean {
  const walk = (value: unknown): boolean => typeof value === 'object' && value !== null &&
    (Array.isArray(value) ?
        value.some(walk) :
        Object.entries(value).some(([ key, child ]): boolean => key.startsWith('@') || walk(child)));
  return KEYWORD.test(text) && walk(data);
}

/**
 * Returns the statements of a document by a JSON-LD processor.
 *
 * @param event - The event.
 * @param notation - The syntax of the terms.
 * @param isStrict - Whether statements about other events are rejected, as in data that is published here.
 */
async function expanded(event: EventText, notation: Notation, isStrict = false): Promise<Statements[]> {
  const { value, exact } = parseExact(event.members);
  const document = { '@context': JSON.parse(event.context) as unknown, ...value as object };
  const [ url, nodes ] = [ eventUrl(event), await expandJsonLd(document) ];
  return expandedStatements({ expanded: nodes, exact, url, id: event.id, isStrict }, notation);
}

import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Representation, RepresentationMetadata, RepresentationPreferences } from '../css';
import {
  BasicRepresentation,
  cleanPreferences,
  guardStream,
  INTERNAL_ALL,
  INTERNAL_QUADS,
  parseContentType,
  pipeSafely,
} from '../css';
import { StreamParser } from 'n3';
import { AS2_CONTEXT } from '../event/activity';
import { eventDocument } from '../event/Event';
import { RDF_TYPES } from '../event/eventRdf';
import { ACTIVITY_TYPES, costOf, textOf, WRITE_EVENT } from '../event/eventTasks';
import {
  ACTIVITY_LD,
  CLOUD_EVENT,
  JSON_LD,
  JSON_MEDIA_TYPE,
  N_TRIPLES,
  TRIG,
  TURTLE,
} from '../event/mediaTypes';
import type { EventText } from '../event/documentReading';
import { namedFirst } from '../http/namedTypes';
import type { Work } from '../work/Work';
import { conversionError, CONVERSION_LIMITS } from './PooledJsonLdConverter';

/** Media types for which the server returns stored JSON-LD unconverted. */
const UNCONVERTED_TYPES = [ JSON_LD, JSON_MEDIA_TYPE, 'application/octet-stream' ];

/**
 * Returns an event or copy in the preferred media type, among the types that the server can convert JSON-LD to, and the
 * JSON form of ActivityStreams.
 *
 * RDF is written here. The server's converter would run a JSON-LD processor with superlinear run time, so it gets only
 * JSON-LD that needs no conversion to RDF.
 *
 * @param event - The event in its served form.
 * @param metadata - Its metadata. The content type is set.
 * @param preferences - Preferences of the client.
 * @param work - Pool of worker threads.
 *
 * @throws HttpError 406 or 503, see {@link conversionError}.
 */
export async function eventRepresentation(
  event: EventText,
  metadata: RepresentationMetadata,
  preferences: RepresentationPreferences,
  work: Work,
): Promise<Representation> {
  const type = preferredType(preferences);
  if (type === JSON_LD) {
    return new BasicRepresentation(eventDocument(event), metadata);
  }
  const isQuads = type === INTERNAL_QUADS;
  const pieces = await serializedEvent(event, isQuads ? N_TRIPLES : type, work);
  const text = Readable.from(yieldingBetween(pieces), { objectMode: false });
  metadata.contentTypeObject = contentTypeOf(type);
  return new BasicRepresentation(
    isQuads ? pipeSafely(text, new StreamParser({ format: N_TRIPLES })) : guardStream(text),
    metadata,
    !isQuads,
  );
}

/** Returns a media type as metadata. The server writes values of parameters unquoted. */
function contentTypeOf(type: string): RepresentationMetadata['contentTypeObject'] {
  const parsed = parseContentType(type);
  return type === ACTIVITY_LD ? Object.assign(parsed, { parameters: { profile: `"${AS2_CONTEXT}"` }}) : parsed;
}

/** Returns the text of an event in an RDF media type or as an activity, in pieces. */
async function serializedEvent(event: EventText, type: string, work: Work): Promise<readonly Uint8Array[]> {
  try {
    return await work.run(WRITE_EVENT, { event: textOf(event), type }, { ...costOf(event), ...CONVERSION_LIMITS });
  } catch (error: unknown) {
    throw conversionError(error, type);
  }
}

/** Yields pieces of text, each after a turn of the event loop. */
async function* yieldingBetween(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await setImmediate();
    yield piece;
  }
}

/**
 * Returns whether a client prefers an event as a CloudEvent to all forms of RDF. It has to name the media type.
 */
export function prefersCloudEvent({ type }: RepresentationPreferences): boolean {
  const preferences = cleanPreferences(type);
  const weight = preferences[CLOUD_EVENT] ?? 0;
  const types = [ ...UNCONVERTED_TYPES, ...RDF_TYPES, INTERNAL_QUADS ];
  const weightOf = namedFirst([ ...types, CLOUD_EVENT ], preferences);
  return weight > 0 && types.every((each): boolean => weightOf(each) < weight);
}

/**
 * Returns the media type that the server's converters choose for JSON-LD, among JSON-LD itself and other RDF types.
 * Named types precede wildcards. An activity has to be named, and precedes other types of the same weight.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-proactive-negotiation
 */
export function preferredType({ type }: RepresentationPreferences): string {
  const preferences = cleanPreferences(type);
  if (preferences[INTERNAL_ALL] > 0) {
    // A PATCH parses the representation.
    return TURTLE;
  }
  const types = [ ...UNCONVERTED_TYPES, ...RDF_TYPES ];
  const activity = ACTIVITY_TYPES.reduce((one, other): string =>
    (preferences[other] ?? 0) > (preferences[one] ?? 0) ? other : one);
  const weightOf = namedFirst([ ...types, activity ], preferences);
  if (preferences[activity] > 0 && types.every((each): boolean => weightOf(each) <= preferences[activity])) {
    return activity;
  }
  const weights = UNCONVERTED_TYPES.map(weightOf);
  const best = { type: JSON_LD, weight: Math.max(...weights) };
  for (const each of [ INTERNAL_QUADS, ...RDF_TYPES ]) {
    // The server's converters prefer these three types.
    const quality = [ INTERNAL_QUADS, TURTLE, TRIG ].includes(each) ? 0.9 : 0.9 * 0.95;
    const weight = quality * weightOf(each);
    if (weight > best.weight) {
      [ best.type, best.weight ] = [ each, weight ];
    }
  }
  return best.type;
}

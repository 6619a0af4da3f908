import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Representation, RepresentationMetadata, RepresentationPreferences } from '@solid/community-server';
import {
  BasicRepresentation,
  cleanPreferences,
  getTypeWeight,
  guardStream,
  INTERNAL_ALL,
  INTERNAL_QUADS,
  pipeSafely,
} from '@solid/community-server';
import { StreamParser } from 'n3';
import { eventDocument } from '../event/Event';
import { RDF_TYPES } from '../event/eventRdf';
import { costOf, textOf, WRITE_EVENT } from '../event/eventTasks';
import { JSON_LD, JSON_MEDIA_TYPE, N_TRIPLES, TRIG, TURTLE } from '../event/mediaTypes';
import type { EventText } from '../event/documentReading';
import type { Work } from '../work/Work';
import { conversionError, TIMES } from './EventConversion';

/** The types for which the server hands out JSON-LD as it is, or says that it is plain JSON or bytes. */
const AS_STORED = [ JSON_LD, JSON_MEDIA_TYPE, 'application/octet-stream' ];

/**
 * Returns an event or copy in the type that is preferred, among those that the server would convert JSON-LD to.
 *
 * The server's converter would run a JSON-LD processor, whose time grows faster than its input, so it gets only what
 * needs no conversion to RDF.
 *
 * @param event - The event as it is to be served.
 * @param metadata - Its metadata, which gets the type.
 * @param preferences - What the client asks for.
 * @param work - Runs what can take long.
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
  const pieces = await written(event, isQuads ? N_TRIPLES : type, work);
  const text = Readable.from(inTurns(pieces), { objectMode: false });
  metadata.contentType = type;
  return new BasicRepresentation(
    isQuads ? pipeSafely(text, new StreamParser({ format: N_TRIPLES })) : guardStream(text),
    metadata,
    !isQuads,
  );
}

/** The text of an event in a type of RDF, in pieces. */
async function written(event: EventText, type: string, work: Work): Promise<readonly Uint8Array[]> {
  try {
    return await work.run(WRITE_EVENT, { event: textOf(event), type }, { ...costOf(event), ...TIMES });
  } catch (error: unknown) {
    throw conversionError(error, type);
  }
}

/** Lets others have their turn before each piece of text is written. */
async function* inTurns(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await setImmediate();
    yield piece;
  }
}

/**
 * Returns the type that the server's converters choose for JSON-LD, among JSON-LD itself and the types of RDF.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-proactive-negotiation
 */
export function preferredType({ type }: RepresentationPreferences): string {
  const preferences = cleanPreferences(type);
  if (preferences[INTERNAL_ALL] > 0) {
    // A PATCH, which parses the representation.
    return TURTLE;
  }
  const weights = AS_STORED.map((each): number => getTypeWeight(each, preferences));
  const best = { type: JSON_LD, weight: Math.max(...weights) };
  for (const each of [ INTERNAL_QUADS, ...RDF_TYPES ]) {
    // The server prefers these in this order to all others.
    const quality = [ INTERNAL_QUADS, TURTLE, TRIG ].includes(each) ? 0.9 : 0.9 * 0.95;
    const weight = quality * getTypeWeight(each, preferences);
    if (weight > best.weight) {
      [ best.type, best.weight ] = [ each, weight ];
    }
  }
  return best.type;
}

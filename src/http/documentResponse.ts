import { Readable } from 'node:stream';
import type { Quad } from '@rdfjs/types';
import type { ValuePreferences } from '../css';
import {
  BasicRepresentation,
  cleanPreferences,
  guardStream,
  INTERNAL_QUADS,
  NotImplementedHttpError,
  readableToString,
} from '../css';
import { JSON_LD, JSON_MEDIA_TYPE, TURTLE } from '../event/mediaTypes';
import { nextTimeSlice } from '../event/timeSlices';
import { charge, COSTS } from '../access/costs';
import type { Conversion } from './convertedResponse';
import type { OwnDocument } from './documentQuads';
import { documentQuads } from './documentQuads';
import { HttpProblem } from './errors';
import { namedFirst } from './namedTypes';
import type { EndpointResponse, HttpExchange } from './Endpoint';
import { jsonResponse } from './Endpoint';

/** Weights of the media types that a document has, for clients that prefer none of them. */
const TYPES = {
  [JSON_LD]: 1,
  [JSON_MEDIA_TYPE]: 1,
  [TURTLE]: 0.9,
  // As containers look in a browser; the server has no page for a single entry.
  'text/html': 0.85,
  'application/n-triples': 0.8,
  'application/n-quads': 0.7,
  'application/trig': 0.6,
  'text/n3': 0.5,
};

/** Number of statements after which other requests have their turn. */
const TURN = 250;

/**
 * Answers with a JSON-LD document of this server in the format that the client prefers; where it has no preference, as
 * JSON.
 *
 * @param conversion - Serializes RDF, and reads the preferences of the client.
 * @param exchange - The request.
 * @param document - The document.
 * @param subject - Plural name of the documents, for messages.
 * @param entries - The number of its entries. Default 1.
 *
 * @throws {@link HttpProblem} 406 if the client accepts none of the formats.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-proactive-negotiation
 */
export async function documentAnswer(
  { converter, preferenceParser }: Conversion,
  { request, url }: HttpExchange,
  document: OwnDocument,
  subject: string,
  entries = 1,
): Promise<EndpointResponse> {
  charge(entries * COSTS.listed);
  const { accept = '*/*' } = request.headers;
  if (accept === '*/*' || accept.startsWith(JSON_MEDIA_TYPE)) {
    return jsonResponse(200, document);
  }
  const { type } = await preferenceParser.handleSafe({ request });
  const target = preferredOf(TYPES, type);
  if (target === undefined) {
    throw notAcceptable(subject, accept);
  }
  if (target === JSON_LD || target === JSON_MEDIA_TYPE) {
    return jsonResponse(200, document, { 'Content-Type': target });
  }
  charge(entries * COSTS.converted);
  const identifier = { path: url };
  const quads = guardStream(Readable.from(inTurns(documentQuads(document))));
  const representation = new BasicRepresentation(quads, identifier, INTERNAL_QUADS);
  try {
    const { data } = await converter.handleSafe({ identifier, representation, preferences: { type: { [target]: 1 }}});
    return { status: 200, headers: { 'Content-Type': target }, body: await readableToString(data) };
  } catch (error: unknown) {
    throw NotImplementedHttpError.isInstance(error) ? notAcceptable(subject, accept) : error;
  }
}

/**
 * Returns the media type that a client prefers, if it accepts any.
 *
 * @param types - Weights of the available media types, for clients that prefer none of them.
 * @param type - The preferences.
 */
export function preferredOf(types: Readonly<Record<string, number>>, type?: ValuePreferences): string | undefined {
  const weightOf = namedFirst(Object.keys(types), cleanPreferences(type));
  const [ best ] = Object.entries(types).map(([ each, quality ]): { each: string; weight: number } =>
    ({ each, weight: quality * weightOf(each) })).sort((one, other): number => other.weight - one.weight);
  return best.weight > 0 ? best.each : undefined;
}

/** The refusal of a request that accepts none of the available media types. */
export function notAcceptable(subject: string, accept: string, forms = 'JSON, JSON-LD or Turtle'): HttpProblem {
  return new HttpProblem(406, `${subject} cannot be shown as ${accept.slice(0, 100)}; ask for ${forms}`);
}

async function* inTurns(quads: Iterable<Quad>): AsyncGenerator<Quad, void, undefined> {
  let count = 0;
  for (const quad of quads) {
    yield quad;
    count += 1;
    if (count % TURN === 0) {
      await nextTimeSlice();
    }
  }
}

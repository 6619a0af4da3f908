import { N_QUADS, N_TRIPLES as N_TRIPLES_TYPE, N3, TRIG, TURTLE as TURTLE_TYPE } from './mediaTypes';
import type { EventText } from './documentReading';
import { statementsOf } from './documentReading';
import type { Statements } from './terms';
import { N_TRIPLES, PREFIXES, TURTLE } from './terms';

/** Media types that {@link eventRdf} writes. */
export const RDF_TYPES: readonly string[] = [ TURTLE_TYPE, TRIG, N_TRIPLES_TYPE, N_QUADS, N3 ];

/** Size of one chunk of text, in characters. */
const PIECE = 64 * 1_024;

/**
 * Serializes an event as RDF, in one of {@link RDF_TYPES}.
 *
 * Arguments and result are plain data, and it needs no server, so it can run in a worker thread. Plain JSON data takes
 * about as long as parsing the result. Only data with keys that begin with `@`, and documents with contexts of other
 * servers, need a JSON-LD processor.
 *
 * @param event - The event in its served form, see {@link readStored}.
 * @param mediaType - One of {@link RDF_TYPES}.
 *
 * @returns Chunks of about 64 KiB of text, each generated on demand.
 *
 * @see https://www.w3.org/TR/turtle/
 * @see https://www.w3.org/TR/n-triples/
 */
export async function eventRdf(event: EventText, mediaType: string): Promise<Iterable<string>> {
  return mediaType === N_TRIPLES_TYPE || mediaType === N_QUADS ?
    inPieces(nTriplesLines(await statementsOf(event, N_TRIPLES))) :
    inPieces(turtleParts(await statementsOf(event, TURTLE)));
}

function* inPieces(parts: Iterable<string>): Generator<string> {
  let [ pending, length ] = [ [] as string[], 0 ];
  for (const part of parts) {
    pending.push(part);
    length += part.length;
    if (length >= PIECE) {
      yield pending.join('');
      [ pending, length ] = [ [], 0 ];
    }
  }
  yield pending.join('');
}

function* nTriplesLines(statements: Iterable<Statements>): Generator<string> {
  for (const { subject, predicate, objects } of statements) {
    const start = `${subject} ${predicate} `;
    yield `${start}${objects.join(` .\n${start}`)} .\n`;
  }
}

/** Serializes statements as N-Triples. */
export function toNTriples(statements: Iterable<Statements>): string {
  return [ ...nTriplesLines(statements) ].join('');
}

function* turtleParts(statements: Iterable<Statements>): Generator<string> {
  yield Object.entries(PREFIXES).map(([ prefix, iri ]): string => `@prefix ${prefix}: <${iri}>.\n`).join('');
  let last: string | undefined;
  for (const { subject, predicate, objects } of statements) {
    const start = subject === last ? ' ;\n    ' : `${last === undefined ? '\n' : ' .\n'}${subject} `;
    yield `${start}${predicate} ${objects.join(', ')}`;
    last = subject;
  }
  yield last === undefined ? '' : ' .\n';
}

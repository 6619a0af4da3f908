import type { JsonLdContext } from 'jsonld-context-parser';
import { JsonLdParser } from 'jsonld-streaming-parser';
import type { Quad } from '@rdfjs/types';
import { Parser } from 'n3';
import type { ContextLoader } from './ContextLoader';
import { nextTimeSlice } from './timeSlices';

/**
 * Parses a JSON-LD document without ever fetching a context.
 *
 * @param text - The document.
 * @param loader - Gives the contexts that may be named.
 * @param baseIRI - What relative IRIs are relative to.
 * @param context - The context that holds where the document has none.
 *
 * @throws An error that says what makes the document invalid.
 *
 * @see https://www.w3.org/TR/json-ld11-api/#deserialize-json-ld-to-rdf-algorithm
 */
export async function parseJsonLd(
  text: string,
  loader: ContextLoader,
  baseIRI: string,
  context?: object,
): Promise<Quad[]> {
  return new Promise((resolve, reject): void => {
    const quads: Quad[] = [];
    const parser = new JsonLdParser({ baseIRI, documentLoader: loader, context: context as JsonLdContext });
    parser.on('data', (quad: Quad): unknown => quads.push(quad));
    parser.on('error', reject);
    parser.on('end', (): void => resolve(quads));
    parser.end(text);
  });
}

/** Documents up to this length, in bytes, are parsed at once. */
const MAX_SYNCHRONOUS = 16 * 1_024;
/** Documents up to this length may have their parts in any order. */
const MAX_UNORDERED = 64 * 1_024;
/** How much of a document is parsed before something else gets its turn, in bytes. */
const STEP = 4 * 1_024;

/**
 * Parses a JSON-LD document of a stranger as {@link parseJsonLd} does, in small steps, so that others get their turn.
 *
 * That is possible only where `@context`, and types that have a context of their own, come first in their object, so a
 * document of more than 64 KiB is not valid otherwise.
 *
 * @param text - The document.
 * @param loader - Gives the contexts that may be named.
 * @param baseIRI - What relative IRIs are relative to.
 *
 * @throws An error that says what makes the document invalid.
 *
 * @see https://www.w3.org/TR/json-ld11-streaming/#key-ordering-required
 */
export async function parseForeignJsonLd(text: string, loader: ContextLoader, baseIRI: string): Promise<Quad[]> {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_SYNCHRONOUS) {
    return parseJsonLd(text, loader, baseIRI);
  }
  try {
    return await parseInSteps(bytes, loader, baseIRI);
  } catch (error: unknown) {
    if (bytes.length > MAX_UNORDERED) {
      throw error;
    }
    return parseJsonLd(text, loader, baseIRI);
  }
}

async function parseInSteps(bytes: Buffer, documentLoader: ContextLoader, baseIRI: string): Promise<Quad[]> {
  const quads: Quad[] = [];
  const parser = new JsonLdParser({
    baseIRI, documentLoader, streamingProfile: true, streamingProfileAllowOutOfOrderPlainType: true,
  });
  let fault: Error | undefined;
  const ended = new Promise<void>((resolve, reject): void => {
    parser.on('data', (quad: Quad): unknown => quads.push(quad));
    parser.on('end', resolve);
    parser.on('error', (error: Error): void => {
      fault = error;
      reject(error);
    });
  });
  const write = async(part: Buffer): Promise<void> => new Promise((resolve): void => {
    parser.write(part, (): void => resolve());
  });
  for (let at = 0; at < bytes.length && !fault; at += STEP) {
    await nextTimeSlice();
    await Promise.race([ write(bytes.subarray(at, at + STEP)), ended ]);
  }
  if (!fault) {
    parser.end();
  }
  await ended;
  return quads;
}

/**
 * Parses a Turtle document.
 *
 * @throws An error that says what makes the document invalid.
 *
 * @see https://www.w3.org/TR/turtle/
 */
export function parseTurtle(text: string, baseIRI: string): Quad[] {
  return new Parser({ baseIRI, format: 'text/turtle' }).parse(text);
}

/**
 * Parses N-Triples.
 *
 * @see https://www.w3.org/TR/n-triples/
 */
export function parseNTriples(text: string): Quad[] {
  return new Parser({ format: 'N-Triples' }).parse(text);
}

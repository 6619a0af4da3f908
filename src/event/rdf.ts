import type { JsonLdContext } from 'jsonld-context-parser';
import { JsonLdParser } from 'jsonld-streaming-parser';
import type { Quad } from '@rdfjs/types';
import { Parser } from 'n3';
import type { ContextLoader } from './ContextLoader';
import { nextTimeSlice } from './timeSlices';

/**
 * Parses a JSON-LD document without fetching a context.
 *
 * @param text - The document.
 * @param loader - Provides the contexts that may be named.
 * @param baseIRI - Base of relative IRIs.
 * @param context - Default context for a document without one.
 *
 * @throws An error with the reason if the document is invalid.
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

/** Maximum length of a document that is parsed in one step, in bytes. */
const MAX_SYNCHRONOUS = 16 * 1_024;
/** Maximum length of a document whose members may have any order, in bytes. */
const MAX_UNORDERED = 64 * 1_024;
/** Length of a document that is parsed in one time slice, in bytes. */
const STEP = 4 * 1_024;

/**
 * Parses an untrusted JSON-LD document as {@link parseJsonLd} does, in time slices of the event loop.
 *
 * Slices require that `@context`, and types with a context of their own, are first in their object. A document of more
 * than 64 KiB is invalid otherwise.
 *
 * @param text - The document.
 * @param loader - Provides the contexts that may be named.
 * @param baseIRI - Base of relative IRIs.
 *
 * @throws An error with the reason if the document is invalid.
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
 * @throws An error with the reason if the document is invalid.
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

import type { JsonLdContext } from 'jsonld-context-parser';
import { JsonLdParser } from 'jsonld-streaming-parser';
import type { Quad } from '@rdfjs/types';
import { Parser } from 'n3';
import type { ContextLoader } from './ContextLoader';

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

import type { IncomingMessage } from 'node:http';
import { JSON_LD, JSON_MEDIA_TYPE, N_QUADS, N_TRIPLES, N3, TRIG, TURTLE } from '../../event/mediaTypes';

/** Types of a container that the server's own LDP returns. */
const OTHERS: ReadonlySet<string> =
  new Set([ TURTLE, JSON_LD, N_TRIPLES, N_QUADS, TRIG, N3, 'application/rdf+xml', 'text/html', 'application/xhtml+xml' ]);
/** Maximum length of a header that is examined, in characters. */
const MAX_LENGTH = 4_096;

/**
 * Returns whether a request has an API key in `x-api-key` and no `Accept` header.
 *
 * The clients of Yodata send such requests and read only JSON. Clients of LDP send `Accept`, or another credential.
 */
export function expectsJson({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers.accept === undefined && headers['x-api-key'] !== undefined;
}

/**
 * Returns whether an `Accept` header prefers `application/json` to the types of a container in LDP.
 *
 * The header must name `application/json`. A type named by a range with `*` counts only if its quality is higher; an
 * explicitly named type counts also if it is equal.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 */
export function prefersJson(accept = ''): boolean {
  let [ json, named, wildcard ] = [ 0, 0, 0 ];
  for (const range of accept.length > MAX_LENGTH ? [] : accept.toLowerCase().split(',')) {
    const [ type, ...parameters ] = range.split(';').map((part): string => part.trim());
    const quality = qualityOf(parameters);
    if (type === JSON_MEDIA_TYPE) {
      json = Math.max(json, quality);
    } else if (OTHERS.has(type)) {
      named = Math.max(named, quality);
    } else if (type === '*/*' || type === 'text/*' || type === 'application/*') {
      wildcard = Math.max(wildcard, quality);
    }
  }
  return json > named && json >= wildcard;
}

function qualityOf(parameters: readonly string[]): number {
  const text = parameters.find((parameter): boolean => parameter.startsWith('q='))?.slice(2);
  const quality = text === undefined ? 1 : Number(text);
  return quality >= 0 && quality <= 1 ? quality : 0;
}

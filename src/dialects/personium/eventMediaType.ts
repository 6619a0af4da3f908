import type { IncomingMessage } from 'node:http';
import { mediaTypeOf } from '../../http/contentType';
import { PersoniumProblem } from './PersoniumProblem';

/**
 * Media types of bodies that are read as JSON, besides an absent one. Clients send the last three with JSON: `curl -d`,
 * `fetch` with a text, and uploads of files. Types ending in `+json` define another meaning of the members.
 */
const READABLE = /^(?:[\w!#$&^.+-]+\/json|application\/x-www-form-urlencoded|text\/plain|application\/octet-stream)?$/u;
/** Maximum length of a media type in an error, in characters. */
const MAX_SHOWN = 100;

/**
 * Refuses a body whose media type defines another meaning than that of an external event.
 *
 * @throws {@link PersoniumProblem} 415, for example for a structured CloudEvent, which has none of Personium's fields.
 */
export function assertReadable(request: IncomingMessage): void {
  const type = mediaTypeOf(request);
  if (!READABLE.test(type)) {
    throw new PersoniumProblem(
      415,
      'PR415-OD-0001',
      `Unsupported media type:[${type.slice(0, MAX_SHOWN)}]. Send application/json.`,
      { 'Accept-Post': 'application/json' },
    );
  }
}

import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './errors';

/** The media type of a request's body, in lower case and without parameters; empty if there is none. */
export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
}

/**
 * The media type of a request's body, which is one of those that are accepted.
 *
 * @param request - The request.
 * @param accepted - The accepted media types.
 * @param header - Header of the response that lists them. Default `Accept-Post`.
 *
 * @throws {@link HttpProblem} 415 if it is none of the accepted ones.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-415-unsupported-media-type
 */
export function assertMediaType<T extends string>(
  request: IncomingMessage,
  accepted: readonly T[],
  header: 'Accept-Patch' | 'Accept-Post' | 'Accept-Put' = 'Accept-Post',
): T {
  const type = mediaTypeOf(request);
  if (!(accepted as readonly string[]).includes(type)) {
    throw new HttpProblem(
      415,
      `${type ? `Content-Type ${type.slice(0, 100)} is not supported` : 'Content-Type is missing'}: send ${accepted.join(' or ')}`,
      { [header]: accepted.join(', ') },
    );
  }
  return type as T;
}

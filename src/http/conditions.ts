import type { IncomingMessage } from 'node:http';

/**
 * Returns whether the `If-None-Match` header of a request names an entity tag, by weak comparison.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function matchesTag({ headers }: Pick<IncomingMessage, 'headers'>, tag: string): boolean {
  const known = (headers['if-none-match'] ?? '').split(',').map(opaqueTag);
  return known.includes(opaqueTag(tag)) || known.includes('*');
}

/**
 * Returns whether a request has conditions that the current entity tag of its resource does not meet. Tags of other
 * representations of the same state, with another text after the first hyphen, are equal.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
 */
export function failsConditions({ headers }: Pick<IncomingMessage, 'headers'>, tag: string): boolean {
  const state = (text: string): string => opaqueTag(text).replace(/^("[^-"]*)-.*$/u, '$1"');
  const names = (header: string | undefined): boolean =>
    header !== undefined && header.split(',').some((text): boolean => text.trim() === '*' || state(text) === state(tag));
  return (headers['if-match'] !== undefined && !names(headers['if-match'])) || names(headers['if-none-match']);
}

function opaqueTag(tag: string): string {
  return tag.trim().replace(/^W\//u, '');
}

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

function opaqueTag(tag: string): string {
  return tag.trim().replace(/^W\//u, '');
}

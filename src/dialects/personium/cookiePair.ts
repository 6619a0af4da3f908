import type { IncomingMessage } from 'node:http';
import { queryOf } from '../../http/query';

/**
 * The two halves by which a request authenticates without a header of its own.
 */
export interface CookiePair {
  /** The value of the cookie; empty if it was not sent. */
  readonly cookie: string;
  readonly peer: string;
}

/**
 * The cookie `p_cookie` and its peer, the parameter `p_cookie_peer` of the query.
 *
 * There is a pair only where there is a peer, because a browser sends a cookie without being asked, and only where the
 * request has no other credentials.
 *
 * @param request - The request.
 */
export function pairOf({ headers, url = '' }: Pick<IncomingMessage, 'headers' | 'url'>): CookiePair | undefined {
  if (headers.authorization !== undefined || headers['x-api-key'] !== undefined) {
    return undefined;
  }
  const peer = queryOf({ request: { url }}).get('p_cookie_peer');
  return peer === null ? undefined : { cookie: cookieOf(headers.cookie ?? ''), peer };
}

/** @see https://www.rfc-editor.org/rfc/rfc6265#section-4.2.1 */
function cookieOf(header: string): string {
  return /(?:^|;)[\t ]*p_cookie=([^;]*)/u.exec(header)?.[1].trim() ?? '';
}

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * The address by which public requests of a client are counted: an IPv4 address, or the /64 prefix of an IPv6 address,
 * since a client usually has a whole /64.
 *
 * @param request - The request.
 * @param isProxyTrusted - Whether a proxy in front of the server appends the client's address to `X-Forwarded-For`.
 *                         The right-most one is its own; the addresses before it were sent by the client.
 */
export function clientAddress(request: IncomingMessage, isProxyTrusted: boolean): string {
  const { remoteAddress = '' } = request.socket as Partial<IncomingMessage['socket']> | null ?? {};
  const forwarded = isProxyTrusted ? String(request.headers['x-forwarded-for'] ?? '') : '';
  const hop = withoutPort(forwarded.slice(forwarded.lastIndexOf(',') + 1).trim());
  return prefixOf(isIP(hop) > 0 ? hop : remoteAddress);
}

/** Some proxies add a port: `192.0.2.1:443`, `[2001:db8::1]:443`. */
function withoutPort(text: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/u.exec(text)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/u.exec(text)?.[1] ?? text;
}

function prefixOf(address: string): string {
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/iu.exec(address)?.[1];
  if (mapped !== undefined || isIP(address) !== 6) {
    return mapped ?? address;
  }
  const [ head, tail ] = address.replace(/%.*$/u, '').split('::') as [string, string | undefined];
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [ ...groups, ...Array.from({ length: Math.max(0, missing) }, (): string => '0'), ...tail ? tail.split(':') : []];
  return `${all.slice(0, 4).map((group): string => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

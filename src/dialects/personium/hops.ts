import type { IncomingHttpHeaders } from 'node:http';

/**
 * How many systems have passed an event on before, as its request tells: the larger of the number in
 * `X-Personium-RuleChain` and of how many cells `X-Personium-Via` lists; `Infinity` where the first is no number.
 *
 * HTTP's own `Via` tells of proxies, which do not count.
 *
 * @param headers - The headers of the request.
 */
export function hopsOf(headers: IncomingHttpHeaders): number {
  const chain = String(headers['x-personium-rulechain'] ?? '0');
  const via = String(headers['x-personium-via'] ?? '').split(',').filter((cell): boolean => cell.trim() !== '');
  return /^\d{1,15}$/u.test(chain) ? Math.max(Number(chain), via.length) : Number.POSITIVE_INFINITY;
}

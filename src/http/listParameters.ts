import { InvalidInput } from '../event/InvalidInput';
import type { EndpointResponse, HttpExchange } from './Endpoint';
import { queryOf } from './query';

/** Maximum number of entries of a page. */
const MOST = 1_000;
const DEFAULT_LIMIT = 100;

/**
 * The parameters of a request for a list, each given at most once.
 *
 * @param query - The query string, with or without its `?`.
 * @param known - The names of the parameters that there are.
 *
 * @throws {@link InvalidInput} that names the first parameter that is unknown or given twice.
 */
export function queryParameters(query: string, known: readonly string[]): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [ name, value ] of new URLSearchParams(query)) {
    if (!known.includes(name)) {
      throw new InvalidInput(`Unknown parameter ${JSON.stringify(name.slice(0, 100))}: there are ${known.join(', ')}`);
    }
    if (parameters.has(name)) {
      throw new InvalidInput(`The parameter ${name} is given twice`);
    }
    parameters.set(name, value);
  }
  return parameters;
}

/**
 * The size and place of a page: `limit`, 100 by default and 1,000 at most, and `cursor`, as an earlier page told it.
 *
 * @throws {@link InvalidInput} that names the first parameter that is malformed.
 */
export function pageParameters(
  parameters: ReadonlyMap<string, string>,
): { readonly limit: number; readonly place?: number } {
  const text = parameters.get('limit');
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text);
  if (text !== undefined && (!/^\d{1,4}$/u.test(text) || limit < 1 || limit > MOST)) {
    throw new InvalidInput(`Invalid limit: expected a number from 1 to ${MOST}, got ${JSON.stringify(text.slice(0, 100))}`);
  }
  const cursor = parameters.get('cursor');
  if (cursor !== undefined && !/^\d{1,15}$/u.test(cursor)) {
    throw new InvalidInput(`Invalid cursor: expected that of an earlier page, got ${JSON.stringify(cursor.slice(0, 100))}`);
  }
  return { limit, ...cursor !== undefined && { place: Number(cursor) }};
}

/**
 * An answer with a page of a list, which links to the next page, if there is one.
 *
 * @param exchange - The request.
 * @param next - The place of the next page.
 * @param answer - Answers with the page, which has the URL of the next one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export async function pageAnswer(
  exchange: HttpExchange,
  next: number | undefined,
  answer: (nextUrl?: string) => Promise<EndpointResponse>,
): Promise<EndpointResponse> {
  if (next === undefined) {
    return answer();
  }
  const parameters = queryOf(exchange);
  parameters.set('cursor', `${next}`);
  const nextUrl = `${exchange.url}?${parameters.toString()}`;
  const { headers, ...rest } = await answer(nextUrl);
  return { ...rest, headers: { ...headers, Link: `<${nextUrl}>; rel="next"` }};
}

import type { RequestRecord } from '../../store/RequestLog';
import type { Exchange } from '../Face';
import { queryOf } from './pages';

const MASK = '****';

/** Names that tell of credentials, in whatever way they are written. */
const TELLING = /auth|cookie|credential|dpop|jwt|key|passw|pwd|secret|session|sig(?:nature)?$|signature|token/iu;
/** Names that have one of these words, and are there to recognise a request by. */
const HARMLESS = [ 'idempotency-key', 'x-personium-requestkey' ];
/** Values that are credentials, whatever they are called: by a scheme, an API key of ours, or a JSON Web Token. */
const CREDENTIAL = /^(?:basic|bearer|digest|dpop|negotiate)\s|spe_[\w-]{43}|(?<![\w-])eyJ[\w-]+\.[\w-]+\./iu;

/**
 * A request as the log shows it, with every value masked that is, or is called like, a credential.
 *
 * @param exchange - The request.
 */
export function maskedRecord({ request, method, url }: Pick<Exchange, 'request' | 'method' | 'url'>): RequestRecord {
  const query = queryOf({ request });
  return {
    method,
    url,
    query: Object.fromEntries([ ...new Set(query.keys()) ].map((name): [string, string] =>
      [ name, masked(name, query.getAll(name).join(', ')) ])),
    headers: Object.fromEntries(Object.entries(request.headers).map(([ name, value = '' ]): [string, string] =>
      [ name, masked(name, String(value)) ])),
  };
}

/**
 * A URL, of a webhook, whose query and user show nothing but that they are there.
 *
 * @param url - An absolute URL.
 */
export function maskedUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.search === '' && parsed.username === '' && parsed.password === '') {
    return url;
  }
  parsed.username = '';
  parsed.password = '';
  parsed.search = parsed.search && MASK;
  return parsed.href;
}

function masked(name: string, value: string): string {
  // What comes from elsewhere may have the secrets of another address in its query.
  const shown = name === 'referer' ? value.replace(/[?#].*$/su, '') : value;
  return (TELLING.test(name) && !HARMLESS.includes(name.toLowerCase())) || CREDENTIAL.test(shown) ? MASK : shown;
}

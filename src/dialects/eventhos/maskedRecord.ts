import type { RequestRecord } from '../../store/RequestRecord';
import type { HttpExchange } from '../../http/Endpoint';
import { queryOf } from '../../http/query';

const MASK = '****';

/** The headers that are shown: of the content, of the connection, and those by which a request is recognised. */
const SHOWN_HEADERS = [
  'accept', 'accept-charset', 'accept-encoding', 'accept-language',
  'content-encoding', 'content-language', 'content-length', 'content-type',
  'cache-control', 'connection', 'expect', 'host', 'pragma', 'te', 'transfer-encoding',
  'date', 'idempotency-key', 'origin', 'traceparent', 'user-agent',
  'x-correlation-id', 'x-personium-requestkey', 'x-request-id',
];
const SHOWN_PARAMETERS = [ 'event-identifier' ];
/** Values that are credentials by their form: a scheme, an API key of this server, or a JSON Web Token. */
const CREDENTIAL = /^(?:basic|bearer|digest|dpop|negotiate)\s|spe_[\w-]{43}|(?<![\w-])eyJ[\w-]+\.[\w-]+\./iu;

/**
 * A request as the log shows it: every value is masked but those of the few headers and parameters that are known to be
 * harmless. Of these, values with the form of a credential are masked too.
 *
 * @param exchange - The request.
 */
export function maskedRecord({ request, method, url }: Pick<HttpExchange, 'request' | 'method' | 'url'>): RequestRecord {
  const query = queryOf({ request });
  return {
    method,
    url,
    query: Object.fromEntries([ ...new Set(query.keys()) ].map((name): [string, string] =>
      [ name, masked(SHOWN_PARAMETERS, name, query.getAll(name).join(', ')) ])),
    headers: Object.fromEntries(Object.entries(request.headers).map(([ name, value = '' ]): [string, string] =>
      [ name, masked(SHOWN_HEADERS, name, String(value)) ])),
  };
}

function masked(shown: readonly string[], name: string, value: string): string {
  return shown.includes(name) && !CREDENTIAL.test(value) ? value : MASK;
}

import type { HttpRequest } from '../../css';
import type { HttpExchange } from '../../http/Endpoint';

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/u;
/** Headers of the transport, which cannot be overridden. */
const TRANSPORT = /^(?:connection|content-length|forwarded|host|transfer-encoding|x-forwarded-.*|x-override)$/u;

/**
 * Applies the overrides of a request: the method in `X-HTTP-Method-Override`, if it is a POST, and the headers in
 * `X-Override`, each `{name}:{value}`, which can be sent many times.
 *
 * A header that is named twice has the last value. Malformed lines are ignored. So are the headers that belong
 * to the transport or tell where the request came from, because a server has acted on them by then: `Connection`,
 * `Content-Length`, `Forwarded`, `Host`, `Transfer-Encoding`, all `X-Forwarded-…`, and `X-Override` itself.
 *
 * @param exchange - The request as it came, which is not changed.
 */
export function withOverrides(exchange: HttpExchange): HttpExchange {
  const { request, method } = exchange;
  const asked = request.headers['x-http-method-override'];
  const overrides = overridesOf(request);
  return {
    ...exchange,
    ...method === 'POST' && typeof asked === 'string' && asked !== '' && { method: asked },
    ...overrides.size > 0 && { request: withHeaders(request, overrides) },
  };
}

/** The headers to replace, by their names in lower case. */
function overridesOf(request: HttpRequest): Map<string, string> {
  const overrides = new Map<string, string>();
  if (request.headers['x-override'] === undefined) {
    return overrides;
  }
  // Values may have commas, so the header must not be read as Node joins it.
  for (const line of request.headersDistinct['x-override']!) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (NAME.test(name) && !TRANSPORT.test(name)) {
      overrides.set(name, line.slice(colon + 1).trim());
    }
  }
  return overrides;
}

/**
 * A request with other headers.
 * All else is done to the request itself, so that its body is one stream for all readers.
 */
function withHeaders(request: HttpRequest, overrides: ReadonlyMap<string, string>): HttpRequest {
  const raw = request.rawHeaders.filter((_text, index, all): boolean =>
    !overrides.has(all[index - index % 2].toLowerCase()));
  const changed: Partial<HttpRequest> = {
    headers: { ...request.headers, ...Object.fromEntries(overrides) },
    headersDistinct: {
      ...request.headersDistinct,
      ...Object.fromEntries([ ...overrides ].map(([ name, value ]): [string, string[]] => [ name, [ value ]])),
    },
    rawHeaders: [ ...raw, ...[ ...overrides ].flat() ],
  };
  return new Proxy(request, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(Object.hasOwn(changed, name) ? changed : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

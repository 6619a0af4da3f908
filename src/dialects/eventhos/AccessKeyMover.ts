import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ServerConfigurator } from '../../css';

/** The query parameter, and the header to which its value moves. */
const NAME = 'access-key';

/** A path with a segment `event` or `system`. Backslashes separate segments too, as in the server's URLs. */
const PATH = /[/\\](?:event|system)(?:[/\\#;]|$)/iu;

/** Values without a credential: the mask of the log, and the texts of absent values in JavaScript. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([ '', '****', 'null', 'undefined' ]);

/** Maximum number of passes to decode a path. */
const MAX_DECODINGS = 3;

/**
 * Moves the query parameter `access-key` of eventhos requests to the header of this name, before the server logs the
 * URL.
 *
 * It applies to `{pod}event…` and `{pod}system…` in every spelling, and to all methods. Values of the header and of the
 * parameters stay apart, so that `HeaderReader` refuses different ones. The response must not be cached, and browsers
 * do not send its URL on.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.3
 */
export class AccessKeyMover extends ServerConfigurator {
  public override async handle(server: Server): Promise<void> {
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse): void => {
      if (moveAccessKey(request)) {
        response.setHeader('Cache-Control', 'no-store');
        response.setHeader('Referrer-Policy', 'no-referrer');
      }
    });
    server.prependListener('upgrade', (request: IncomingMessage): unknown => moveAccessKey(request));
  }
}

/**
 * Moves the access keys of a request from its URL to its headers.
 *
 * @param request - The request, which is changed.
 *
 * @returns Whether the URL had the parameter.
 */
export function moveAccessKey(request: Pick<IncomingMessage, 'url' | 'headers' | 'headersDistinct'>): boolean {
  const { url = '' } = request;
  const start = url.indexOf('?');
  if (start < 0 || !isPath(url.slice(0, start))) {
    return false;
  }
  const parts = url.slice(start + 1).split('&');
  const kept = parts.filter((part): boolean => parameterOf(part)[0] !== NAME);
  if (kept.length === parts.length) {
    return false;
  }
  request.url = `${url.slice(0, start)}${kept.length === 0 ? '' : `?${kept.join('&')}`}`;
  for (const part of parts) {
    const [ name, value ] = parameterOf(part);
    if (name === NAME && !PLACEHOLDERS.has(value)) {
      request.headers[NAME] ||= value;
      (request.headersDistinct[NAME] ??= []).push(value);
    }
  }
  return true;
}

function isPath(path: string): boolean {
  let decoded = path;
  for (let pass = 0; pass < MAX_DECODINGS; pass += 1) {
    if (PATH.test(decoded)) {
      return true;
    }
    decoded = decoded.replaceAll(/%([0-7][0-9a-f])/giu, (_, hex: string): string =>
      String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return PATH.test(decoded);
}

/** Name, in lower case, and value of one parameter of a query. */
function parameterOf(part: string): [ name: string, value: string ] {
  const [ name, value ] = [ ...new URLSearchParams(part) ].at(0) ?? [ '', '' ];
  return [ name.toLowerCase(), value ];
}

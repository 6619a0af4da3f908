import type { IncomingHttpHeaders } from 'node:http';
import { decodeJwt } from 'jose';
import { isKey } from '../../identity/ApiKey';
import { isRefreshToken } from '../../identity/tokens/refreshToken';
import { HttpProblem } from '../../http/errors';

/**
 * An error with a code of Personium's message table.
 *
 * @see https://personium.io/docs/en/apiref/004_Error_Messages/
 */
export class PersoniumProblem extends HttpProblem {
  public constructor(
    status: number,
    public readonly code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(status, message, headers);
  }
}

/**
 * The codes of errors that are not raised as one of Personium's. Its table has none for 408, 409, 413, 415, 429, 507.
 */
const CODES: Readonly<Record<number, string>> = {
  400: 'PR400-EV-0004',
  403: 'PR403-AU-0007',
  404: 'PR404-DV-0003',
  408: 'PR408-CM-0001',
  409: 'PR409-EV-0001',
  413: 'PR413-CM-0001',
  415: 'PR415-CM-0001',
  429: 'PR429-SV-0001',
  503: 'PR503-SV-0002',
  507: 'PR507-SV-0001',
};

/** The texts that the table has for the same; others keep their own. */
const TEXTS: Readonly<Record<string, string>> = {
  'PR403-AU-0007': 'Insufficient scope is granted for the access token. [event] Privilege is required.',
  'PR404-DV-0003': 'Cell not found.',
};

/**
 * Gives any error a code of Personium's message table, and the text that goes with it.
 *
 * Unexpected errors are `PR500-SV-9999`, with the id of their log line.
 */
export function toPersonium(problem: HttpProblem): PersoniumProblem {
  if (problem instanceof PersoniumProblem) {
    return problem;
  }
  const { status, message, headers } = problem;
  const code = CODES[status] ?? 'PR500-SV-9999';
  const id = status === 500 && /[\da-f-]{36}$/u.exec(message)?.[0];
  const text = id ? `Unknown Exception [${id}]` : TEXTS[code] ?? message;
  return new PersoniumProblem(status, code, text, headers);
}

/**
 * Says why the credentials of a request are not valid.
 *
 * @param headers - The headers of the request.
 * @param isPair - Whether they are a cookie and its peer.
 * @param challenge - The headers of the answer.
 */
export function notAuthenticated(
  headers: IncomingHttpHeaders,
  isPair: boolean,
  challenge: Readonly<Record<string, string>>,
): PersoniumProblem {
  const [ code, text ] = isPair ? [ '0009', 'Authentication failed.' ] : faultOf(headers.authorization);
  return new PersoniumProblem(401, `PR401-AU-${code}`, text, challenge);
}

/** The code of a refused header `Authorization`; without it, the credential was an API key in its own header. */
function faultOf(authorization: string | undefined): [string, string] {
  const [ , scheme, token = '' ] = /^(\S*)\s*(.*)$/su.exec(authorization ?? '')!;
  if (authorization !== undefined && !/^(?:bearer|dpop)$/iu.test(scheme)) {
    return [ '0003', 'Invalid authentication scheme.' ];
  }
  if (authorization === undefined || isKey(token)) {
    return [ '0005', 'Authentication failed.' ];
  }
  if (isRefreshToken(token)) {
    return [ '0007', 'Can not access with refresh token.' ];
  }
  try {
    const { exp = Number.POSITIVE_INFINITY } = decodeJwt(token);
    return exp * 1_000 <= Date.now() ? [ '0002', 'Access token expired.' ] : [ '0008', 'Token dsig error.' ];
  } catch {
    return [ '0006', 'Token parse error.' ];
  }
}

import { NotAuthorized } from '../event/NotAuthorized';
import type { Caller } from '../identity/Caller';

/**
 * A request that is answered with an error, before its dialect has given the error a body.
 */
export class HttpProblem extends Error {
  /**
   * @param status - The HTTP status code.
   * @param message - The fault and its remedy, for the developer of the client.
   * @param headers - Further headers of the answer.
   */
  public constructor(
    public readonly status: number,
    message: string,
    public readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'HttpProblem';
  }
}

/** The credentials that endpoints accept, for messages about missing ones. */
const CREDENTIALS = 'send an access token in Authorization, or an API key in x-api-key';

/** The refusal of a request without a credential; `message` ends without a full stop. */
export function credentialRequired(message: string): HttpProblem {
  return unauthorized(`${message}: ${CREDENTIALS}`);
}

/** The error of a request: that of the public, if it is not authorized, asks for a credential. */
export function askingForCredential({ agent }: Caller, error: unknown): unknown {
  return agent === undefined && error instanceof NotAuthorized ? credentialRequired(error.message) : error;
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-401-unauthorized */
export function unauthorized(message: string): HttpProblem {
  return new HttpProblem(401, message, { 'WWW-Authenticate': 'DPoP scope="openid webid", Bearer scope="openid webid"' });
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-405-method-not-allowed */
export function methodNotAllowed(method: string, url: string, allow: readonly string[]): HttpProblem {
  return new HttpProblem(
    405,
    `${method} is not allowed on ${url}; it takes ${allow.join(', ')}`,
    { Allow: allow.join(', ') },
  );
}

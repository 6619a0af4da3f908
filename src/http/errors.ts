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

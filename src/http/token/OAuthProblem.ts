import { HttpProblem } from '../errors';

/**
 * An HTTP problem with an OAuth 2.0 error code.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class OAuthProblem extends HttpProblem {
  /**
   * @param status - HTTP status.
   * @param error - OAuth 2.0 error code.
   * @param message - Description of the error.
   * @param headers - Headers of the response. Default none.
   */
  public constructor(
    status: number,
    public readonly error: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(status, message, headers);
  }
}

/** OAuth 2.0 error codes of other problems, by HTTP status. */
const CODES: Readonly<Record<number, string>> = {
  401: 'invalid_client',
  403: 'unauthorized_client',
  429: 'temporarily_unavailable',
};

/**
 * Returns the OAuth 2.0 error response body of a problem.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export function oauthError(problem: HttpProblem): Record<'error' | 'error_description', string> {
  const { status, message } = problem;
  const error = problem instanceof OAuthProblem ?
    problem.error :
    CODES[status] ?? (status < 500 ? 'invalid_request' : 'server_error');
  // The specification allows no other characters in a description.
  return { error, error_description: message.replaceAll('"', '\'').replaceAll(/[^\x20-\x7E]|\\/gu, '?') };
}

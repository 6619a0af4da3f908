import { HttpProblem } from '../errors';

/**
 * An error with a code of OAuth 2.0.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class OAuthProblem extends HttpProblem {
  public constructor(
    status: number,
    public readonly error: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(status, message, headers);
  }
}

/** The codes of errors that were not raised as one of OAuth 2.0. */
const CODES: Readonly<Record<number, string>> = {
  401: 'invalid_client',
  403: 'unauthorized_client',
  429: 'temporarily_unavailable',
};

/**
 * The body that tells of an error.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export function oauthError(problem: HttpProblem): Record<'error' | 'error_description', string> {
  const { status, message } = problem;
  const error = problem instanceof OAuthProblem ?
    problem.error :
    CODES[status] ?? (status < 500 ? 'invalid_request' : 'server_error');
  // A description has no other characters.
  return { error, error_description: message.replaceAll('"', '\'').replaceAll(/[^\x20-\x7E]|\\/gu, '?') };
}

import { OAuthProblem } from './OAuthProblem';

/** Client credentials of a request, not verified. */
export interface PresentedClient {
  readonly id: string;
  readonly secret: string;
}

/**
 * Parses the client credentials of an `Authorization` header with the `Basic` scheme.
 *
 * @param authorization - Value of the header.
 *
 * @returns The credentials; `undefined` for another scheme or without a header.
 *
 * @throws {@link OAuthProblem} 401 if the credentials are malformed.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 */
export function basicClient(authorization = ''): PresentedClient | undefined {
  const encoded = /^Basic +(\S+)$/iu.exec(authorization)?.[1];
  if (encoded === undefined) {
    return undefined;
  }
  const [ , id, secret ] = /^([^:]*):(.*)$/su.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  try {
    return { id: decodeForm(id), secret: decodeForm(secret) };
  } catch {
    throw new OAuthProblem(401, 'invalid_client', 'Malformed Authorization header: expected Basic credentials with a form-encoded ' +
      'client id and secret, separated by a colon, in base64');
  }
}

/** Decodes form-encoded text; throws an error if it is missing or malformed. */
function decodeForm(text: string | undefined): string {
  if (text === undefined) {
    throw new TypeError('Missing text');
  }
  return decodeURIComponent(text.replaceAll('+', ' '));
}

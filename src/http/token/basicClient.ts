import { OAuthProblem } from './OAuthProblem';

/** A client and what it presents as its secret. */
export interface PresentedClient {
  readonly id: string;
  readonly secret: string;
}

/**
 * The client that a header `Authorization` of the scheme `Basic` presents; `undefined` for any other header.
 *
 * @param authorization - The header.
 *
 * @throws {@link OAuthProblem} 401 if it is malformed.
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
    throw new OAuthProblem(401, 'invalid_client', 'The header Authorization must have a client\'s id and secret, each form-encoded, ' +
      'with a colon between them, in base64');
  }
}

/** @throws An error if there is nothing to decode, or it is malformed. */
function decodeForm(text: string | undefined): string {
  if (text === undefined) {
    throw new TypeError('There is no text');
  }
  return decodeURIComponent(text.replaceAll('+', ' '));
}

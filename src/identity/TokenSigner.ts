import type { JWTPayload } from 'jose';

/**
 * Signs tokens with the key of this server's identity provider. No other component has access to the key.
 */
export interface TokenSigner {
  /**
   * Signs a token.
   *
   * @param claims - All claims of the token. Times are in seconds.
   * @param type - The type of the token. Default `at+jwt`, an access token for any server.
   *
   * @returns The token. The public keys of the identity provider verify it.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-2
   */
  sign: (claims: JWTPayload, type?: string) => Promise<string>;
}

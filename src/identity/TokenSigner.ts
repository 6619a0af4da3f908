import type { JWTPayload } from 'jose';

/**
 * Signs tokens with the key of this server's identity provider, which nothing else gets to see.
 */
export interface TokenSigner {
  /**
   * Signs a token.
   *
   * @param claims - All claims of the token; times are in seconds.
   * @param type - What sort of token it is. Default `at+jwt`, which is an access token for any server.
   *
   * @returns The token, which whoever fetches the public keys of the identity provider can verify.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-2
   */
  sign: (claims: JWTPayload, type?: string) => Promise<string>;
}

import type { JWTPayload } from 'jose';

/**
 * Signs tokens with the key of this server's identity provider, which nothing else gets to see.
 */
export interface TokenSigner {
  /**
   * Signs an access token.
   *
   * @param claims - All claims of the token; times are in seconds.
   *
   * @returns The token, which whoever fetches the public keys of the identity provider can verify.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-2
   */
  sign: (claims: JWTPayload) => Promise<string>;
}

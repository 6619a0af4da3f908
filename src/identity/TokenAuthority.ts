import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { TokenSigner } from './TokenSigner';

/**
 * Signs and verifies tokens for this server itself.
 */
export interface TokenAuthority extends TokenSigner {
  /**
   * Returns the claims of a token that has not expired and is signed with the key of this server's identity provider.
   *
   * @param token - The presented token.
   * @param expected - The required type, issuer and audience.
   *
   * @returns `undefined` if any of these differs, or the token has no expiration time.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8725#section-3
   */
  verify: (
    token: string,
    expected: Required<Pick<JWTVerifyOptions, 'audience' | 'issuer' | 'typ'>>,
  ) => Promise<JWTPayload | undefined>;
}

import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { TokenSigner } from './TokenSigner';

/**
 * Signs tokens for this server itself, and recognises them.
 */
export interface TokenAuthority extends TokenSigner {
  /**
   * The claims of a token, if it was signed with the key of this server's identity provider and has not expired.
   *
   * @param token - What was presented.
   * @param expected - The type, the issuer and the audience that it must have.
   *
   * @returns `undefined` if anything about it is otherwise, or it does not say when it expires.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8725#section-3
   */
  verify: (
    token: string,
    expected: Required<Pick<JWTVerifyOptions, 'audience' | 'issuer' | 'typ'>>,
  ) => Promise<JWTPayload | undefined>;
}

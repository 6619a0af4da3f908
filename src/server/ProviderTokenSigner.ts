import type { JwkGenerator } from '../css';
import type { JWK, JWTPayload, KeyLike } from 'jose';
import { calculateJwkThumbprint, errors, importJWK, jwtVerify, SignJWT } from 'jose';
import type { TokenAuthority } from '../identity/TokenAuthority';

/**
 * Signs and verifies tokens with the key of the server's own identity provider.
 */
export class ProviderTokenSigner implements TokenAuthority {
  private readonly jwkGenerator: JwkGenerator;
  private publicKey?: KeyLike | Uint8Array;

  /**
   * @param jwkGenerator - Provides the key pair.
   */
  public constructor(jwkGenerator: JwkGenerator) {
    this.jwkGenerator = jwkGenerator;
  }

  public async sign(claims: JWTPayload, type = 'at+jwt'): Promise<string> {
    const jwk = await this.jwkGenerator.getPrivateKey() as JWK;
    // The key id that the identity provider uses in its key set.
    const kid = jwk.kid ?? await calculateJwkThumbprint(await this.jwkGenerator.getPublicKey() as JWK);
    const header = { alg: this.jwkGenerator.alg, kid, typ: type };
    return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(jwk));
  }

  public async verify(
    token: string,
    expected: Parameters<TokenAuthority['verify']>[1],
  ): Promise<JWTPayload | undefined> {
    const { alg } = this.jwkGenerator;
    this.publicKey ??= await importJWK(await this.jwkGenerator.getPublicKey() as JWK, alg);
    try {
      const { payload } = await jwtVerify(token, this.publicKey, { ...expected, algorithms: [ alg ], requiredClaims: [ 'exp' ]});
      return payload;
    } catch (error: unknown) {
      if (error instanceof errors.JOSEError) {
        return undefined;
      }
      throw error;
    }
  }
}

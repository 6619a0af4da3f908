import type { JwkGenerator } from '@solid/community-server';
import type { JWK, JWTPayload } from 'jose';
import { calculateJwkThumbprint, importJWK, SignJWT } from 'jose';
import type { TokenSigner } from '../identity/TokenSigner';

/**
 * Signs tokens with the key of the server's own identity provider.
 */
export class ProviderTokenSigner implements TokenSigner {
  private readonly jwkGenerator: JwkGenerator;

  /**
   * @param jwkGenerator - Has the key.
   */
  public constructor(jwkGenerator: JwkGenerator) {
    this.jwkGenerator = jwkGenerator;
  }

  public async sign(claims: JWTPayload): Promise<string> {
    const jwk = await this.jwkGenerator.getPrivateKey() as JWK;
    // Named as the identity provider names the key in its key set.
    const kid = jwk.kid ?? await calculateJwkThumbprint(await this.jwkGenerator.getPublicKey() as JWK);
    return new SignJWT(claims).setProtectedHeader({ alg: this.jwkGenerator.alg, kid, typ: 'at+jwt' }).sign(await importJWK(jwk));
  }
}

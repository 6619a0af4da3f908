import type { JWK, KeyLike } from 'jose';
import { exportJWK, generateKeyPair } from 'jose';
import { ProviderTokenSigner } from '../../src/server/ProviderTokenSigner';

/** A signer as a server has it, with a new key, and that key. */
export async function createAuthority(): Promise<{ signer: ProviderTokenSigner; privateKey: KeyLike; publicJwk: JWK }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const [ publicJwk, privateJwk ] = await Promise.all([ publicKey, privateKey ].map(async(key): Promise<any> =>
    ({ ...await exportJWK(key), alg: 'ES256', kid: 'idp' })));
  const signer = new ProviderTokenSigner({
    alg: 'ES256',
    getPublicKey: async(): Promise<any> => publicJwk,
    getPrivateKey: async(): Promise<any> => privateJwk,
  });
  return { signer, privateKey, publicJwk };
}

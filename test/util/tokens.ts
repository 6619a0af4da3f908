import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JWK, KeyLike } from 'jose';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { v4 } from 'uuid';
import type { ClientCredentials } from './accounts';

/** An access token bound to a key, and proofs by that key. */
export interface DpopToken {
  readonly token: string;
  readonly proofFor: (method: string, url: string) => Promise<string>;
}

/** Gets a token as an app without a library would. */
export async function dpopToken(baseUrl: string, { id, secret }: ClientCredentials): Promise<DpopToken> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk: JWK = await exportJWK(publicKey);
  const proofFor = async(htm: string, htu: string): Promise<string> => new SignJWT({ htm, htu, jti: v4() })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).setIssuedAt().sign(privateKey);
  const endpoint = `${baseUrl}.oidc/token`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      dpop: await proofFor('POST', endpoint),
    },
    body: 'grant_type=client_credentials&scope=webid',
  });
  const { access_token: token } = await response.json();
  return { token, proofFor };
}

/** The same token, but signed by the server when it had already ended, an hour ago. */
export async function expiredToken(data: string, token: string): Promise<string> {
  const { iat } = decodeJwt(token);
  return tokenWithin(data, token, { iat: iat! - 3_600, exp: iat! - 3_000 });
}

/** The same token, but signed by the server for other times, in seconds since 1970. */
export async function tokenWithin(data: string, token: string, times: { readonly iat?: number; readonly exp: number }): Promise<string> {
  const { alg, kid } = decodeProtectedHeader(token);
  const payload = decodeJwt(token);
  const key = await importJWK(keyOf(data), alg) as KeyLike;
  return new SignJWT({ ...payload, ...times })
    .setProtectedHeader({ alg: alg!, kid, typ: 'at+jwt' }).sign(key);
}

/** The key by which a server with its data in files signs tokens. */
function keyOf(data: string): JWK {
  const folder = join(data, '.internal');
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name): boolean => name.includes('jwks') && name.endsWith('.json'))
    .map((name): string => readFileSync(join(folder, name), 'utf8'));
  return texts.map((text): any => JSON.parse(text)).map((stored): any => stored.payload?.keys?.[0] ?? stored.keys?.[0])
    .find((key): boolean => key?.d !== undefined) as JWK;
}

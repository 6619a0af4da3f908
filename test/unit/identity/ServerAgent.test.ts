import { createHash } from 'node:crypto';
import type { JWTPayload, KeyLike } from 'jose';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, EmbeddedJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { DpopProofs } from '../../../src/http/DpopProofs';
import { ServerAgent } from '../../../src/identity/ServerAgent';
import { ProviderTokenSigner } from '../../../src/server/ProviderTokenSigner';
import { SqliteReplayGuard } from '../../../src/store-sqlite/SqliteReplayGuard';
import { IN_MEMORY } from '../../../src/store-sqlite/SqliteSession';

const BASE = 'http://localhost:3000/';
const INBOX = 'https://bob.example/inbox/';

const tokenOf = ({ authorization }: Record<string, string>): string => authorization.replace(/^DPoP /u, '');

describe('The agent of a server', (): void => {
  let keys: { publicKey: KeyLike; privateKey: KeyLike };
  let signed: JWTPayload[];
  let failure: Error | undefined;
  let agent: ServerAgent;

  beforeAll(async(): Promise<void> => {
    keys = await generateKeyPair('ES256');
  });

  beforeEach((): void => {
    signed = [];
    failure = undefined;
    agent = new ServerAgent(BASE, {
      sign: async(claims): Promise<string> => {
        signed.push(claims);
        if (failure) {
          throw failure;
        }
        return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'idp', typ: 'at+jwt' }).sign(keys.privateKey);
      },
    });
  });

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  const later = (seconds: number): void => {
    const time = Date.now() + seconds * 1_000;
    jest.spyOn(Date, 'now').mockReturnValue(time);
  };

  it('presents a token of its identity provider that is bound to the key of its proofs.', async(): Promise<void> => {
    const before = Math.floor(Date.now() / 1_000);
    const headers = await agent.headersFor('POST', INBOX);
    expect(Object.keys(headers)).toEqual([ 'authorization', 'dpop' ]);
    const { payload } = await jwtVerify(tokenOf(headers), keys.publicKey, { audience: 'solid', issuer: BASE });
    expect(payload).toMatchObject({ webid: `${BASE}.events/agent#this`, sub: agent.webId, client_id: agent.webId });
    const { protectedHeader, payload: proof } = await jwtVerify(headers.dpop, EmbeddedJWK, { typ: 'dpop+jwt' });
    expect(payload.cnf).toEqual({ jkt: await calculateJwkThumbprint(protectedHeader.jwk!) });
    expect(Object.keys(protectedHeader.jwk!).sort()).toEqual([ 'crv', 'kty', 'x', 'y' ]);
    expect(proof).toMatchObject({ htm: 'POST', htu: INBOX, ath: createHash('sha256').update(tokenOf(headers)).digest('base64url') });
    expect(proof.iat).toBeGreaterThanOrEqual(before);
    expect(proof.iat).toBeLessThanOrEqual(Date.now() / 1_000);
  });

  it.each([
    [ 'https://bob.example/inbox/?a=b', 'https://bob.example/inbox/' ],
    [ 'https://bob.example/inbox/#me', 'https://bob.example/inbox/' ],
    [ 'https://bob.example/inbox/?a=b#c?d', 'https://bob.example/inbox/' ],
    [ 'https://BOB.example:443/in box', 'https://bob.example/in%20box' ],
    [ 'https://user:secret@bob.example:8443', 'https://bob.example:8443/' ],
  ])('names %p in its proof as %p.', async(url, htu): Promise<void> => {
    expect(decodeJwt((await agent.headersFor('POST', url)).dpop).htu).toBe(htu);
  });

  it('uses one token for many requests, and a proof for one.', async(): Promise<void> => {
    const all = await Promise.all(Array.from({ length: 20 }, async(): Promise<Record<string, string>> => agent.headersFor('POST', INBOX)));
    later(1_080);
    all.push(await agent.headersFor('GET', INBOX));
    expect(new Set(all.map(tokenOf)).size).toBe(1);
    expect(new Set(all.map(({ dpop }): unknown => decodeJwt(dpop).jti)).size).toBe(all.length);
    expect(new Set(all.map(({ dpop }): string => JSON.stringify(decodeProtectedHeader(dpop).jwk))).size).toBe(1);
    expect(signed).toHaveLength(1);
  });

  it('has a new token before the old one ends, signed once for all that wait.', async(): Promise<void> => {
    const first = tokenOf(await agent.headersFor('POST', INBOX));
    later(1_081);
    const [ second, third ] = (await Promise.all([ agent.headersFor('POST', INBOX), agent.headersFor('POST', INBOX) ])).map(tokenOf);
    expect(second).toBe(third);
    expect(second).not.toBe(first);
    expect(signed).toHaveLength(2);
    expect(signed[1].exp! - signed[1].iat!).toBe(1_200);
    expect(signed[1].cnf).toEqual(signed[0].cnf);
  });

  it('says why it cannot identify itself, and tries again.', async(): Promise<void> => {
    failure = new Error('the disk is full');
    const message = 'Cannot authenticate this server to others: signing with the key of its identity provider failed: the disk is full';
    await expect(Promise.all([ agent.headersFor('POST', INBOX), agent.headersFor('POST', INBOX) ])).rejects.toThrow(message);
    failure = undefined;
    expect(await agent.headersFor('POST', INBOX)).toHaveProperty('dpop');
  });

  it('is refused nothing by what verifies proofs here, but only once.', async(): Promise<void> => {
    const replays = new SqliteReplayGuard(IN_MEMORY);
    const proofs = new DpopProofs(replays);
    const headers = await agent.headersFor('POST', `${INBOX}?a=b`);
    const { cnf } = decodeJwt(tokenOf(headers)) as { cnf: { jkt: string }};
    const proof = await proofs.verify(headers.dpop, 'POST', `${INBOX}?a=b`, tokenOf(headers));
    expect(proof.thumbprint).toBe(cnf.jkt);
    await proofs.use(proof);
    await expect(proofs.use(await proofs.verify(headers.dpop, 'POST', INBOX, tokenOf(headers))))
      .rejects.toThrow('The DPoP proof was used before');
  });
});

describe('The signer of an identity provider', (): void => {
  it('names the key by its own name, or else by its thumbprint.', async(): Promise<void> => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const { exportJWK } = await import('jose');
    const publicJwk = { ...await exportJWK(publicKey), alg: 'ES256' as const };
    const privateJwk = { ...await exportJWK(privateKey), alg: 'ES256' as const };
    const signerOf = (kid?: string): ProviderTokenSigner => new ProviderTokenSigner({
      alg: 'ES256',
      getPublicKey: async(): Promise<typeof publicJwk> => publicJwk,
      getPrivateKey: async(): Promise<typeof privateJwk> => ({ ...privateJwk, ...kid && { kid }}),
    });
    const token = await signerOf().sign({ webid: 'https://bob.example/#me' });
    expect((await jwtVerify(token, publicKey)).payload).toEqual({ webid: 'https://bob.example/#me' });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: await calculateJwkThumbprint(publicJwk), typ: 'at+jwt' });
    expect(decodeProtectedHeader(await signerOf('main').sign({})).kid).toBe('main');
  });
});

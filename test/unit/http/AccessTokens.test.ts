import { createHash } from 'node:crypto';
import type { Credentials, CredentialsExtractor, HttpRequest } from '@solid/community-server';
import type { JWK, KeyLike } from 'jose';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { AccessTokens } from '../../../src/http/AccessTokens';
import { DpopProofs } from '../../../src/http/DpopProofs';
import { StorageFull } from '../../../src/store/StorageFull';
import { SqliteReplayGuard } from '../../../src/store-sqlite/SqliteReplayGuard';
import { IN_MEMORY } from '../../../src/store-sqlite/SqliteSession';

const TARGET = 'http://localhost/a/publish/';
const ME = 'http://localhost/me#me';
const CREDENTIALS: Credentials = { agent: { webId: ME }, client: { clientId: 'app' }, issuer: { url: 'http://idp/' }};
const CALLER = { agent: ME, client: 'app', issuer: 'http://idp/' };

describe('Access tokens', (): void => {
  let privateKey: KeyLike;
  let jwk: JWK;
  let verified: string[];
  let extract: () => Credentials;
  let guard: SqliteReplayGuard;
  let tokens: AccessTokens;

  const now = (): number => Math.floor(Date.now() / 1_000);
  const tokenFor = async(exp: number | undefined = now() + 60): Promise<string> => {
    const jwt = new SignJWT({ webid: ME }).setProtectedHeader({ alg: 'ES256' }).setIssuedAt();
    return (exp ? jwt.setExpirationTime(exp) : jwt).sign(privateKey);
  };
  const proofFor = async(claims: object = {}, header: object = {}, key = privateKey): Promise<string> =>
    new SignJWT({ htm: 'POST', htu: TARGET, jti: String(Math.random()), iat: now(), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header }).sign(key);
  const request = (authorization?: string, dpop?: string | string[]): HttpRequest =>
    ({ method: 'POST', headers: { ...authorization && { authorization }, ...dpop && { dpop }}}) as unknown as HttpRequest;
  const callerOf = async(authorization?: string, dpop?: string | string[]): ReturnType<AccessTokens['callerOf']> =>
    tokens.callerOf(request(authorization, dpop), TARGET);

  beforeAll(async(): Promise<void> => {
    const pair = await generateKeyPair('ES256');
    privateKey = pair.privateKey;
    jwk = await exportJWK(pair.publicKey);
  });

  beforeEach((): void => {
    verified = [];
    extract = (): Credentials => CREDENTIALS;
    guard = new SqliteReplayGuard(IN_MEMORY);
    const extractor = {
      handleSafe: async({ headers }: HttpRequest): Promise<Credentials> => {
        verified.push(headers.authorization!);
        return extract();
      },
    } as unknown as CredentialsExtractor;
    tokens = new AccessTokens(extractor, new DpopProofs(guard));
  });

  afterEach(async(): Promise<void> => {
    jest.restoreAllMocks();
    await guard.close();
  });

  it('are verified once while they hold.', async(): Promise<void> => {
    const token = `Bearer ${await tokenFor()}`;
    expect(await callerOf(token)).toEqual(CALLER);
    expect(await callerOf(token)).toEqual(CALLER);
    expect(verified).toEqual([ token ]);
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000);
    extract = (): Credentials => ({});
    await expect(callerOf(token)).rejects.toMatchObject({ status: 401 });
  });

  it('are verified again when they are as old as the server lets them be.', async(): Promise<void> => {
    const jwt = new SignJWT({ webid: ME }).setProtectedHeader({ alg: 'ES256' }).setExpirationTime(now() + 10 ** 9);
    const young = `Bearer ${await jwt.setIssuedAt(now() - 86_390).sign(privateKey)}`;
    const old = `Bearer ${await jwt.setIssuedAt(now() - 86_410).sign(privateKey)}`;
    for (const token of [ young, young, old, old ]) {
      await callerOf(token);
    }
    expect(verified).toEqual([ young, old, old ]);
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 11_000);
    await callerOf(young);
    expect(verified).toHaveLength(4);
  });

  it('are verified each time if they do not say how long they hold.', async(): Promise<void> => {
    for (const token of [ `Bearer ${await tokenFor(0)}`, `Bearer ${await new SignJWT({ exp: now() + 60.5 }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)}`, `Bearer ${await tokenFor(now() - 10)}`, 'WebID http://localhost/me#me' ]) {
      verified = [];
      await callerOf(token);
      await callerOf(token);
      expect(verified).toEqual([ token, token ]);
    }
  });

  it('may be absent, but never invalid.', async(): Promise<void> => {
    extract = (): Credentials => ({});
    expect(await callerOf()).toEqual({});
    for (const authorization of [ 'Bearer x', 'Basic abc', 'nonsense', `Bearer ${await tokenFor()}` ]) {
      await expect(callerOf(authorization)).rejects.toMatchObject({ status: 401 });
    }
    extract = (): Credentials => ({ agent: { webId: ME }});
    expect(await callerOf(`Bearer ${await tokenFor()}`)).toEqual({ agent: ME });
  });

  it('with a proof are verified once, but each proof is.', async(): Promise<void> => {
    const token = await tokenFor();
    const ath = createHash('sha256').update(token).digest('base64url');
    for (const claims of [{}, { ath }, { htu: `${TARGET}?query#part` }, { htu: 'HTTP://LOCALHOST:80/a/publish/' }, { iat: now() - 0.5 }]) {
      expect(await callerOf(`DPoP ${token}`, await proofFor(claims))).toEqual(CALLER);
    }
    expect(verified).toHaveLength(1);
    const proof = await proofFor();
    await callerOf(`DPoP ${token}`, proof);
    await expect(callerOf(`DPoP ${token}`, proof)).rejects.toMatchObject({ status: 401, message: expect.stringContaining('used before') });
  });

  it('with a proof are not accepted without it, or with that of another key.', async(): Promise<void> => {
    const token = await tokenFor();
    await callerOf(`DPoP ${token}`, await proofFor());
    const other = await generateKeyPair('ES256');
    const proof = await proofFor({}, { jwk: await exportJWK(other.publicKey) }, other.privateKey);
    await expect(callerOf(`DPoP ${token}`, proof)).rejects.toMatchObject({ status: 401 });
    await expect(callerOf(`DPoP ${token}`)).rejects.toMatchObject({ status: 401 });
    extract = (): Credentials => ({});
    await expect(callerOf(`Bearer ${token}`)).rejects.toMatchObject({ status: 401 });
  });

  it('are not accepted where it cannot be remembered that their proof was used.', async(): Promise<void> => {
    jest.spyOn(guard, 'use').mockRejectedValue(new StorageFull('The disk is full'));
    await expect(callerOf(`DPoP ${await tokenFor()}`, await proofFor())).rejects.toThrow(StorageFull);
  });

  it('are refused with a proof that is not valid.', async(): Promise<void> => {
    const token = await tokenFor();
    const symmetric = new TextEncoder().encode('secret'.repeat(10));
    const withPrivate = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);
    const bad: [string | string[], string][] = [
      [ await proofFor({ htm: 'GET' }), 'another method' ],
      [ await proofFor({ htu: 'http://localhost/b/publish/' }), 'another URL' ],
      [ await proofFor({ htu: 'nonsense' }), 'another URL' ],
      [ await proofFor({ htu: undefined }), 'another URL' ],
      [ await proofFor({ ath: 'x' }), 'another access token' ],
      [ await proofFor({ jti: undefined }), 'no identifier' ],
      [ await proofFor({ jti: '' }), 'no identifier' ],
      [ await proofFor({ jti: 'x'.repeat(1_025) }), 'no identifier' ],
      [ await proofFor({ iat: now() - 300 }), 'iat' ],
      [ await proofFor({ iat: now() + 300 }), 'iat' ],
      [ await proofFor({ iat: undefined }), 'iat' ],
      [ await proofFor({}, { typ: 'jwt' }), 'typ' ],
      [ await proofFor({}, { jwk: undefined }), 'public key' ],
      [ await proofFor({}, { jwk: withPrivate }), 'public key' ],
      [ await proofFor({}, {}, (await generateKeyPair('ES256')).privateKey), 'signature' ],
      [ await new SignJWT({}).setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk }).sign(symmetric), 'alg' ],
      [ 'nonsense', 'Invalid' ],
      [[ await proofFor(), await proofFor() ], 'one header' ],
    ];
    for (const [ proof, message ] of bad) {
      await expect(callerOf(`DPoP ${token}`, proof)).rejects
        .toMatchObject({ status: 401, message: expect.stringContaining(message) });
    }
    expect(verified).toEqual([]);
  });

  it('with a proof tell by which key it is signed.', async(): Promise<void> => {
    const proofs = new DpopProofs(guard);
    expect(await proofs.verify(await proofFor(), 'POST', TARGET, 'token'))
      .toMatchObject({ thumbprint: await calculateJwkThumbprint(jwk) });
  });

  it('that are not valid leave nothing of their proof.', async(): Promise<void> => {
    const use = jest.spyOn(guard, 'use');
    extract = (): Credentials => ({});
    for (let at = 0; at < 10; at += 1) {
      await expect(callerOf(`DPoP ${await tokenFor()}`, await proofFor())).rejects.toMatchObject({ status: 401 });
    }
    expect(use).not.toHaveBeenCalled();
    extract = (): Credentials => CREDENTIALS;
    const proof = await proofFor();
    const token = await tokenFor();
    expect(await callerOf(`DPoP ${token}`, proof)).toEqual(CALLER);
    await expect(callerOf(`DPoP ${token}`, proof)).rejects.toMatchObject({ message: expect.stringContaining('used before') });
    expect(use).toHaveBeenCalledTimes(2);
  });

  it('are refused while as many proofs are stored as there may be.', async(): Promise<void> => {
    const proofs = new DpopProofs(guard, false, 2);
    const use = async(): Promise<void> => proofs.use(await proofs.verify(await proofFor(), 'POST', TARGET, 'token'));
    await use();
    await use();
    await expect(use()).rejects.toMatchObject({ retryAfter: 60 });
    const proof = await proofs.verify(await proofFor(), 'POST', TARGET, 'token');
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 8 * 60_000);
    await proofs.use(proof);
  });

  it('have to be named by their proofs where that is required.', async(): Promise<void> => {
    const token = await tokenFor();
    const ath = createHash('sha256').update(token).digest('base64url');
    const strict = new DpopProofs(guard, true);
    await expect(strict.verify(await proofFor(), 'POST', TARGET, token))
      .rejects.toMatchObject({ status: 401, message: expect.stringContaining('"ath"') });
    expect(await strict.verify(await proofFor({ ath }), 'POST', TARGET, token)).toHaveProperty('thumbprint');
    await expect(strict.verify(await proofFor({ ath }), 'POST', TARGET, 'other'))
      .rejects.toMatchObject({ message: expect.stringContaining('another access token') });
  });
});

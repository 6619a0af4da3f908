import { DEFAULT_SCOPES, FORMER_SCOPES } from '../../../../src/identity/scopes';
import type { JWK, JWTPayload, KeyLike } from 'jose';
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose';
import { prefixOf, hashKey } from '../../../../src/identity/ApiKey';
import { ApiKeys } from '../../../../src/identity/ApiKeys';
import { ServerAgent } from '../../../../src/identity/ServerAgent';
import type { Client, Clients } from '../../../../src/identity/tokens/Clients';
import type { Credential, KeyReference } from '../../../../src/identity/tokens/Credential';
import { EventTokens } from '../../../../src/identity/tokens/EventTokens';
import type { ProviderTokenSigner } from '../../../../src/server/ProviderTokenSigner';
import { SqliteApiKeyStore } from '../../../../src/store-sqlite/SqliteApiKeyStore';
import { IN_MEMORY, SqliteSession } from '../../../../src/store-sqlite/SqliteSession';
import { createAuthority } from '../../../util/authority';

const BASE = 'http://localhost/';
const POD = `${BASE}a/`;
const ME = `${BASE}me#me`;
const START = Date.parse('2030-01-01T00:00:00.500Z');

describe('Tokens of this server', (): void => {
  let signer: ProviderTokenSigner;
  let privateKey: KeyLike;
  let publicJwk: JWK;
  let session: SqliteSession;
  let keys: ApiKeys;
  let clients: Clients & { webIds: Map<string, string>; asked: number };
  let tokens: EventTokens;
  const me: Credential = { caller: { agent: ME }};

  beforeAll(async(): Promise<void> => {
    ({ signer, privateKey, publicJwk } = await createAuthority());
  });

  beforeEach((): void => {
    jest.useFakeTimers({ now: START, doNotFake: [ 'nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout' ]});
    session = new SqliteSession(IN_MEMORY);
    keys = new ApiKeys(new SqliteApiKeyStore(session), { isLinked: async(): Promise<boolean> => true });
    clients = {
      webIds: new Map([[ 'app', ME ]]),
      asked: 0,
      async find(id): Promise<Client | undefined> {
        this.asked += 1;
        const webId = this.webIds.get(id);
        return webId === undefined ? undefined : { webId, hasSecret: (): boolean => false };
      },
    };
    tokens = new EventTokens({ authority: signer, apiKeys: keys, clients, issuer: BASE });
  });

  afterEach((): void => {
    jest.useRealTimers();
    session.close();
  });

  const later = (seconds: number): void => {
    jest.setSystemTime(START + seconds * 1_000);
  };
  const createKey = async(limits: object = {}): Promise<{ id: string; reference: KeyReference }> => {
    const { id, key } = await keys.create({ account: 'mine', name: 'app', webId: ME, ...limits });
    return { id, reference: { id, prefix: prefixOf(hashKey(key)).toString('base64url') }};
  };

  it('tell whom they are for, and are good for one pod.', async(): Promise<void> => {
    const caller = { agent: ME, client: 'https://app.example/id', issuer: 'https://idp.example/' };
    const { token, expiresIn } = await tokens.issue({ caller }, POD);
    expect(expiresIn).toBe(3_600);
    expect(tokens.isToken(token)).toBe(true);
    expect(await tokens.authenticate(token)).toEqual({
      caller: { ...caller, limits: { pods: [ POD ], scopes: FORMER_SCOPES }}, expires: Math.floor(START / 1_000) * 1_000 + 3_600_000,
    });
    expect(await tokens.authenticate((await tokens.issue(me, POD)).token)).toEqual({
      caller: { agent: ME, limits: { pods: [ POD ], scopes: FORMER_SCOPES }}, expires: expect.any(Number),
    });
    await expect(tokens.issue({ caller: {}}, POD)).rejects.toThrow('Cannot issue a token to the public');
  });

  it('are verified once, but end in time.', async(): Promise<void> => {
    const verify = jest.spyOn(signer, 'verify');
    const { token } = await tokens.issue(me, POD);
    const another = await tokens.issue(me, POD);
    expect(another.token).not.toBe(token);
    for (let i = 0; i < 3; i += 1) {
      expect(await tokens.authenticate(token)).toBeDefined();
    }
    expect(verify).toHaveBeenCalledTimes(1);
    later(3_599);
    expect(await tokens.authenticate(token)).toBeDefined();
    later(3_600);
    expect(await tokens.authenticate(token)).toBeUndefined();
    expect(await tokens.authenticate(another.token)).toBeUndefined();
    verify.mockRestore();
  });

  it('hold no longer than what they were made with, and cannot prolong themselves.', async(): Promise<void> => {
    const { token, expiresIn } = await tokens.issue({ ...me, expires: START + 600_000 }, POD);
    expect(expiresIn).toBe(600);
    later(400);
    const child = await tokens.issue((await tokens.authenticate(token))!, POD);
    expect(child.expiresIn).toBe(200);
    later(599.4);
    expect(await tokens.authenticate(child.token)).toBeDefined();
    later(600);
    expect(await tokens.authenticate(child.token)).toBeUndefined();
    expect((await tokens.issue({ ...me, expires: START }, POD)).expiresIn).toBe(0);
  });

  it('end when the API key they were made with is revoked or expires, and have its topics.', async(): Promise<void> => {
    const { id, reference } = await createKey({ topics: [ 'a/*' ], pods: [ POD ], expires: START + 900_000 });
    const { token } = await tokens.issue({ caller: { agent: ME, limits: { topics: [ 'a/*' ]}}, key: reference }, POD);
    const child = await tokens.issue((await tokens.authenticate(token))!, POD);
    for (const text of [ token, child.token ]) {
      expect((await tokens.authenticate(text))?.caller).toEqual({ agent: ME, limits: { pods: [ POD ], topics: [ 'a/*' ], scopes: DEFAULT_SCOPES }});
    }
    later(900);
    expect(await tokens.authenticate(token)).toBeUndefined();
    later(0);
    expect(await tokens.authenticate(token)).toBeDefined();
    await createKey();
    await keys.revoke('mine', id);
    expect(await tokens.authenticate(token)).toBeUndefined();
    expect(await tokens.authenticate(child.token)).toBeUndefined();
  });

  it('end within 10 seconds when the client they were made with is gone, or stands for another.', async(): Promise<void> => {
    const { token } = await tokens.issue({ caller: { agent: ME, client: 'app', issuer: BASE }, clientId: 'app' }, POD);
    const child = await tokens.issue((await tokens.authenticate(token))!, POD);
    expect((await tokens.authenticate(child.token))?.caller).toEqual({ agent: ME, client: 'app', issuer: BASE, limits: { pods: [ POD ], scopes: FORMER_SCOPES }});
    expect(clients.asked).toBe(1);
    clients.webIds.delete('app');
    later(10);
    expect(await tokens.authenticate(token)).toBeUndefined();
    expect(await tokens.authenticate(child.token)).toBeUndefined();
    expect(clients.asked).toBe(2);
    clients.webIds.set('app', `${BASE}other#me`);
    later(20);
    expect(await tokens.authenticate(token)).toBeUndefined();
  });

  it('are recognised by another process with the same key.', async(): Promise<void> => {
    const { token } = await tokens.issue(me, POD);
    expect(await new EventTokens({ authority: signer, apiKeys: keys, clients, issuer: BASE }).authenticate(token)).toBeDefined();
  });

  describe('are not recognised', (): void => {
    const sign = async(header: object, claims: JWTPayload, key: KeyLike | Uint8Array = privateKey): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);

    it.each<[string, object, object]>([
      [ 'an access token’s type', { typ: 'at+jwt' }, {}],
      [ 'the type of a cookie', { typ: 'pod-events-cookie+jwt' }, {}],
      [ 'no type', { typ: undefined }, {}],
      [ 'the audience of Solid-OIDC', {}, { aud: 'solid' }],
      [ 'the audience of a cookie', {}, { aud: 'urn:solid-pod-events:cookie' }],
      [ 'no audience', {}, { aud: undefined }],
      [ 'another issuer', {}, { iss: 'http://other.example/' }],
      [ 'no end', {}, { exp: undefined }],
      [ 'an end in the past', {}, { exp: START / 1_000 - 1 }],
    ])('with %s.', async(_, header, claims): Promise<void> => {
      const good = await tokens.issue(me, POD);
      const [ goodHeader, goodClaims ] = [ decodeProtectedHeader(good.token), decodeJwt(good.token) ];
      expect(await tokens.authenticate(await sign(goodHeader, goodClaims))).toBeDefined();
      expect(await tokens.authenticate(await sign({ ...goodHeader, ...header }, { ...goodClaims, ...claims }))).toBeUndefined();
    });

    it('when they are tampered with, unsigned, or signed otherwise.', async(): Promise<void> => {
      const { token } = await tokens.issue(me, POD);
      const [ header, payload, signature ] = token.split('.');
      const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = { ...decodeJwt(token), webid: `${BASE}other#me` };
      const typ = decodeProtectedHeader(token).typ!;
      const publicKeyAsSecret = Buffer.from(JSON.stringify(publicJwk));
      const { privateKey: stranger } = await generateKeyPair('ES256');
      const texts = [
        `${header}.${encode(claims)}.${signature}`,
        `${encode({ alg: 'none', typ })}.${payload}.`,
        `${encode({ alg: 'none', typ })}.${payload}.${signature}`,
        `${header}.${payload}.`,
        await sign({ alg: 'HS256', typ }, claims, publicKeyAsSecret),
        await sign({ typ }, claims, stranger),
        await sign({ typ, jwk: publicJwk }, claims, stranger),
        `${token}.`, `${token}x`, '', '.', 'spe_x', 'bnVsbA.e30.x',
      ];
      for (const text of texts) {
        expect(await tokens.authenticate(text)).toBeUndefined();
      }
      expect(texts.slice(-4).some((text): boolean => tokens.isToken(text))).toBe(false);
    });

    it('when they are the server’s own access token.', async(): Promise<void> => {
      const { authorization } = await new ServerAgent(BASE, signer).headersFor('POST', POD);
      const token = authorization.replace('DPoP ', '');
      expect(tokens.isToken(token)).toBe(false);
      expect(await tokens.authenticate(token)).toBeUndefined();
    });
  });

  describe('in a cookie', (): void => {
    it('count together with their peer only.', async(): Promise<void> => {
      const { cookie, peer, expiresIn } = await tokens.issuePair(me, POD);
      const other = await tokens.issuePair(me, POD);
      expect(expiresIn).toBe(3_600);
      expect(Buffer.from(peer, 'base64url')).toHaveLength(32);
      expect(JSON.stringify(decodeJwt(cookie))).not.toContain(peer);
      expect(await tokens.authenticatePair(cookie, peer)).toMatchObject({ caller: { agent: ME, limits: { pods: [ POD ]}}});
      for (const [ one, two ] of [[ cookie, other.peer ], [ cookie, '' ], [ '', peer ], [ peer, cookie ], [ cookie, cookie ]]) {
        expect(await tokens.authenticatePair(one, two)).toBeUndefined();
      }
      const { peer: hash } = decodeJwt(cookie);
      expect(await tokens.authenticatePair(cookie, hash as string)).toBeUndefined();
      later(3_600);
      expect(await tokens.authenticatePair(cookie, peer)).toBeUndefined();
    });

    it('are no tokens, nor are tokens cookies.', async(): Promise<void> => {
      const { cookie, peer } = await tokens.issuePair(me, POD);
      expect(await tokens.authenticatePair(cookie, peer)).toBeDefined();
      expect(tokens.isToken(cookie)).toBe(false);
      expect(await tokens.authenticate(cookie)).toBeUndefined();
      const { token } = await tokens.issue(me, POD);
      expect(await tokens.authenticate(token)).toBeDefined();
      expect(await tokens.authenticatePair(token, peer)).toBeUndefined();
      expect(await tokens.authenticatePair(token, '')).toBeUndefined();
    });

    it('end with what they were made with.', async(): Promise<void> => {
      const { id, reference } = await createKey();
      const { cookie, peer } = await tokens.issuePair({ ...me, key: reference }, POD);
      expect(await tokens.authenticatePair(cookie, peer)).toBeDefined();
      await keys.revoke('mine', id);
      expect(await tokens.authenticatePair(cookie, peer)).toBeUndefined();
    });
  });

  it('are remembered in a bounded number.', async(): Promise<void> => {
    const claims = { exp: START / 1_000 + 1_000, webid: ME, pod: POD };
    const many = new EventTokens({
      authority: { sign: async(): Promise<string> => '', verify: async(): Promise<JWTPayload> => claims },
      apiKeys: keys,
      clients,
      issuer: BASE,
    });
    for (let i = 0; i < 10_001; i += 1) {
      await many.authenticate(`${i}`);
    }
    expect((many as any).verified.size).toBe(1);
  });
});

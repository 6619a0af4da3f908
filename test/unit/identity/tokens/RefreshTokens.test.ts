import { TooMany } from '../../../../src/event/TooMany';
import { hashKey, prefixOf } from '../../../../src/identity/ApiKey';
import { ApiKeys } from '../../../../src/identity/ApiKeys';
import type { Client, Clients } from '../../../../src/identity/tokens/Clients';
import type { Credential } from '../../../../src/identity/tokens/Credential';
import { EventTokens } from '../../../../src/identity/tokens/EventTokens';
import { generateRefreshToken, isRefreshToken } from '../../../../src/identity/tokens/refreshToken';
import type { IssuedRefreshToken, RefreshRequest } from '../../../../src/identity/tokens/RefreshTokens';
import { RefreshTokens } from '../../../../src/identity/tokens/RefreshTokens';
import { SqliteApiKeyStore } from '../../../../src/store-sqlite/SqliteApiKeyStore';
import { SqliteRefreshTokenStore } from '../../../../src/store-sqlite/SqliteRefreshTokenStore';
import { IN_MEMORY, SqliteSession } from '../../../../src/store-sqlite/SqliteSession';
import { createAuthority } from '../../../util/authority';

const BASE = 'http://localhost/';
const POD = `${BASE}a/`;
const ME = `${POD}profile/card#me`;
const START = Date.parse('2030-01-01T00:00:00.000Z');
const DAY = 24 * 60 * 60_000;

describe('Refresh tokens', (): void => {
  let session: SqliteSession;
  let keys: ApiKeys;
  let webIds: Map<string, string>;
  let tokens: EventTokens;
  let refreshTokens: RefreshTokens;
  let answers: number;
  const client: Credential = { caller: { agent: ME, client: 'app_1', issuer: BASE }, clientId: 'app_1' };

  beforeEach(async(): Promise<void> => {
    jest.useFakeTimers({ now: START, doNotFake: [ 'nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout' ]});
    const { signer } = await createAuthority();
    session = new SqliteSession(IN_MEMORY);
    keys = new ApiKeys(new SqliteApiKeyStore(session), { isLinked: async(): Promise<boolean> => true });
    webIds = new Map([[ 'app_1', ME ]]);
    const clients: Clients = { find: async(id): Promise<Client | undefined> => {
      const webId = webIds.get(id);
      return webId === undefined ? undefined : { webId, hasSecret: (): boolean => false };
    } };
    tokens = new EventTokens({ authority: signer, apiKeys: keys, clients, issuer: BASE });
    refreshTokens = new RefreshTokens(new SqliteRefreshTokenStore(session), tokens);
    answers = 0;
  });

  afterEach((): void => {
    jest.useRealTimers();
    session.close();
  });

  const start = async(credential = client, named?: string): Promise<string> =>
    (await refreshTokens.start(credential, POD, named))!.refreshToken;
  const exchange = async(token: string, fields: Partial<RefreshRequest> = {}): Promise<{ text: string; next: IssuedRefreshToken & { credential: Credential; answer: number }} | undefined> => {
    const text = await refreshTokens.exchange({ token, pod: POD, fingerprint: 'f', ...fields }, async(credential, next): Promise<string> => {
      answers += 1;
      return JSON.stringify({ ...next, credential, answer: answers });
    });
    return text === undefined ? undefined : { text, next: JSON.parse(text) };
  };
  const next = async(token: string): Promise<string> => (await exchange(token))!.next.refreshToken;
  const later = (milliseconds: number): void => {
    jest.setSystemTime(START + milliseconds);
  };
  const keyCredential = async(fields: object = {}): Promise<{ id: string; credential: Credential }> => {
    const { id, key } = await keys.create({ account: 'mine', name: 'app', webId: ME, scopes: [ 'publish', 'read' ], ...fields });
    const prefix = prefixOf(hashKey(key)).toString('base64url');
    const { expires, topics } = fields as { expires?: number; topics?: string[] };
    return { id, credential: { caller: { agent: ME, limits: { topics, scopes: [ 'publish', 'read' ]}}, expires, key: { id, prefix }}};
  };

  it('have 384 random bits, share 128 of them in a chain, and are no tokens of another kind.', async(): Promise<void> => {
    const token = await start();
    const other = await next(token);
    expect([ token, other ].every(isRefreshToken)).toBe(true);
    expect(other).not.toBe(token);
    expect(other.slice(0, 24)).toBe(token.slice(0, 24));
    expect((await start()).slice(0, 24)).not.toBe(token.slice(0, 24));
    expect(tokens.isToken(token)).toBe(false);
    expect(await tokens.authenticate(token)).toBeUndefined();
    expect(await keys.authenticate(token)).toBeUndefined();
  });

  it('continue a log-in with its agent, client, pod and scopes, until 24 hours after it.', async(): Promise<void> => {
    const issued = await refreshTokens.start({ ...client, caller: { ...client.caller, limits: { scopes: [ 'publish' ]}}}, POD);
    expect(issued?.expiresIn).toBe(86_400);
    later(3_600_000);
    const first = await exchange(issued!.refreshToken);
    expect(first?.next).toEqual({
      refreshToken: expect.any(String),
      expiresIn: 82_800,
      credential: { caller: { ...client.caller, limits: { pods: [ POD ], scopes: [ 'publish' ]}}, expires: START + DAY, clientId: 'app_1' },
      answer: 1,
    });
    later(DAY - 1_000);
    const last = await exchange(first!.next.refreshToken);
    expect(last?.next.expiresIn).toBe(1);
    later(DAY - 999);
    expect(await exchange(last!.next.refreshToken)).toBeUndefined();
    later(DAY);
    expect(await exchange(last!.next.refreshToken)).toBeUndefined();
  });

  it('get the same answer for 10 seconds after their use, and later end their chain.', async(): Promise<void> => {
    const token = await start();
    const first = await exchange(token);
    later(10_000);
    expect((await exchange(token))?.text).toBe(first?.text);
    const second = await exchange(first!.next.refreshToken);
    expect((await exchange(token))?.text).toBe(first?.text);
    expect(answers).toBe(2);
    later(10_001);
    expect(await exchange(token)).toBeUndefined();
    expect(await exchange(second!.next.refreshToken)).toBeUndefined();
    expect(await exchange(first!.next.refreshToken)).toBeUndefined();
  });

  it('get the same answer for no longer if the clock is set back.', async(): Promise<void> => {
    const token = await start();
    const first = await exchange(token);
    later(-10_000);
    expect((await exchange(token))?.text).toBe(first?.text);
    later(-10_001);
    expect(await exchange(token)).toBeUndefined();
    expect(await exchange(first!.next.refreshToken)).toBeUndefined();
  });

  it('end their chain if they are forged from another token of it.', async(): Promise<void> => {
    const token = await start();
    expect(await exchange(generateRefreshToken(token).text)).toBeUndefined();
    expect(await exchange(token)).toBeUndefined();
  });

  it('get one answer if they are used many times at once, also at two processes.', async(): Promise<void> => {
    const token = await start();
    const other = new RefreshTokens(new SqliteRefreshTokenStore(session), tokens);
    const texts = await Promise.all(Array.from({ length: 10 }, async(_, index): Promise<string | undefined> =>
      (index % 2 ? refreshTokens : other).exchange({ token, pod: POD, fingerprint: 'f' }, async(_credential, issued): Promise<string> => {
        answers += 1;
        return issued.refreshToken;
      })));
    expect(answers).toBeGreaterThan(1);
    expect(new Set(texts).size).toBe(1);
    expect(await exchange(texts[0]!)).toBeDefined();
  });

  it('do not give their answer to another request, and stay valid.', async(): Promise<void> => {
    const token = await start();
    const first = await exchange(token);
    expect(await exchange(token, { fingerprint: 'other' })).toBeUndefined();
    expect((await exchange(token))?.text).toBe(first?.text);
  });

  it('stay unused if the answer fails.', async(): Promise<void> => {
    const token = await start();
    await expect(refreshTokens.exchange({ token, pod: POD, fingerprint: 'f' }, async(): Promise<never> => {
      throw new Error('invalid scope');
    })).rejects.toThrow('invalid scope');
    expect((await exchange(token))?.next.answer).toBe(1);
  });

  it('are valid for one pod and client.', async(): Promise<void> => {
    const token = await start();
    expect(await exchange(token, { pod: `${BASE}b/` })).toBeUndefined();
    expect(await exchange(token, { client: 'app_2' })).toBeUndefined();
    const second = await exchange(token, { client: 'app_1' });
    expect(await exchange(second!.next.refreshToken)).toBeDefined();
    const named = await start(client, 'https://app.example/');
    for (const other of [ undefined, 'app_1', 'https://app.example' ]) {
      expect(await exchange(named, { client: other })).toBeUndefined();
    }
    expect(await exchange(named, { client: 'https://app.example/' })).toBeDefined();
    const { credential } = await keyCredential();
    const byKey = await start(credential);
    expect(await exchange(byKey, { client: 'app_1' })).toBeUndefined();
    expect(await exchange(byKey)).toBeDefined();
  });

  it('end with the API key of their log-in, and have its topics and scopes.', async(): Promise<void> => {
    const { id, credential } = await keyCredential({ topics: [ 'a/*' ]});
    const token = await start(credential);
    const first = await exchange(token);
    expect(first?.next.credential.caller).toEqual({ agent: ME, limits: { pods: [ POD ], topics: [ 'a/*' ], scopes: [ 'publish', 'read' ]}});
    await keys.revoke('mine', id);
    expect(await exchange(token)).toBeUndefined();
    expect(await exchange(first!.next.refreshToken)).toBeUndefined();
    expect(session.get('SELECT 1 FROM refresh_chains')).toBeUndefined();
    const soon = await keyCredential({ expires: START + 60_000 });
    const issued = await refreshTokens.start(soon.credential, POD);
    expect(issued?.expiresIn).toBe(60);
    later(60_000);
    expect(await exchange(issued!.refreshToken)).toBeUndefined();
  });

  it('end at once with the client credentials of their log-in, or when these get another WebID.', async(): Promise<void> => {
    const token = await next(await start());
    webIds.delete('app_1');
    expect(await exchange(token)).toBeUndefined();
    webIds.set('app_1', ME);
    expect(await exchange(token)).toBeUndefined();
    const other = await start();
    webIds.set('app_1', `${BASE}b/profile/card#me`);
    expect(await exchange(other)).toBeUndefined();
  });

  it('stay valid if their credential cannot be checked.', async(): Promise<void> => {
    const token = await start();
    const check = jest.spyOn(tokens, 'credentialOf').mockRejectedValueOnce(new Error('account store'));
    await expect(exchange(token)).rejects.toThrow('account store');
    check.mockRestore();
    expect(await exchange(token)).toBeDefined();
  });

  it.each([ '', 'spr_', 'spe_x', `spr_${'a'.repeat(63)}`, `spr_${'a'.repeat(64)}`, `spr_${'a'.repeat(65)}`, `spr_${'+'.repeat(64)}`, 'a'.repeat(8_000) ])('are not %p.', async(text): Promise<void> => {
    expect(await exchange(text)).toBeUndefined();
  });

  it('are stored as hashes only, and so are the answers.', async(): Promise<void> => {
    const token = await start();
    const first = await exchange(token);
    const rows = JSON.stringify([ session.all('SELECT * FROM refresh_chains'), session.all('SELECT * FROM refresh_answers') ].flat()
      .flatMap((row): unknown[] => Object.values(row as object)).map((value): unknown => Buffer.isBuffer(value) ? [ value.toString('latin1'), value.toString('base64url') ] : value));
    for (const secret of [ token.slice(4), token.slice(4, 26), first!.next.refreshToken.slice(4), '"refreshToken"' ]) {
      expect(rows).not.toContain(secret);
    }
  });

  it('are exchanged 20 times in 10 seconds at most.', async(): Promise<void> => {
    let token = await start();
    for (let index = 0; index < 20; index += 1) {
      token = await next(token);
    }
    await expect(exchange(token)).rejects.toThrow(TooMany);
    await expect(exchange(token)).rejects.toMatchObject({ retryAfter: 10 });
    later(10_001);
    expect(await exchange(token)).toBeDefined();
  });

  it('are not issued above the maximum of all agents.', async(): Promise<void> => {
    const few = new RefreshTokens(new SqliteRefreshTokenStore(session), tokens, 1, 1);
    expect(await few.start(client, POD)).toBeDefined();
    expect(await few.start({ caller: { agent: `${BASE}b#me` }, clientId: 'b' }, POD)).toBeUndefined();
    expect(await few.start(client, POD)).toBeDefined();
  });
});

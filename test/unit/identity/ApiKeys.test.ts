import { DEFAULT_SCOPES } from '../../../src/identity/scopes';
import * as crypto from 'node:crypto';
import { hashKey, isKey, generateKey, prefixOf } from '../../../src/identity/ApiKey';
import type { ApiKeyDraft } from '../../../src/identity/ApiKeys';
import { ApiKeys } from '../../../src/identity/ApiKeys';
import { SqliteApiKeyStore } from '../../../src/store-sqlite/SqliteApiKeyStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';

jest.mock<typeof crypto>('node:crypto', (): typeof crypto => {
  const actual = jest.requireActual<typeof crypto>('node:crypto');
  return { ...actual, timingSafeEqual: jest.fn(actual.timingSafeEqual) };
});

const ME = 'http://localhost/me/profile/card#me';
const draft = (changes: Partial<ApiKeyDraft> = {}): ApiKeyDraft =>
  ({ account: 'mine', name: 'app', webId: ME, ...changes });

describe('API keys', (): void => {
  let session: SqliteSession;
  let store: SqliteApiKeyStore;
  let keys: ApiKeys;
  let has: jest.Mock;

  beforeEach((): void => {
    has = jest.fn(async(): Promise<boolean> => true);
    session = new SqliteSession(IN_MEMORY);
    store = new SqliteApiKeyStore(session);
    keys = new ApiKeys(store, { isLinked: has });
  });

  afterEach((): void => {
    jest.useRealTimers();
    session.close();
  });

  it('have 256 bits, and are kept as a hash.', async(): Promise<void> => {
    const { id, key } = await keys.create(draft());
    expect(key).toMatch(/^spe_[\w-]{43}$/u);
    expect(Buffer.from(key.slice(4), 'base64url')).toHaveLength(32);
    const rows = JSON.stringify(session.all('SELECT * FROM api_keys'));
    expect(rows).toContain(id);
    expect(rows).not.toContain(key.slice(4));
    expect(session.get<{ hash: Buffer }>('SELECT hash FROM api_keys')?.hash).toEqual(hashKey(key));
  });

  it('are recognised with all that is known of them.', async(): Promise<void> => {
    const limits = { pods: [ 'http://localhost/a/' ], topics: [ 'realestate/*' ]};
    const { id, key } = await keys.create(draft({ expires: Date.now() + 60_000, ...limits }));
    expect(await keys.authenticate(key)).toEqual({
      id,
      account: 'mine',
      name: 'app',
      webId: ME,
      created: expect.any(Number),
      expires: expect.any(Number),
      scopes: DEFAULT_SCOPES,
      ...limits,
    });
  });

  it('tell the day on which they were last used.', async(): Promise<void> => {
    jest.useFakeTimers({ now: new Date('2026-05-01T23:59:59Z'), doNotFake: [ 'setImmediate', 'nextTick', 'performance' ]});
    const { key } = await keys.create(draft());
    expect((await keys.list('mine'))[0].lastUsed).toBeUndefined();
    const marked = jest.spyOn(store, 'markKeyUsed');
    await keys.authenticate(key);
    await keys.authenticate(key);
    expect((await keys.list('mine'))[0].lastUsed).toBe('2026-05-01');
    expect(marked).toHaveBeenCalledTimes(1);
    jest.setSystemTime(new Date('2026-05-02T00:00:01Z'));
    await keys.authenticate(key);
    expect((await keys.list('mine'))[0].lastUsed).toBe('2026-05-02');
  });

  it('end when they expire, and when they are revoked.', async(): Promise<void> => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: [ 'setImmediate', 'nextTick', 'performance' ]});
    const brief = await keys.create(draft({ expires: Date.now() + 1_000 }));
    const other = await keys.create(draft());
    expect(await keys.authenticate(brief.key)).toBeDefined();
    jest.setSystemTime(Date.now() + 1_000);
    expect(await keys.authenticate(brief.key)).toBeUndefined();
    expect(await keys.revoke('somebody else', other.id)).toBe(false);
    expect(await keys.authenticate(other.key)).toBeDefined();
    expect(await keys.revoke('mine', other.id)).toBe(true);
    expect(await keys.authenticate(other.key)).toBeUndefined();
    expect(await keys.revoke('mine', other.id)).toBe(false);
  });

  it('end for one WebID of an account.', async(): Promise<void> => {
    const { key } = await keys.create(draft());
    const other = await keys.create(draft({ webId: 'http://localhost/other#me' }));
    const foreign = await keys.create(draft({ account: 'other' }));
    await store.removeKeysOf('mine', ME);
    expect(await keys.authenticate(key)).toBeUndefined();
    expect(await keys.authenticate(other.key)).toBeDefined();
    expect(await keys.authenticate(foreign.key)).toBeDefined();
  });

  it('hold no longer than their account has their WebID, and not where that cannot be told.', async(): Promise<void> => {
    const { id, key } = await keys.create(draft());
    expect(await keys.authenticate(key)).toBeDefined();
    expect(has).toHaveBeenCalledWith('mine', ME);
    has.mockResolvedValue(false);
    expect(await keys.authenticate(key)).toBeUndefined();
    expect(await keys.find(prefixOf(hashKey(key)), id)).toBeUndefined();
    has.mockRejectedValue(new Error('disk'));
    await expect(keys.authenticate(key)).rejects.toThrow('disk');
    await expect(keys.find(prefixOf(hashKey(key)), id)).rejects.toThrow('disk');
  });

  it('are not recognised where they are malformed.', async(): Promise<void> => {
    const find = jest.spyOn(store, 'findKeys');
    for (const text of [ '', 'spe_', 'spe_abc', generateKey().slice(1), `${generateKey()}A`, `${generateKey()}\n`, 'x'.repeat(100_000) ]) {
      expect(isKey(text)).toBe(false);
      expect(await keys.authenticate(text)).toBeUndefined();
    }
    expect(find).not.toHaveBeenCalled();
  });

  it('take the same steps to refuse, however much of a wrong key is right.', async(): Promise<void> => {
    const { key } = await keys.create(draft());
    const last = key.endsWith('A') ? 'B' : 'A';
    const nearly = [ `${key.slice(0, -2)}${last}${last}`, `${key.slice(0, 20)}${generateKey().slice(20)}` ];
    for (const wrong of [ ...nearly, generateKey() ]) {
      const asked = jest.spyOn(session, 'all');
      jest.mocked(crypto.timingSafeEqual).mockClear();
      expect(await keys.authenticate(wrong)).toBeUndefined();
      expect(asked).toHaveBeenCalledTimes(1);
      expect(asked.mock.calls[0][1]).toEqual(hashKey(wrong).subarray(0, 8));
      expect(crypto.timingSafeEqual).not.toHaveBeenCalled();
      asked.mockRestore();
    }
    await keys.authenticate(key);
    expect(crypto.timingSafeEqual).toHaveBeenCalledTimes(1);
  });

  it.each([ 8, 20, 31 ])('compare whole hashes in constant time, even if the first difference is at byte %i.', async(place): Promise<void> => {
    const key = generateKey();
    const hash = hashKey(key);
    const near = Buffer.from(hash);
    near[place] ^= 1;
    await store.addKey({ ...draft(), id: 'near', created: Date.now(), scopes: [ 'publish' ]}, near);
    const otherwise = [ jest.spyOn(Buffer.prototype, 'equals'), jest.spyOn(Buffer.prototype, 'compare'), jest.spyOn(Buffer, 'compare') ];
    jest.mocked(crypto.timingSafeEqual).mockClear();
    expect(await keys.authenticate(key)).toBeUndefined();
    expect(jest.mocked(crypto.timingSafeEqual).mock.calls).toEqual([[ near, hash ]]);
    expect([ near.length, hash.length ]).toEqual([ 32, 32 ]);
    for (const comparison of otherwise) {
      expect(comparison).not.toHaveBeenCalled();
      comparison.mockRestore();
    }
  });

  it('with the same beginning of their hashes are told apart.', async(): Promise<void> => {
    const [ one, two ] = [ generateKey(), generateKey() ];
    const created = { ...draft(), created: Date.now(), scopes: [ 'publish' ] as const };
    const collide = (key: string): Buffer => Buffer.concat([ hashKey(one).subarray(0, 8), hashKey(key).subarray(8) ]);
    await store.addKey({ ...created, id: 'one' }, collide(one));
    await store.addKey({ ...created, id: 'two' }, collide(two));
    expect(await store.findKeys(hashKey(one).subarray(0, 8))).toHaveLength(2);
    expect((await keys.authenticate(one))?.id).toBe('one');
    expect(await keys.authenticate(two)).toBeUndefined();
  });
});

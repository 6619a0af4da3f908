import { KeyRevokingWebIdStore } from '../../../../src/identity/account/KeyRevokingWebIdStore';

describe('A KeyRevokingWebIdStore', (): void => {
  const link = { id: 'l1', accountId: 'a1', webId: 'http://localhost/alice/profile/card#me' };
  let order: string[];
  let keys: { removeKeysOf: jest.Mock };
  let refreshTokens: { endChainsOf: jest.Mock };
  let storage: Record<'get' | 'find' | 'create' | 'delete', jest.Mock>;
  let store: KeyRevokingWebIdStore;

  beforeEach((): void => {
    order = [];
    keys = { removeKeysOf: jest.fn(async(): Promise<void> => {
      order.push('keys');
    }) };
    refreshTokens = { endChainsOf: jest.fn(async(): Promise<void> => {
      order.push('refresh tokens');
    }) };
    storage = {
      get: jest.fn(async(_, id: string): Promise<unknown> => id === link.id ? link : undefined),
      find: jest.fn(async(_, { webId }): Promise<unknown[]> => webId === link.webId ? [ link ] : []),
      create: jest.fn(async(): Promise<unknown> => {
        order.push('new link');
        return { id: 'l3' };
      }),
      delete: jest.fn(async(): Promise<void> => {
        order.push('link');
      }),
    };
    store = new KeyRevokingWebIdStore(storage as any, keys as any, refreshTokens as any);
  });

  it('revokes the keys and refresh tokens of a WebID before its link goes.', async(): Promise<void> => {
    await store.delete(link.id);
    expect(keys.removeKeysOf).toHaveBeenCalledWith(link.accountId, link.webId);
    expect(refreshTokens.endChainsOf).toHaveBeenCalledWith(link.webId);
    expect(order).toEqual([ 'keys', 'refresh tokens', 'link' ]);
  });

  it('revokes what is left of an earlier link before there is a new one, and nothing of one that is there.', async(): Promise<void> => {
    const webId = 'http://localhost/other#me';
    expect(await store.create(webId, link.accountId)).toBe('l3');
    expect(keys.removeKeysOf).toHaveBeenCalledWith(link.accountId, webId);
    expect(order).toEqual([ 'keys', 'refresh tokens', 'new link' ]);
    await expect(store.create(link.webId, link.accountId)).rejects.toThrow('already registered');
    expect(order).toEqual([ 'keys', 'refresh tokens', 'new link' ]);
  });

  it('keeps the link if the keys cannot be revoked.', async(): Promise<void> => {
    keys.removeKeysOf.mockRejectedValue(new Error('disk full'));
    await expect(store.delete(link.id)).rejects.toThrow('disk full');
    expect(order).toEqual([]);
  });

  it('keeps the link if the refresh tokens cannot be ended.', async(): Promise<void> => {
    refreshTokens.endChainsOf.mockRejectedValue(new Error('disk full'));
    await expect(store.delete(link.id)).rejects.toThrow('disk full');
    expect(order).toEqual([ 'keys' ]);
  });

  it('revokes nothing for a link that is not there.', async(): Promise<void> => {
    await store.delete('l2');
    expect(order).toEqual([ 'link' ]);
  });
});

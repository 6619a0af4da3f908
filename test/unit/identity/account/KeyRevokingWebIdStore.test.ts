import { KeyRevokingWebIdStore } from '../../../../src/identity/account/KeyRevokingWebIdStore';

describe('A KeyRevokingWebIdStore', (): void => {
  const link = { id: 'l1', accountId: 'a1', webId: 'http://localhost/alice/profile/card#me' };
  let order: string[];
  let apiKeys: { revokeAll: jest.Mock };
  let storage: { get: jest.Mock; delete: jest.Mock };
  let store: KeyRevokingWebIdStore;

  beforeEach((): void => {
    order = [];
    apiKeys = { revokeAll: jest.fn(async(): Promise<void> => {
      order.push('keys');
    }) };
    storage = {
      get: jest.fn(async(_, id: string): Promise<unknown> => id === link.id ? link : undefined),
      delete: jest.fn(async(): Promise<void> => {
        order.push('link');
      }),
    };
    store = new KeyRevokingWebIdStore(storage as any, apiKeys as any);
  });

  it('revokes the keys of a WebID before its link goes.', async(): Promise<void> => {
    await store.delete(link.id);
    expect(apiKeys.revokeAll).toHaveBeenCalledWith(link.accountId, link.webId);
    expect(order).toEqual([ 'keys', 'link' ]);
  });

  it('keeps the link if the keys cannot be revoked.', async(): Promise<void> => {
    apiKeys.revokeAll.mockRejectedValue(new Error('disk full'));
    await expect(store.delete(link.id)).rejects.toThrow('disk full');
    expect(order).toEqual([]);
  });

  it('revokes nothing for a link that is not there.', async(): Promise<void> => {
    await store.delete('l2');
    expect(order).toEqual([ 'link' ]);
  });
});

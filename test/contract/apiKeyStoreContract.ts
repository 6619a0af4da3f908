import { hashKey, generateKey, prefixOf } from '../../src/identity/ApiKey';
import type { ApiKey } from '../../src/identity/ApiKey';
import type { ApiKeyStore } from '../../src/identity/ApiKeyStore';
import type { OpenStores, Stores } from './stores';
import { shared } from './stores';

const WEBID = 'http://localhost/user/profile/card#me';

/** Contract of `ApiKeyStore`. */
export function describeApiKeyStoreContract(name: string, open: OpenStores<'events' | 'keys'>): void {
  describe(`${name}: API keys`, (): void => {
    let stores: Pick<Stores, 'events' | 'keys'>;
    let keys: ApiKeyStore;
    const add = async(fields: Partial<ApiKey> = {}): Promise<[ApiKey, Buffer]> => {
      const hash = hashKey(generateKey());
      const key: ApiKey = {
        id: hash.toString('hex'), account: 'mine', name: 'app', webId: WEBID, created: 5, scopes: [ 'publish' ], ...fields,
      };
      await keys.addKey(key, hash);
      return [ key, hash ];
    };

    beforeEach(async(): Promise<void> => {
      stores = shared(await open());
      await stores.events.open();
      keys = stores.keys;
    });

    afterEach(async(): Promise<void> => stores.events.close());

    it('finds a key with all fields by the prefix of its hash.', async(): Promise<void> => {
      const [ full, hash ] = await add({ expires: 9, pods: [ 'http://localhost/user/' ], topics: [ 'realestate/*' ], scopes: [ 'read', 'manage' ]});
      const [ plain, other ] = await add();
      expect(await keys.findKeys(prefixOf(hash))).toEqual([{ key: full, hash }]);
      expect(await keys.findKeys(prefixOf(other))).toEqual([{ key: plain, hash: other }]);
      expect(await keys.findKeys(prefixOf(hashKey(generateKey())))).toEqual([]);
    });

    it('lists the keys of an account, oldest first.', async(): Promise<void> => {
      const mine = [ (await add())[0], (await add({ created: 1 }))[0] ];
      await add({ account: 'other' });
      expect(await keys.listKeys('mine')).toEqual(mine);
      expect(await keys.listKeys('nobody')).toEqual([]);
    });

    it('removes a key of its account once.', async(): Promise<void> => {
      const [ key, hash ] = await add();
      expect(await keys.removeKey('other', key.id)).toBe(false);
      const removals = await Promise.all([ keys.removeKey('mine', key.id), keys.removeKey('mine', key.id) ]);
      expect(removals.sort()).toEqual([ false, true ]);
      expect(await keys.findKeys(prefixOf(hash))).toEqual([]);
    });

    it('removes the keys of an account for one WebID.', async(): Promise<void> => {
      await add();
      await add();
      const [ other ] = await add({ webId: 'http://localhost/other#me' });
      const [ foreign ] = await add({ account: 'other' });
      await keys.removeKeysOf('mine', WEBID);
      expect(await keys.listKeys('mine')).toEqual([ other ]);
      expect(await keys.listKeys('other')).toEqual([ foreign ]);
    });

    it('remembers the day of the last use.', async(): Promise<void> => {
      const [ key, hash ] = await add();
      await keys.markKeyUsed(key.id, '2026-05-01');
      await keys.markKeyUsed(key.id, '2026-05-02');
      await keys.markKeyUsed('missing', '2026-05-02');
      expect(await keys.findKeys(prefixOf(hash))).toEqual([{ key: { ...key, lastUsed: '2026-05-02' }, hash }]);
    });
  });
}

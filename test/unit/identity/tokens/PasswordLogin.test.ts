import { TooMany } from '../../../../src/event/TooMany';
import { hashKey, prefixOf } from '../../../../src/identity/ApiKey';
import { ApiKeys } from '../../../../src/identity/ApiKeys';
import { ClientLogin } from '../../../../src/identity/tokens/ClientLogin';
import type { Client } from '../../../../src/identity/tokens/Clients';
import type { Credential } from '../../../../src/identity/tokens/Credential';
import { PasswordLogin } from '../../../../src/identity/tokens/PasswordLogin';
import { SqliteApiKeyStore } from '../../../../src/store-sqlite/SqliteApiKeyStore';
import { IN_MEMORY, SqliteSession } from '../../../../src/store-sqlite/SqliteSession';

const IDP = 'http://localhost/';
const POD = `${IDP}a/`;
const ME = `${POD}profile/card#me`;

describe('A log-in by name and password', (): void => {
  let session: SqliteSession;
  let keys: ApiKeys;
  let login: PasswordLogin;
  let key: string;

  beforeEach(async(): Promise<void> => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: [ 'nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout' ]});
    session = new SqliteSession(IN_MEMORY);
    keys = new ApiKeys(new SqliteApiKeyStore(session), { isLinked: async(): Promise<boolean> => true });
    const clients = new ClientLogin({ find: async(id): Promise<Client | undefined> => id === 'app_1' ?
        { webId: ME, hasSecret: (secret): boolean => secret === 'secret' } :
      undefined }, IDP);
    login = new PasswordLogin(clients, keys);
    ({ key } = await keys.create({ account: 'mine', name: 'app', webId: ME }));
  });

  afterEach((): void => {
    jest.useRealTimers();
    session.close();
  });

  const logIn = async(name: string, secret: string, pod = POD, address = '192.0.2.1'): Promise<Credential | undefined> =>
    login.logIn({ pod, address, name, secret });

  it('accepts client credentials, and a WebID with its API key.', async(): Promise<void> => {
    expect(await logIn('app_1', 'secret')).toEqual({ caller: { agent: ME, client: 'app_1', issuer: IDP }, clientId: 'app_1' });
    expect(await logIn(ME, key)).toEqual({
      caller: { agent: ME, limits: { scopes: [ 'publish', 'subscribe' ]}},
      key: { id: expect.any(String), prefix: prefixOf(hashKey(key)).toString('base64url') },
    });
  });

  it('has one result for an unknown name, a wrong secret, a secret of another name, and another pod.', async(): Promise<void> => {
    const { key: foreign } = await keys.create({ account: 'mine', name: 'b', webId: `${IDP}b/profile/card#me` });
    const { key: elsewhere } = await keys.create({ account: 'mine', name: 'c', webId: ME, pods: [ `${IDP}b/` ]});
    const { key: expired } = await keys.create({ account: 'mine', name: 'd', webId: ME, expires: Date.now() - 1 });
    const attempts: [string, string][] = [
      [ 'app_2', 'secret' ], [ 'app_1', 'wrong' ], [ 'app_1', key ], [ ME, 'secret' ], [ ME, foreign ], [ ME, elsewhere ],
      [ ME, expired ], [ `${IDP}nobody#me`, key ], [ ME.toUpperCase(), key ], [ `${ME} `, key ], [ POD, key ], [ '../x', 'secret' ],
      [ key, key ], [ '\u0000', '\u0000' ], [ ME, `${key} ` ], [ ME, '' ],
    ];
    for (const [ name, secret ] of attempts) {
      expect([ name, secret, await logIn(name, secret) ]).toEqual([ name, secret, undefined ]);
    }
    expect((await logIn(ME, elsewhere, `${IDP}b/`))?.caller.agent).toBe(ME);
  });

  it('looks up a key by the password alone, whatever the WebID.', async(): Promise<void> => {
    const find = jest.spyOn(keys, 'authenticate');
    await logIn(ME, 'wrong');
    await logIn(`${IDP}nobody#me`, 'wrong');
    expect(find.mock.calls).toEqual([[ 'wrong' ], [ 'wrong' ]]);
  });

  it('has to wait after 30 failures of a WebID at a pod, even with the right key.', async(): Promise<void> => {
    await Promise.all(Array.from({ length: 30 }, async(_, index): Promise<unknown> => logIn(ME, `${index}`)));
    await expect(logIn(ME, key)).rejects.toThrow(TooMany);
    expect(await logIn(ME, key, `${IDP}b/`)).toBeDefined();
    expect(await logIn('app_1', 'secret')).toBeDefined();
    jest.setSystemTime(Date.now() + 60_000);
    expect(await logIn(ME, key)).toBeDefined();
  });

  it('has to wait after 300 failures of an address, whatever the names and pods.', async(): Promise<void> => {
    const tries = await Promise.allSettled(Array.from({ length: 400 }, async(_, index): Promise<unknown> => index % 2 ?
      login.logInClient({ pod: `${POD}${index}/`, address: 'x', name: `app_${index}`, secret: 'x' }) :
      logIn(`${IDP}${index}#me`, 'x', POD, 'x')));
    expect(tries.filter(({ status }): boolean => status === 'fulfilled')).toHaveLength(300);
    await expect(logIn(ME, key, POD, 'x')).rejects.toThrow(TooMany);
    await expect(login.logInClient({ pod: POD, address: 'x', name: 'app_1', secret: 'secret' })).rejects.toThrow(TooMany);
    expect(await logIn(ME, key, POD, 'y')).toBeDefined();
  });

  it('does not fail by succeeding, however often.', async(): Promise<void> => {
    for (let index = 0; index < 310; index += 1) {
      expect(await logIn(index % 2 ? ME : 'app_1', index % 2 ? key : 'secret')).toBeDefined();
    }
  });
});

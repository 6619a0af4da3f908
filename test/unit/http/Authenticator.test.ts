import type { HttpRequest } from '@solid/community-server';
import type { AccessTokens } from '../../../src/http/AccessTokens';
import { Authenticator } from '../../../src/http/Authenticator';
import type { Exchange } from '../../../src/http/Face';
import { mintKey } from '../../../src/identity/ApiKey';
import { ApiKeys } from '../../../src/identity/ApiKeys';
import type { Caller } from '../../../src/identity/Caller';
import { NotAuthorized } from '../../../src/publish/NotAuthorized';
import { SqliteApiKeyStore } from '../../../src/store/sqlite/SqliteApiKeyStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store/sqlite/SqliteSession';

const POD = 'http://localhost/a/';
const ME = 'http://localhost/me#me';

describe('An authenticator', (): void => {
  const session = new SqliteSession(IN_MEMORY);
  const keys = new ApiKeys(new SqliteApiKeyStore(session));
  const accessTokens = { callerOf: async(): Promise<Caller> => ({ agent: 'by token' }) } as unknown as AccessTokens;
  const authenticator = new Authenticator(accessTokens, keys);
  const callerOf = async(headers: Record<string, string>): Promise<Caller> =>
    authenticator.callerOf({ request: { headers } as unknown as HttpRequest, pod: POD, url: `${POD}publish/` } as Exchange);
  const create = async(limits: object = {}): Promise<string> =>
    (await keys.create({ account: 'mine', name: 'app', webId: ME, ...limits })).key;

  afterAll((): void => session.close());

  it('knows who has an API key, and what it is limited to.', async(): Promise<void> => {
    expect(await callerOf({ 'x-api-key': await create() })).toEqual({ agent: ME, limits: {}});
    const limits = { pods: [ POD ], topics: [ '*' ]};
    expect(await callerOf({ 'x-api-key': await create(limits) })).toEqual({ agent: ME, limits });
  });

  it('refuses keys that are not valid, or for other pods.', async(): Promise<void> => {
    for (const key of [ '', 'spe_', mintKey() ]) {
      await expect(callerOf({ 'x-api-key': key })).rejects.toMatchObject({ status: 401, message: expect.stringContaining('API key') });
    }
    await expect(callerOf({ 'x-api-key': await create({ pods: [ 'http://localhost/b/' ]}) })).rejects.toThrow(NotAuthorized);
  });

  it('takes access tokens, but not both.', async(): Promise<void> => {
    expect(await callerOf({ authorization: 'Bearer x' })).toEqual({ agent: 'by token' });
    await expect(callerOf({ authorization: 'Bearer x', 'x-api-key': await create() })).rejects.toMatchObject({ status: 400 });
  });
});

import {
  AbsolutePathInteractionRoute,
  BaseAccountIdRoute,
  NotFoundHttpError,
  RelativePathInteractionRoute,
  RepresentationMetadata,
} from '@solid/community-server';
import { ApiKeyHandler } from '../../../../src/identity/account/ApiKeyHandler';
import { ApiKeyRoute } from '../../../../src/identity/account/ApiKeyRoute';
import { ApiKeysHandler } from '../../../../src/identity/account/ApiKeysHandler';
import { ApiKeys } from '../../../../src/identity/ApiKeys';
import { SqliteApiKeyStore } from '../../../../src/store-sqlite/SqliteApiKeyStore';
import { IN_MEMORY, SqliteSession } from '../../../../src/store-sqlite/SqliteSession';
import { ServerUrls } from '../../../../src/url/ServerUrls';

const ACCOUNT = 'a1';
const WEB_ID = 'http://localhost/alice/profile/card#me';
const BASE = `http://localhost/.account/account/${ACCOUNT}/api-keys/`;

describe('The API keys of an account', (): void => {
  let session: SqliteSession;
  let apiKeys: ApiKeys;
  let isLinked: jest.Mock;
  let keys: ApiKeysHandler;
  let key: ApiKeyHandler;

  const input = (method: string, path: string, json: unknown = {}, accountId: string | undefined = ACCOUNT): any =>
    ({ method, target: { path }, json, metadata: new RepresentationMetadata(), accountId });
  const create = async(json: object): Promise<any> => (await keys.handle(input('POST', BASE, json))).json;

  beforeEach((): void => {
    session = new SqliteSession(IN_MEMORY);
    apiKeys = new ApiKeys(new SqliteApiKeyStore(session), { isLinked: async(): Promise<boolean> => true });
    isLinked = jest.fn(async(webId: string, account: string): Promise<boolean> => webId === WEB_ID && account === ACCOUNT);
    const accounts = new BaseAccountIdRoute(new AbsolutePathInteractionRoute('http://localhost/.account/account/'));
    const route = new ApiKeyRoute(new RelativePathInteractionRoute(accounts, 'api-keys/'));
    keys = new ApiKeysHandler({
      apiKeys,
      webIdStore: { isLinked } as any,
      route,
      urls: new ServerUrls('http://localhost/'),
      maxKeys: 2,
    });
    key = new ApiKeyHandler(apiKeys, route);
  });

  afterEach((): void => session.close());

  it('are made, listed, shown and revoked.', async(): Promise<void> => {
    const { id, key: text, resource } = await create({ name: 'my app', webId: WEB_ID, topics: [ 'a/*', 'a/*' ]});
    expect(resource).toBe(`${BASE}${id}/`);
    await expect(apiKeys.authenticate(text)).resolves.toMatchObject({ id, account: ACCOUNT, webId: WEB_ID, topics: [ 'a/*' ]});
    const shown = {
      id, name: 'my app', webId: WEB_ID, created: expect.any(String), scopes: [ 'publish', 'subscribe' ], topics: [ 'a/*' ], lastUsed: expect.any(String), resource,
    };
    await expect(keys.getView(input('GET', BASE))).resolves.toEqual({ json: { fields: expect.anything(), apiKeys: [ shown ]}});
    await expect(key.handle(input('GET', resource))).resolves.toEqual({ json: shown });
    await expect(key.handle(input('DELETE', resource))).resolves.toEqual({ json: {}});
    await expect(apiKeys.authenticate(text)).resolves.toBeUndefined();
    await expect(key.handle(input('GET', resource))).rejects.toThrow(NotFoundHttpError);
    await expect(key.handle(input('DELETE', resource))).rejects.toThrow(NotFoundHttpError);
  });

  it('have the limits that were said, in UTC.', async(): Promise<void> => {
    const pods = [ 'http://localhost/alice/' ];
    const { id } = await create({ name: 'my app', webId: WEB_ID, expires: '2999-01-01T02:00:00+02:00', pods, topics: '' });
    await expect(key.handle(input('GET', `${BASE}${id}/`))).resolves.toEqual({ json: {
      id, name: 'my app', webId: WEB_ID, created: expect.any(String), scopes: [ 'publish', 'subscribe' ], expires: '2999-01-01T00:00:00.000Z', pods, resource: `${BASE}${id}/`,
    }});
  });

  it('have pods in canonical form, each once.', async(): Promise<void> => {
    const pods = [ 'http://LOCALHOST//alice/', 'http://localhost/%61lice/', 'https://Other.example/bob/' ];
    const { id } = await create({ name: 'my app', webId: WEB_ID, pods });
    await expect(key.handle(input('GET', `${BASE}${id}/`))).resolves
      .toMatchObject({ json: { pods: [ 'http://localhost/alice/', 'https://Other.example/bob/' ]}});
    for (const alias of [ 'http://u:p@localhost/alice/', 'http://127.0.0.1/alice/', 'http://localhost./alice/', 'http://localhost/%zz/' ]) {
      await expect(create({ name: 'my app', webId: WEB_ID, pods: [ alias ]})).rejects.toMatchObject({ statusCode: 400 });
    }
  });

  it('are for WebIDs of the account only.', async(): Promise<void> => {
    await expect(create({ name: 'my app', webId: 'http://localhost/bob/profile/card#me' })).rejects.toMatchObject({ statusCode: 400 });
    await expect(apiKeys.list(ACCOUNT)).resolves.toEqual([]);
  });

  it('are as many as configured.', async(): Promise<void> => {
    await create({ name: 'one', webId: WEB_ID });
    const { resource } = await create({ name: 'two', webId: WEB_ID });
    await expect(create({ name: 'three', webId: WEB_ID })).rejects.toMatchObject({ statusCode: 409 });
    await key.handle(input('DELETE', resource));
    await expect(create({ name: 'three', webId: WEB_ID })).resolves.toBeDefined();
    const urls = new ServerUrls('http://localhost/');
    const most = new ApiKeysHandler({
      apiKeys,
      webIdStore: { isLinked } as any,
      route: { getPath: (): string => BASE } as any,
      urls,
    });
    await expect(most.handle(input('POST', BASE, { name: 'four', webId: WEB_ID }))).resolves.toBeDefined();
  });

  it('are not for who is not logged in.', async(): Promise<void> => {
    const nobody = { ...input('GET', BASE), accountId: undefined };
    await expect(keys.getView(nobody)).rejects.toThrow(NotFoundHttpError);
    await expect(keys.handle(nobody)).rejects.toThrow(NotFoundHttpError);
    await expect(key.handle({ ...nobody, target: { path: `${BASE}1/` }})).rejects.toThrow(NotFoundHttpError);
  });

  it('can be read and revoked, and nothing else.', async(): Promise<void> => {
    await expect(key.canHandle(input('GET', BASE))).resolves.toBeUndefined();
    await expect(key.canHandle(input('DELETE', BASE))).resolves.toBeUndefined();
    await expect(key.canHandle(input('PUT', BASE))).rejects.toMatchObject({ statusCode: 405 });
  });
});

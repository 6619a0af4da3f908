import type { HttpRequest } from '@solid/community-server';
import { SignJWT } from 'jose';
import type { AccessTokens } from '../../../src/http/AccessTokens';
import { Authenticator } from '../../../src/http/Authenticator';
import { HeaderReader } from '../../../src/http/HeaderReader';
import { CookiePairReader } from '../../../src/dialects/personium/CookiePairReader';
import { unauthorized } from '../../../src/http/errors';
import type { HttpExchange } from '../../../src/http/Endpoint';
import { generateKey } from '../../../src/identity/ApiKey';
import { ApiKeys } from '../../../src/identity/ApiKeys';
import type { Scope } from '../../../src/identity/scopes';
import { DEFAULT_SCOPES, FORMER_SCOPES, SCOPES } from '../../../src/identity/scopes';
import type { Caller } from '../../../src/identity/Caller';
import type { Credential } from '../../../src/identity/tokens/Credential';
import { EventTokens } from '../../../src/identity/tokens/EventTokens';
import { NotAuthorized } from '../../../src/event/NotAuthorized';
import { SqliteApiKeyStore } from '../../../src/store-sqlite/SqliteApiKeyStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { createAuthority } from '../../util/authority';

const POD = 'http://localhost/a/';
const OTHER_POD = 'http://localhost/b/';
const ME = 'http://localhost/me#me';

describe('An authenticator', (): void => {
  const session = new SqliteSession(IN_MEMORY);
  const keys = new ApiKeys(new SqliteApiKeyStore(session), { isLinked: async(): Promise<boolean> => true });
  const accessTokens = {
    callerOf: async({ headers: { authorization }}: HttpRequest): Promise<Caller> => {
      if (authorization === undefined) {
        return {};
      }
      if (!/^(?:Bearer|DPoP) oidc/u.test(authorization) && !authorization.startsWith('Bearer eyJhbGciOiJIUzI1NiJ9.')) {
        throw unauthorized('no access token');
      }
      return { agent: 'by token', client: 'app', issuer: 'idp' };
    },
  } as unknown as AccessTokens;
  let tokens: EventTokens;
  let authenticator: Authenticator;
  const exchangeOf = (headers: Record<string, string>): HttpExchange =>
    ({ request: { headers } as unknown as HttpRequest, pod: POD, url: `${POD}publish/` } as HttpExchange);
  const callerOf = async(headers: Record<string, string>, dialect?: string): Promise<Caller> =>
    authenticator.callerOf(exchangeOf(headers), [ 'publish' ], dialect);
  const credentialOf = async(headers: Record<string, string>): Promise<Credential> =>
    authenticator.credentialOf(exchangeOf(headers));
  const create = async(limits: object = {}): Promise<string> =>
    (await keys.create({ account: 'mine', name: 'app', webId: ME, ...limits })).key;
  const key = (text: string): Record<string, string> => ({ 'x-api-key': text });
  const tokenOf = async(text: string): Promise<Record<string, string>> =>
    ({ authorization: `Bearer ${(await tokens.issue(await credentialOf(key(text)), POD)).token}` });
  const tokenFor = async(pod = POD): Promise<string> => (await tokens.issue({ caller: { agent: ME }}, pod)).token;

  beforeAll(async(): Promise<void> => {
    const clients = { find: async(): Promise<undefined> => undefined };
    tokens = new EventTokens({
      authority: (await createAuthority()).signer,
      apiKeys: keys,
      clients,
      issuer: 'http://localhost/',
    });
    authenticator = new Authenticator(accessTokens, keys, tokens, [
      new HeaderReader('eventhos', 'Access-Key'), new HeaderReader('eventgrid', 'X-Auth-Token'), new CookiePairReader(tokens),
    ]);
  });

  afterAll((): void => session.close());

  it('takes a header of a dialect with one value, however often it is sent.', async(): Promise<void> => {
    const text = await create();
    const sent = (values: string[]): HttpExchange => ({
      ...exchangeOf({}), request: { headers: { 'access-key': values.join(', ') }, headersDistinct: { 'access-key': values }} as unknown as HttpRequest,
    });
    expect(await authenticator.callerOf(sent([ text, '', text ]), [ 'publish' ], 'eventhos')).toMatchObject({ agent: ME });
    await expect(authenticator.callerOf(sent([ text, await create() ]), [ 'publish' ], 'eventhos')).rejects.toMatchObject({
      status: 400, message: expect.stringContaining('"access-key" was sent with different values'),
    });
    await expect(authenticator.callerOf(sent([ '' ]), [ 'publish' ], 'eventhos')).rejects.toMatchObject({ status: 401 });
    expect(await authenticator.callerOf(sent([ text ]), [ 'publish' ])).toEqual({});
  });

  it('knows who has an API key, and what it is limited to.', async(): Promise<void> => {
    expect(await callerOf({ 'x-api-key': await create() })).toEqual({ agent: ME, limits: { scopes: DEFAULT_SCOPES }});
    const limits = { pods: [ POD ], topics: [ '*' ], scopes: [ 'publish' ]};
    expect(await callerOf({ 'x-api-key': await create(limits) })).toEqual({ agent: ME, limits });
    expect(await callerOf({ authorization: `Bearer ${await create(limits)}` })).toEqual({ agent: ME, limits });
    expect(await callerOf({ 'access-key': await create(limits) }, 'eventhos')).toEqual({ agent: ME, limits });
  });

  it('refuses keys that are not valid, or for other pods.', async(): Promise<void> => {
    const elsewhere = await create({ pods: [ OTHER_POD ]});
    for (const key of [ '', 'spe_', generateKey() ]) {
      await expect(callerOf({ 'x-api-key': key })).rejects.toMatchObject({ status: 401, message: expect.stringContaining('API key') });
      await expect(callerOf({ 'access-key': key }, 'eventhos')).rejects.toMatchObject({ status: 401 });
      await expect(callerOf({ authorization: `Bearer ${key}` })).rejects.toMatchObject({ status: 401 });
    }
    await expect(callerOf({ 'x-api-key': elsewhere })).rejects.toThrow(NotAuthorized);
    await expect(callerOf({ authorization: `Bearer ${elsewhere}` })).rejects.toThrow(NotAuthorized);
  });

  it.each([ 'publish', 'subscribe', 'manage', 'read' ] as const)('refuses a credential without the scope %s, and names it.', async(scope): Promise<void> => {
    const callerIn = async(headers: Record<string, string>, wanted: Scope[]): Promise<Caller> =>
      authenticator.callerOf(exchangeOf(headers), wanted);
    const others = SCOPES.filter((other): boolean => other !== scope);
    for (const other of [ key(await create({ scopes: others })), await tokenOf(await create({ scopes: others })) ]) {
      await expect(callerIn(other, [ scope ])).rejects.toThrow(`lacks the scope ${scope}`);
      await expect(callerIn(other, [ scope ])).rejects.toThrow(NotAuthorized);
      expect(await callerIn(other, [ scope, others[0] ])).toMatchObject({ agent: ME });
    }
    for (const own of [ key(await create({ scopes: [ scope ]})), await tokenOf(await create({ scopes: [ scope ]})) ]) {
      expect((await callerIn(own, [ scope ])).limits?.scopes).toEqual([ scope ]);
    }
    expect(await callerIn({ authorization: 'Bearer oidc' }, [ scope ])).toMatchObject({ agent: 'by token' });
  });

  it('recognizes its own credentials by their form, without verifying them.', async(): Promise<void> => {
    const token = await tokenFor();
    const kindsOf = (headers: Record<string, string>): boolean[] => {
      const { request } = exchangeOf(headers);
      return [ authenticator.hasKeyOrToken(request), authenticator.hasOtherCredential(request) ];
    };
    for (const headers of [{ 'x-api-key': 'x' }, { 'x-api-key': '' }, { authorization: 'Bearer spe_x' }, { authorization: `bearer  ${token}` }]) {
      expect([ headers, kindsOf(headers as unknown as Record<string, string>) ]).toEqual([ headers, [ true, false ]]);
    }
    for (const authorization of [ 'Bearer x', 'DPoP spe_x', 'Basic spe_x', `DPoP ${token}`, 'spe_x', '', 'Bearer x spe_x' ]) {
      expect([ authorization, kindsOf({ authorization }) ]).toEqual([ authorization, [ false, true ]]);
      expect(kindsOf({ authorization, 'x-api-key': 'x' })).toEqual([ true, true ]);
    }
    expect(kindsOf({})).toEqual([ false, false ]);
  });

  it('knows who has a token of this server, where a token can be.', async(): Promise<void> => {
    const token = await tokenFor();
    const caller = { agent: ME, limits: { pods: [ POD ], scopes: FORMER_SCOPES }};
    expect(await callerOf({ authorization: `Bearer ${token}` })).toEqual(caller);
    expect(await callerOf({ authorization: `bearer  ${token}` })).toEqual(caller);
    expect(await callerOf({ 'x-auth-token': token }, 'eventgrid')).toEqual(caller);
    await expect(callerOf({ 'x-api-key': token })).rejects.toMatchObject({ status: 401 });
    for (const authorization of [ `DPoP ${token}`, token, `Basic ${token}` ]) {
      await expect(callerOf({ authorization })).rejects.toMatchObject({ status: 401 });
    }
  });

  it('refuses tokens that are not valid, or for other pods, and looks for no other way.', async(): Promise<void> => {
    const token = await tokenFor();
    for (const headers of [{ authorization: `Bearer ${token}x` }, { authorization: `Bearer ${token.split('.')[0]}.e30.` }]) {
      await expect(callerOf(headers)).rejects.toMatchObject({ status: 401, message: expect.stringContaining('The token is not valid') });
    }
    await expect(callerOf({ authorization: `Bearer ${await tokenFor(OTHER_POD)}` })).rejects.toThrow(NotAuthorized);
    await expect(callerOf({ 'access-key': await tokenFor(OTHER_POD) }, 'eventhos')).rejects.toThrow(NotAuthorized);
  });

  it('takes access tokens, but not both, nor in a header of a dialect.', async(): Promise<void> => {
    expect(await callerOf({ authorization: 'Bearer oidc' })).toMatchObject({ agent: 'by token' });
    expect(await callerOf({ authorization: 'DPoP oidc' })).toMatchObject({ agent: 'by token' });
    expect(await callerOf({})).toEqual({});
    await expect(callerOf({ 'access-key': 'oidc' }, 'eventhos')).rejects.toMatchObject({ status: 401 });
    await expect(callerOf({ authorization: 'Bearer oidc', 'x-api-key': await create() })).rejects.toMatchObject({
      status: 400, message: expect.stringContaining('Both "x-api-key" and "Authorization"'),
    });
    await expect(callerOf({ 'access-key': await create(), 'x-api-key': await create() }, 'eventhos')).rejects.toMatchObject({
      status: 400, message: expect.stringContaining('Both "x-api-key" and "access-key"'),
    });
    await expect(callerOf({ authorization: 'Bearer oidc', 'access-key': '' }, 'eventhos')).rejects.toMatchObject({ status: 400 });
    expect(await callerOf({ 'access-key': await create() })).toEqual({});
  });

  it('tells what a credential ends with.', async(): Promise<void> => {
    const expires = Date.now() + 60_000;
    const { key, ...ofKey } = await credentialOf({ 'x-api-key': await create({ expires }) });
    expect(ofKey).toEqual({ caller: { agent: ME, limits: { scopes: DEFAULT_SCOPES }}, expires });
    const { token } = await tokens.issue({ ...ofKey, key }, POD);
    expect(await credentialOf({ authorization: `Bearer ${token}` })).toEqual({
      caller: { agent: ME, limits: { pods: [ POD ], scopes: DEFAULT_SCOPES }}, expires: Math.floor(expires / 1_000) * 1_000, key,
    });
    const exp = Math.floor(expires / 1_000);
    const oidc = await new SignJWT({ exp }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32));
    expect(await credentialOf({ authorization: `Bearer ${oidc}` })).toMatchObject({ caller: { agent: 'by token', client: 'app' }, expires: exp * 1_000 });
    expect(await credentialOf({ authorization: 'Bearer oidc' })).toMatchObject({ expires: undefined });
  });

  it('knows who has a cookie and its peer, for their pod.', async(): Promise<void> => {
    const { cookie, peer } = await tokens.issuePair({ caller: { agent: ME }}, POD);
    const byPair = async(one: string, two: string, pod = POD, dialect: string | undefined = 'personium'): Promise<Caller> => {
      const request = { headers: { cookie: `p_cookie=${one}` }, url: `/__event?p_cookie_peer=${two}` } as unknown as HttpRequest;
      return authenticator.callerOf({ request, pod, url: `${pod}__event` } as HttpExchange, [ 'publish' ], dialect);
    };
    expect(await byPair(cookie, peer)).toEqual({ agent: ME, limits: { pods: [ POD ], scopes: FORMER_SCOPES }});
    await expect(byPair(cookie, peer, OTHER_POD)).rejects.toThrow(NotAuthorized);
    for (const [ one, two ] of [[ cookie, '' ], [ '', peer ], [ peer, cookie ], [ await tokenFor(), peer ]]) {
      await expect(byPair(one, two)).rejects.toMatchObject({ status: 401 });
    }
    for (const other of [ 'eventhos', '' ]) {
      expect(await byPair(cookie, peer, POD, other)).toEqual({});
    }
    await expect(callerOf({ authorization: `Bearer ${cookie}` })).rejects.toMatchObject({ status: 401 });
    await expect(callerOf({ authorization: `Bearer ${peer}` })).rejects.toMatchObject({ status: 401 });
  });
});

import { Readable } from 'node:stream';
import type { HttpRequest } from '@solid/community-server';
import type { Authenticator } from '../../../../src/http/Authenticator';
import type { EndpointResponse, HttpExchange } from '../../../../src/http/Endpoint';
import { PersoniumTokenEndpoint } from '../../../../src/dialects/personium/PersoniumTokenEndpoint';
import type { Credential } from '../../../../src/identity/tokens/Credential';
import type { EventTokens, IssuedPair, IssuedToken } from '../../../../src/identity/tokens/EventTokens';
import type { LoginAttempt } from '../../../../src/identity/tokens/LoginAttempt';
import type { PasswordLogin } from '../../../../src/identity/tokens/PasswordLogin';
import type { RefreshTokens } from '../../../../src/identity/tokens/RefreshTokens';

const CREDENTIAL: Credential = { caller: { agent: 'https://a.example/#me' }};

describe('The endpoint for tokens in Personium’s form', (): void => {
  const logInClient = jest.fn<Promise<Credential>, [LoginAttempt]>().mockResolvedValue(CREDENTIAL);
  const tokens = {
    issue: async(): Promise<IssuedToken> => ({ token: 't', expiresIn: 60 }),
    issuePair: async(): Promise<IssuedPair> => ({ cookie: 'c', peer: 'p', expiresIn: 50 }),
  } as unknown as EventTokens;
  const authenticator = { credentialOf: async(): Promise<Credential> => CREDENTIAL } as unknown as Authenticator;
  const endpoint = new PersoniumTokenEndpoint(authenticator, { logInClient } as unknown as PasswordLogin, tokens, {} as unknown as RefreshTokens);
  const ask = async(pod: string, body: string, headers: object = {}): Promise<EndpointResponse> => endpoint.handle({
    request: Object.assign(Readable.from([ Buffer.from(body) ]), {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, complete: true,
    }) as unknown as HttpRequest,
    method: 'POST', pod, path: '__token', url: `${pod}__token`,
  } satisfies HttpExchange);

  it.each([
    [ 'http://localhost:3000/a/', 'p_cookie=c; Path=/a/; Max-Age=50; HttpOnly; SameSite=Strict' ],
    [ 'https://pods.example/x/a/', 'p_cookie=c; Path=/x/a/; Max-Age=50; HttpOnly; SameSite=Strict; Secure' ],
    [ 'https://a.pods.example/', 'p_cookie=c; Path=/; Max-Age=50; HttpOnly; SameSite=Strict; Secure' ],
    [ 'https://pods.example/a; Domain=example/', 'p_cookie=c; Path=/a%3B%20Domain=example/; Max-Age=50; HttpOnly; SameSite=Strict; Secure' ],
  ])('sets a cookie for the path of %s.', async(pod, cookie): Promise<void> => {
    const { headers, body } = await ask(pod, 'p_cookie=true');
    expect(headers?.['Set-Cookie']).toBe(cookie);
    expect(JSON.parse(body!)).toEqual({ access_token: 't', token_type: 'Bearer', expires_in: 60, scope: 'publish subscribe manage', p_cookie_peer: 'p' });
    expect((await ask(pod, 'p_cookie=false')).headers).not.toHaveProperty('Set-Cookie');
  });

  it.each([
    [ 'app_1:s', 'app_1', 's' ],
    [ 'my+app%3A1:a%2Bb%25:c', 'my app:1', 'a+b%:c' ],
    [ '%C3%BC:', 'ü', '' ],
  ])('reads %p by Basic as client %p with secret %p.', async(text, id, secret): Promise<void> => {
    const authorization = `Basic ${Buffer.from(text).toString('base64')}`;
    expect((await ask('https://a.example/', 'grant_type=client_credentials', { authorization })).status).toBe(200);
    expect(logInClient).toHaveBeenLastCalledWith({ pod: 'https://a.example/', address: '', name: id, secret });
  });
});

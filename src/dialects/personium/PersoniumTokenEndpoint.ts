import { scopesOf, withScopes } from '../../identity/tokens/credentialScopes';
import type { Credential } from '../../identity/tokens/Credential';
import type { EventTokens } from '../../identity/tokens/EventTokens';
import type { LoginAttempt } from '../../identity/tokens/LoginAttempt';
import type { PasswordLogin } from '../../identity/tokens/PasswordLogin';
import { isRefreshToken } from '../../identity/tokens/refreshToken';
import type { IssuedRefreshToken, RefreshTokens } from '../../identity/tokens/RefreshTokens';
import { currentAccount } from '../../access/costs';
import type { Authenticator } from '../../http/Authenticator';
import type { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import { oauthError, OAuthProblem } from '../../http/token/OAuthProblem';
import { readFields } from '../../http/token/readFields';
import { PERSONIUM_HEADERS } from './personiumHeaders';
import type { TokenRequest } from './tokenRequest';
import { parseTokenRequest } from './tokenRequest';

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };

/** An answer, without the headers of all answers. */
interface TokenAnswer {
  readonly body: Readonly<Record<string, string | number>>;
  readonly cookie?: string;
}

/**
 * `POST {pod}__token`: a token for the event endpoints of the pod, in the form of OAuth 2.0, as Personium has it.
 *
 * It is for a client that presents its id and secret, a name and a password, a refresh token, or a caller with other
 * credentials. With `p_cookie` there is a cookie as well, which counts only together with its peer in the answer.
 */
export class PersoniumTokenEndpoint extends Endpoint {
  private readonly authenticator: Authenticator;
  private readonly login: PasswordLogin;
  private readonly tokens: EventTokens;
  private readonly refreshTokens: RefreshTokens;

  /**
   * @param authenticator - Authenticates requests.
   * @param login - Authenticates clients by id and secret, and agents by name and password.
   * @param tokens - Issues the tokens.
   * @param refreshTokens - Issues and exchanges refresh tokens.
   */
  public constructor(
    authenticator: Authenticator,
    login: PasswordLogin,
    tokens: EventTokens,
    refreshTokens: RefreshTokens,
  ) {
    super();
    this.authenticator = authenticator;
    this.login = login;
    this.tokens = tokens;
    this.refreshTokens = refreshTokens;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === '__token' ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request } = exchange;
    // The body can have a secret, so it is read first, and the client's address pays.
    currentAccount()?.identify({});
    const asked = parseTokenRequest(request.headers, await readFields(request));
    const { body, cookie } = await this.answerTo(exchange, asked);
    return jsonResponse(200, body, { ...headersFor(exchange), ...cookie !== undefined && { 'Set-Cookie': cookie }});
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    const { status, headers } = problem;
    return jsonResponse(status, oauthError(problem), {
      ...headersFor(exchange),
      ...status === 401 && { 'WWW-Authenticate': `Basic realm="${exchange.pod}", charset="UTF-8"` },
      ...headers,
    });
  }

  private async answerTo(exchange: HttpExchange, asked: TokenRequest): Promise<TokenAnswer> {
    const { pod } = exchange;
    switch (asked.grant) {
      case 'caller': {
        const credential = await this.authenticator.credentialOf(exchange);
        if (credential.caller.agent === undefined) {
          throw new OAuthProblem(401, 'invalid_client', 'Send client_id and client_secret, or credentials in a header');
        }
        return this.issue(pod, asked, credential);
      }
      case 'client_credentials':
        return this.issue(pod, asked, await this.authenticateClient(pod, asked.id, asked.secret));
      case 'password':
        return this.logIn(pod, asked);
      case 'refresh_token':
        return this.refresh(pod, asked);
    }
  }

  private async logIn(pod: string, asked: TokenRequest & { grant: 'password' }): Promise<TokenAnswer> {
    const credential = await this.login.logIn(attemptAt(pod, asked.username, asked.password));
    if (!credential) {
      throw new OAuthProblem(400, 'invalid_grant', '[PR400-AN-0017] - Authentication failed. Send the id and secret ' +
        'of client credentials, or a WebID and one of its API keys, as username and password');
    }
    const narrowed = narrow(credential, asked);
    return this.issue(pod, asked, narrowed, await this.refreshTokens.start(narrowed, pod, asked.client));
  }

  private async refresh(pod: string, asked: TokenRequest & { grant: 'refresh_token' }): Promise<TokenAnswer> {
    const { token, id, secret, scopes, wantsCookie } = asked;
    if (!isRefreshToken(token)) {
      throw new OAuthProblem(400, 'invalid_grant', '[PR400-AN-0013] - Not a refresh token.');
    }
    if (id !== undefined && secret !== undefined) {
      await this.authenticateClient(pod, id, secret);
    }
    const fingerprint = JSON.stringify([ wantsCookie, scopes ? [ ...scopes ].sort() : null ]);
    const answer = await this.refreshTokens.exchange(
      { token, pod, client: id, fingerprint },
      async(credential, next): Promise<string> => JSON.stringify(await this.issue(pod, asked, credential, next)),
    );
    if (answer === undefined) {
      throw new OAuthProblem(400, 'invalid_grant', '[PR400-AN-0010] - Token expired or invalid. Log in again');
    }
    return JSON.parse(answer) as TokenAnswer;
  }

  private async authenticateClient(pod: string, id: string, secret: string): Promise<Credential> {
    const credential = await this.login.logInClient(attemptAt(pod, id, secret));
    if (!credential) {
      throw new OAuthProblem(401, 'invalid_client', 'There is no such client with this secret');
    }
    return credential;
  }

  private async issue(
    pod: string,
    asked: TokenRequest,
    credential: Credential,
    refresh?: IssuedRefreshToken,
  ): Promise<TokenAnswer> {
    const narrowed = narrow(credential, asked);
    const { token, expiresIn } = await this.tokens.issue(narrowed, pod);
    const body = {
      access_token: token,
      token_type: 'Bearer',
      expires_in: expiresIn,
      ...refresh && { refresh_token: refresh.refreshToken, refresh_token_expires_in: refresh.expiresIn },
      scope: scopesOf(narrowed).join(' '),
    };
    if (!asked.wantsCookie) {
      return { body };
    }
    const pair = await this.tokens.issuePair(narrowed, pod);
    return { body: { ...body, p_cookie_peer: pair.peer }, cookie: cookieFor(pod, pair.cookie, pair.expiresIn) };
  }
}

function attemptAt(pod: string, name: string, secret: string): LoginAttempt {
  return { pod, name, secret, address: currentAccount()?.address ?? '' };
}

/**
 * Returns a credential with the requested scopes.
 *
 * @throws {@link OAuthProblem} 400 if none of them remains.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
 */
function narrow(credential: Credential, { scopes }: TokenRequest): Credential {
  const narrowed = withScopes(credential, scopes);
  if (scopesOf(narrowed).length === 0) {
    throw new OAuthProblem(400, 'invalid_scope', `None of the requested scopes is available: send some of "${
      scopesOf(credential).join(' ')}", or no scope`);
  }
  return narrowed;
}

/**
 * Returns the headers of all answers. A page of another origin that sends its request with credentials, as
 * `personium-sdk-ts` does, gets the server's own CORS headers, which name its origin. Cookies open nothing here.
 */
function headersFor({ request }: HttpExchange): Record<string, string> {
  const { 'Access-Control-Allow-Origin': anyOrigin, ...others } = PERSONIUM_HEADERS;
  const hasOrigin = request.headers.origin !== undefined;
  return { ...others, ...NO_STORE, ...!hasOrigin && { 'Access-Control-Allow-Origin': anyOrigin }};
}

/** @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1 */
function cookieFor(pod: string, value: string, maxAge: number): string {
  const { protocol, pathname } = new URL(pod);
  const parts = [
    `p_cookie=${value}`, `Path=${pathname.replaceAll(';', '%3B')}`, `Max-Age=${maxAge}`, 'HttpOnly', 'SameSite=Strict',
  ];
  return [ ...parts, ...protocol === 'https:' ? [ 'Secure' ] : [] ].join('; ');
}

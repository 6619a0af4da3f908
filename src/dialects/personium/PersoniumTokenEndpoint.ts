import { InvalidInput } from '../../event/InvalidInput';
import type { ClientLogin } from '../../identity/tokens/ClientLogin';
import type { Credential } from '../../identity/tokens/Credential';
import type { EventTokens } from '../../identity/tokens/EventTokens';
import { currentAccount } from '../../access/costs';
import type { Authenticator } from '../../http/Authenticator';
import type { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import { PERSONIUM_HEADERS } from './personiumHeaders';
import type { PresentedClient } from '../../http/token/basicClient';
import { basicClient } from '../../http/token/basicClient';
import { oauthError, OAuthProblem } from '../../http/token/OAuthProblem';
import { readFields } from '../../http/token/readFields';

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };

/**
 * `POST {pod}__token`: a token for the event endpoints of the pod, in the form of OAuth 2.0, as Personium has it.
 *
 * It is for a client that presents its id and secret, or a caller with other credentials. With
 * `p_cookie` there is a cookie as well, which counts only together with its peer in the answer.
 */
export class PersoniumTokenEndpoint extends Endpoint {
  private readonly authenticator: Authenticator;
  private readonly login: ClientLogin;
  private readonly tokens: EventTokens;

  /**
   * @param authenticator - Authenticates requests.
   * @param login - Logs clients in.
   * @param tokens - Makes the tokens.
   */
  public constructor(authenticator: Authenticator, login: ClientLogin, tokens: EventTokens) {
    super();
    this.authenticator = authenticator;
    this.login = login;
    this.tokens = tokens;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === '__token' ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { pod, request } = exchange;
    // The body can have the secret of a client, so it is read first, and the client's address pays.
    currentAccount()?.identify({});
    const fields = await readFields(request);
    const wantsCookie = flag(fields, 'p_cookie');
    const credential = await this.credentialOf(exchange, fields);
    const { token, expiresIn } = await this.tokens.issue(credential, pod);
    const body = { access_token: token, token_type: 'Bearer', expires_in: expiresIn };
    const headers = { ...PERSONIUM_HEADERS, ...NO_STORE };
    if (!wantsCookie) {
      return jsonResponse(200, body, headers);
    }
    const pair = await this.tokens.issuePair(credential, pod);
    return jsonResponse(200, { ...body, p_cookie_peer: pair.peer }, {
      ...headers, 'Set-Cookie': cookieFor(pod, pair.cookie, pair.expiresIn),
    });
  }

  public errorResponse(problem: HttpProblem, { pod }: HttpExchange): EndpointResponse {
    const { status, headers } = problem;
    return jsonResponse(status, oauthError(problem), {
      ...PERSONIUM_HEADERS,
      ...NO_STORE,
      ...status === 401 && { 'WWW-Authenticate': `Basic realm="${pod}", charset="UTF-8"` },
      ...headers,
    });
  }

  private async credentialOf(exchange: HttpExchange, fields: ReadonlyMap<string, unknown>): Promise<Credential> {
    const { request: { headers }, pod } = exchange;
    const isPresented = headers.authorization !== undefined || headers['x-api-key'] !== undefined;
    const basic = headers['x-api-key'] === undefined ? basicClient(headers.authorization) : undefined;
    const inBody = fields.has('client_id') || fields.has('client_secret');
    if (!basic && isPresented && inBody) {
      throw new InvalidInput('Both client_id or client_secret and a header with credentials were sent: send one of them, ' +
        'so that it is clear who asks');
    }
    const asked = textOf(fields, 'grant_type');
    if (asked !== undefined && asked !== 'client_credentials') {
      throw new OAuthProblem(400, 'unsupported_grant_type', 'The only grant_type here is client_credentials');
    }
    if (!basic && !inBody) {
      const credential = await this.authenticator.credentialOf(exchange);
      if (credential.caller.agent === undefined) {
        throw new OAuthProblem(401, 'invalid_client', 'Send client_id and client_secret, or credentials in a header');
      }
      return credential;
    }
    if (asked === undefined) {
      throw new InvalidInput('grant_type is required');
    }
    const { id, secret } = basic ? sameClient(basic, fields) : clientIn(fields);
    const credential = await this.login.logIn(pod, id, secret);
    if (typeof credential === 'string') {
      throw new OAuthProblem(401, 'invalid_client', 'There is no such client with this secret');
    }
    return credential;
  }
}

function clientIn(fields: ReadonlyMap<string, unknown>): PresentedClient {
  const [ id, secret ] = [ textOf(fields, 'client_id'), textOf(fields, 'client_secret') ];
  if (id === undefined || secret === undefined) {
    throw new InvalidInput('client_id and client_secret are required');
  }
  return { id, secret };
}

/**
 * The client of the header, which the body may name too, but without a secret.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3
 */
function sameClient(basic: PresentedClient, fields: ReadonlyMap<string, unknown>): PresentedClient {
  if (fields.has('client_secret') || (textOf(fields, 'client_id') ?? basic.id) !== basic.id) {
    throw new InvalidInput('Two clients, or two secrets, were sent: send one of them, so that it is clear who asks');
  }
  return basic;
}

function textOf(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = fields.get(name);
  if (value !== undefined && (typeof value !== 'string' || value === '')) {
    throw new InvalidInput(`${name} must be a string that is not empty`);
  }
  return value;
}

function flag(fields: ReadonlyMap<string, unknown>, name: string): boolean {
  const value = fields.get(name) ?? 'false';
  if (value !== true && value !== false && value !== 'true' && value !== 'false') {
    throw new InvalidInput(`${name} must be true or false`);
  }
  return value === true || value === 'true';
}

/** @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1 */
function cookieFor(pod: string, value: string, maxAge: number): string {
  const { protocol, pathname } = new URL(pod);
  const parts = [
    `p_cookie=${value}`, `Path=${pathname.replaceAll(';', '%3B')}`, `Max-Age=${maxAge}`, 'HttpOnly', 'SameSite=Strict',
  ];
  return [ ...parts, ...protocol === 'https:' ? [ 'Secure' ] : [] ].join('; ');
}

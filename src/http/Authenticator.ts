import { decodeJwt } from 'jose';
import { hashKey, prefixOf } from '../identity/ApiKey';
import type { ApiKeys } from '../identity/ApiKeys';
import type { Caller } from '../identity/Caller';
import type { Credential } from '../identity/tokens/Credential';
import type { EventTokens } from '../identity/tokens/EventTokens';
import { currentAccount } from '../access/costs';
import { NotAuthorized } from '../event/NotAuthorized';
import type { AccessTokens } from './AccessTokens';
import { HttpProblem, unauthorized } from './errors';
import type { HttpExchange } from './Endpoint';

/** What API keys begin with, also those that are mistyped. */
const KEY_START = 'spe_';

/**
 * Finds out who makes a request, by its access token, its API key, or its token of this server.
 *
 * Credentials that are not valid never count as none.
 */
export class Authenticator {
  private readonly accessTokens: AccessTokens;
  private readonly apiKeys: ApiKeys;
  private readonly eventTokens: EventTokens;

  /**
   * @param accessTokens - Knows who has an access token.
   * @param apiKeys - Knows who has an API key.
   * @param eventTokens - Knows who has a token of this server.
   */
  public constructor(accessTokens: AccessTokens, apiKeys: ApiKeys, eventTokens: EventTokens) {
    this.accessTokens = accessTokens;
    this.apiKeys = apiKeys;
    this.eventTokens = eventTokens;
  }

  /**
   * Who makes a request; the public, if it presents no credentials.
   *
   * @param exchange - The request.
   * @param header - The name, in lower case, of a header of the dialect that can have an API key or a token of this
   *                 server as well.
   *
   * @throws An `HttpProblem` 401 if it presents credentials that are not valid; 400 if it presents two.
   * @throws {@link NotAuthorized} if they are limited to other pods.
   * @throws {@link TooMany} if the caller's requests cost too much of late.
   */
  public async callerOf(exchange: HttpExchange, header = 'x-api-key'): Promise<Caller> {
    return (await this.authenticate(exchange, header)).caller;
  }

  /**
   * Who makes a request, as {@link callerOf} tells, and until when what it presents is good.
   *
   * @param exchange - The request.
   */
  public async credentialOf(exchange: HttpExchange): Promise<Credential> {
    const credential = await this.authenticate(exchange, 'x-api-key');
    return { ...credential, expires: credential.expires ?? endOfToken(exchange.request.headers.authorization) };
  }

  /**
   * Who has both halves of a pair, a cookie and its peer, that was made for a pod.
   *
   * @param cookie - The one half.
   * @param peer - The other half.
   * @param pod - The base URL of the pod.
   *
   * @throws An `HttpProblem` 401 if they are not valid, or not of each other.
   * @throws {@link NotAuthorized} if they are for another pod.
   */
  public async callerByPair(cookie: string, peer: string, pod: string): Promise<Caller> {
    const credential = await this.eventTokens.authenticatePair(cookie, peer);
    if (!credential) {
      throw unauthorized('The cookie and its peer are not valid: they may have expired');
    }
    return forPod(credential, pod, 'This cookie').caller;
  }

  private async authenticate(exchange: HttpExchange, header: string): Promise<Credential> {
    const credential = await this.verify(exchange, header);
    currentAccount()?.identify(credential.caller);
    return credential;
  }

  private async verify({ request, pod, url }: HttpExchange, header: string): Promise<Credential> {
    const { headers } = request;
    const present = [ ...new Set([ 'x-api-key', header, 'authorization' ]) ]
      .filter((name): boolean => headers[name] !== undefined);
    if (present.length > 1) {
      const names = present.map((name): string => `"${name === 'authorization' ? 'Authorization' : name}"`);
      throw new HttpProblem(400, `Both ${names[0]} and ${names[1]} were sent: send one of them, so that it is clear who asks`);
    }
    const name = present.at(0) ?? 'authorization';
    const isOwnHeader = name !== 'authorization';
    const text = isOwnHeader ? String(headers[name]) : bearerOf(headers.authorization);
    if (name !== 'x-api-key' && this.eventTokens.isToken(text)) {
      return this.credentialByToken(text, pod);
    }
    if (isOwnHeader || text.startsWith(KEY_START)) {
      return this.credentialByKey(text, pod);
    }
    return { caller: await this.accessTokens.callerOf(request, url) };
  }

  private async credentialByKey(text: string, pod: string): Promise<Credential> {
    const key = await this.apiKeys.authenticate(text);
    if (!key) {
      throw unauthorized('The API key is not valid: it may be mistyped, have expired, or have been revoked');
    }
    const { id, webId, expires, pods, topics } = key;
    const prefix = prefixOf(hashKey(text)).toString('base64url');
    return forPod({ caller: { agent: webId, limits: { pods, topics }}, expires, key: { id, prefix }}, pod, 'This API key');
  }

  private async credentialByToken(text: string, pod: string): Promise<Credential> {
    const credential = await this.eventTokens.authenticate(text);
    if (!credential) {
      throw unauthorized('The token is not valid: it may have expired, or what it was made with has ended');
    }
    return forPod(credential, pod, 'This token');
  }
}

/** A credential that is good for a pod. Its agent pays for the request in any case. */
function forPod(credential: Credential, pod: string, name: string): Credential {
  currentAccount()?.identify(credential.caller);
  const { pods } = credential.caller.limits ?? {};
  if (pods && !pods.includes(pod)) {
    throw new NotAuthorized(`${name} is limited to other pods than ${pod}`);
  }
  return credential;
}

/**
 * What a header presents by the scheme `Bearer`; empty if it is of another.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
function bearerOf(authorization = ''): string {
  return /^Bearer +(\S+)$/iu.exec(authorization)?.[1] ?? '';
}

/** When the access token of a header ends, in milliseconds since 1970, if it is one that says so. */
function endOfToken(authorization = ''): number | undefined {
  try {
    const { exp } = decodeJwt(authorization.replace(/^\S+ +/u, ''));
    return exp === undefined ? undefined : exp * 1_000;
  } catch {
    return undefined;
  }
}

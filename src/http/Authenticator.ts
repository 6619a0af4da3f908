import type { ApiKeys } from '../identity/ApiKeys';
import type { Caller } from '../identity/Caller';
import { NotAuthorized } from '../publish/NotAuthorized';
import type { AccessTokens } from './AccessTokens';
import { HttpProblem, unauthorized } from './errors';
import type { Exchange } from './Face';

/**
 * Finds out who makes a request, by its access token or its API key.
 */
export class Authenticator {
  private readonly accessTokens: AccessTokens;
  private readonly apiKeys: ApiKeys;

  /**
   * @param accessTokens - Knows who has an access token.
   * @param apiKeys - Knows who has an API key.
   */
  public constructor(accessTokens: AccessTokens, apiKeys: ApiKeys) {
    this.accessTokens = accessTokens;
    this.apiKeys = apiKeys;
  }

  /**
   * Who makes a request; the public, if it presents no credentials.
   *
   * @param exchange - The request.
   * @param header - The name, in lower case, of a header of the dialect that can have an API key or a token of this
   *                 server as well.
   *
   * @throws An `HttpProblem` 401 if it presents credentials that are not valid: these never count as none;
   *         400 if it presents two.
   * @throws {@link NotAuthorized} if its API key is limited to other pods.
   */
  public async callerOf({ request, pod, url }: Exchange, header = 'x-api-key'): Promise<Caller> {
    const key = request.headers['x-api-key'] ?? request.headers[header];
    if (key === undefined) {
      return this.accessTokens.callerOf(request, url);
    }
    if (request.headers.authorization !== undefined) {
      throw new HttpProblem(400, 'Both "x-api-key" and "Authorization" were sent: send one of them, so that it is clear who asks');
    }
    return this.callerByKey(String(key), pod);
  }

  /**
   * Who has both halves of a pair, a cookie and its peer, that was made for a pod.
   *
   * @throws An `HttpProblem` 401 if they are not valid, or not of each other.
   */
  public async callerByPair(): Promise<Caller> {
    throw unauthorized('The cookie and its peer are not valid: they may have expired');
  }

  private async callerByKey(text: string, pod: string): Promise<Caller> {
    const key = await this.apiKeys.recognise(text);
    if (!key) {
      throw unauthorized('The API key is not valid: it may be mistyped, have expired, or have been revoked');
    }
    if (key.pods && !key.pods.includes(pod)) {
      throw new NotAuthorized(`This API key is limited to other pods than ${pod}`);
    }
    return { agent: key.webId, limits: { pods: key.pods, topics: key.topics }};
  }
}

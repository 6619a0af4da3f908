import type { CredentialsExtractor, HttpRequest } from '@solid/community-server';
import { unauthorized } from './errors';

/**
 * Finds out who makes a request, by the server's own credentials extractors.
 */
export class Authenticator {
  private readonly credentialsExtractor: CredentialsExtractor;

  /**
   * @param credentialsExtractor - The extractor of the server.
   */
  public constructor(credentialsExtractor: CredentialsExtractor) {
    this.credentialsExtractor = credentialsExtractor;
  }

  /**
   * The WebID of whoever makes a request, or `undefined` if it presents no credentials.
   *
   * @throws An `HttpProblem` 401 if it presents credentials that are not valid: these never count as none.
   *
   * @see https://solidproject.org/TR/oidc
   */
  public async agentOf(request: HttpRequest): Promise<string | undefined> {
    const { agent } = await this.credentialsExtractor.handleSafe(request);
    if (!agent && request.headers.authorization !== undefined) {
      throw unauthorized('The access token is not valid: it may have expired, or be meant for another server or request');
    }
    return agent?.webId;
  }
}

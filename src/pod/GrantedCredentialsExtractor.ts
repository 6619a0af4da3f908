import type { Credentials, HttpRequest } from '../css';
import { CredentialsExtractor, NotImplementedHttpError } from '../css';

/**
 * Extracts the credentials that were granted to a single request, after the evaluation of its API key.
 *
 * It reads no header, so a request without a grant has no credentials of this kind.
 */
export class GrantedCredentialsExtractor extends CredentialsExtractor {
  private readonly granted = new WeakMap<HttpRequest, Credentials>();

  /**
   * Grants the credentials of an agent to a request.
   *
   * @param request - The request, as passed to the server's own LDP handlers.
   * @param webId - The agent.
   */
  public grant(request: HttpRequest, webId: string): void {
    this.granted.set(request, { agent: { webId }});
  }

  public override async canHandle(request: HttpRequest): Promise<void> {
    if (!this.granted.has(request)) {
      throw new NotImplementedHttpError('The request has no granted credentials.');
    }
  }

  public override async handle(request: HttpRequest): Promise<Credentials> {
    return this.granted.get(request)!;
  }
}

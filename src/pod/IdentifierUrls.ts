import type { IdentifierStrategy } from '../css';
import { ServerUrls } from '../url/ServerUrls';

/**
 * Canonical form of the URLs that the server's identifier strategy supports: one root, or subdomains as well.
 */
export class IdentifierUrls extends ServerUrls {
  /**
   * @param baseUrl - Base URL of the server.
   * @param identifierStrategy - Decides whether a URL belongs to the server.
   */
  public constructor(baseUrl: string, identifierStrategy: IdentifierStrategy) {
    super(baseUrl, (path): boolean => identifierStrategy.supportsIdentifier({ path }));
  }
}

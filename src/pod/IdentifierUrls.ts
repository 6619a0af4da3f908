import type { IdentifierStrategy } from '@solid/community-server';
import { ServerUrls } from '../url/ServerUrls';

/**
 * The canonical form of URLs of a server, whose extent its identifier strategy decides: one root, or subdomains too.
 */
export class IdentifierUrls extends ServerUrls {
  /**
   * @param baseUrl - Base URL of the server.
   * @param identifierStrategy - Decides which URLs belong to the server.
   */
  public constructor(baseUrl: string, identifierStrategy: IdentifierStrategy) {
    super(baseUrl, (path): boolean => identifierStrategy.supportsIdentifier({ path }));
  }
}

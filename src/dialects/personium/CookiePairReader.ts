import type { CredentialReader, PresentedCredential } from '../../http/CredentialReader';
import type { HttpExchange } from '../../http/Endpoint';
import { unauthorized } from '../../http/errors';
import type { Credential } from '../../identity/tokens/Credential';
import type { EventTokens } from '../../identity/tokens/EventTokens';
import { pairOf } from './cookiePair';

/**
 * Finds the cookie `p_cookie` with its peer in the query.
 */
export class CookiePairReader implements CredentialReader {
  public readonly dialect = 'personium';
  private readonly tokens: EventTokens;

  /**
   * @param tokens - Verifies pairs.
   */
  public constructor(tokens: EventTokens) {
    this.tokens = tokens;
  }

  public find({ request }: HttpExchange): PresentedCredential | undefined {
    const pair = pairOf(request);
    return pair && {
      name: 'p_cookie',
      verify: async(): Promise<Credential> => {
        const credential = await this.tokens.authenticatePair(pair.cookie, pair.peer);
        if (!credential) {
          throw unauthorized('The cookie and its peer are not valid: they may have expired');
        }
        return credential;
      },
    };
  }
}

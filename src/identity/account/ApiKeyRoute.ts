import type { AccountIdKey, AccountIdRoute } from '../../css';
import { IdInteractionRoute } from '../../css';

/**
 * Route of one API key, below that of all API keys of its account.
 */
export class ApiKeyRoute extends IdInteractionRoute<AccountIdKey, 'apiKeyId'> {
  /**
   * @param base - Route of all API keys of an account.
   */
  public constructor(base: AccountIdRoute) {
    super(base, 'apiKeyId');
  }
}

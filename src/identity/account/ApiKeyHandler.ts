import type { JsonInteractionHandlerInput, JsonRepresentation } from '../../css';
import {
  assertAccountId,
  getLoggerFor,
  JsonInteractionHandler,
  MethodNotAllowedHttpError,
  NotFoundHttpError,
  parsePath,
} from '../../css';
import type { ApiKeys } from '../ApiKeys';
import type { ApiKeyRoute } from './ApiKeyRoute';
import { describeApiKey } from './describeApiKey';

/**
 * Shows and revokes one API key of an account. The response does not contain the key.
 *
 * Accounts can access only their own keys.
 */
export class ApiKeyHandler extends JsonInteractionHandler {
  protected readonly logger = getLoggerFor(this);
  private readonly apiKeys: ApiKeys;
  private readonly route: ApiKeyRoute;

  /**
   * @param apiKeys - Lists and revokes the keys.
   * @param route - The URL of a key.
   */
  public constructor(apiKeys: ApiKeys, route: ApiKeyRoute) {
    super();
    this.apiKeys = apiKeys;
    this.route = route;
  }

  public override async canHandle({ method }: JsonInteractionHandlerInput): Promise<void> {
    if (method !== 'GET' && method !== 'DELETE') {
      throw new MethodNotAllowedHttpError([ method ], 'Method not allowed: use GET to read an API key, or DELETE to revoke it');
    }
  }

  public override async handle(input: JsonInteractionHandlerInput): Promise<JsonRepresentation> {
    const { method, target, accountId } = input;
    assertAccountId(accountId);
    const { apiKeyId } = parsePath(this.route, target.path);
    return method === 'DELETE' ? this.revoke(accountId, apiKeyId) : this.show(accountId, apiKeyId);
  }

  private async show(accountId: string, apiKeyId: string): Promise<JsonRepresentation> {
    const key = (await this.apiKeys.list(accountId)).find(({ id }): boolean => id === apiKeyId);
    if (!key) {
      throw new NotFoundHttpError();
    }
    return { json: describeApiKey(key, this.route.getPath({ accountId, apiKeyId })) };
  }

  private async revoke(accountId: string, apiKeyId: string): Promise<JsonRepresentation> {
    if (!await this.apiKeys.revoke(accountId, apiKeyId)) {
      throw new NotFoundHttpError();
    }
    this.logger.info(`Account ${accountId} revoked API key ${apiKeyId}`);
    return { json: {}};
  }
}

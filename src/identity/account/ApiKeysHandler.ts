import type {
  Json,
  JsonInteractionHandlerInput,
  JsonRepresentation,
  JsonView,
  WebIdStore,
} from '@solid/community-server';
import {
  assertAccountId,
  BadRequestHttpError,
  ConflictHttpError,
  getLoggerFor,
  JsonInteractionHandler,
  parseSchema,
  validateWithError,
} from '@solid/community-server';
import type { ApiKeys } from '../ApiKeys';
import type { ApiKeyRoute } from './ApiKeyRoute';
import { API_KEY_SCHEMA } from './apiKeySchema';
import { describeApiKey } from './describeApiKey';

/**
 * Lists the API keys of an account, and makes new ones.
 *
 * A key is in the answer to the request that makes it and nowhere else, the log included.
 *
 * @see https://communitysolidserver.github.io/CommunitySolidServer/latest/usage/account/json-api/
 */
export class ApiKeysHandler extends JsonInteractionHandler implements JsonView {
  protected readonly logger = getLoggerFor(this);
  private readonly apiKeys: ApiKeys;
  private readonly webIdStore: WebIdStore;
  private readonly route: ApiKeyRoute;
  private readonly maxKeys: number;

  /**
   * @param apiKeys - Makes and lists the keys.
   * @param webIdStore - Knows which WebIDs an account has.
   * @param route - The URL of a key.
   * @param maxKeys - Most keys of one account, expired ones included. Default 100.
   */
  public constructor(apiKeys: ApiKeys, webIdStore: WebIdStore, route: ApiKeyRoute, maxKeys = 100) {
    super();
    this.apiKeys = apiKeys;
    this.webIdStore = webIdStore;
    this.route = route;
    this.maxKeys = maxKeys;
  }

  public async getView({ accountId }: JsonInteractionHandlerInput): Promise<JsonRepresentation> {
    assertAccountId(accountId);
    const apiKeys = (await this.apiKeys.list(accountId))
      .map((key): Record<string, Json> => describeApiKey(key, this.route.getPath({ accountId, apiKeyId: key.id })));
    return { json: { ...parseSchema(API_KEY_SCHEMA), apiKeys }};
  }

  public override async handle({ accountId, json }: JsonInteractionHandlerInput): Promise<JsonRepresentation> {
    assertAccountId(accountId);
    const { name, webId, expires, pods, topics } = await validateWithError(API_KEY_SCHEMA, json);
    if (!await this.webIdStore.isLinked(webId, accountId)) {
      throw new BadRequestHttpError(`${webId} is not a WebID of this account: link it first`);
    }
    // The server lets one request change an account at a time, so none comes between this and the making.
    if ((await this.apiKeys.list(accountId)).length >= this.maxKeys) {
      throw new ConflictHttpError(`This account has ${this.maxKeys} API keys, which is the most: revoke one first`);
    }
    const { id, key } = await this.apiKeys.create({
      account: accountId,
      name,
      webId,
      ...expires !== undefined && { expires: Date.parse(expires) },
      ...pods && { pods: [ ...new Set(pods) ] },
      ...topics && { topics: [ ...new Set(topics) ] },
    });
    this.logger.info(`Account ${accountId} made API key ${id} for ${webId}`);
    return { json: { id, key, resource: this.route.getPath({ accountId, apiKeyId: id }) }};
  }
}

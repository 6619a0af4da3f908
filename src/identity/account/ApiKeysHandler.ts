import type {
  Json,
  JsonInteractionHandlerInput,
  JsonRepresentation,
  JsonView,
  WebIdStore,
} from '../../css';
import {
  assertAccountId,
  BadRequestHttpError,
  ConflictHttpError,
  getLoggerFor,
  JsonInteractionHandler,
  parseSchema,
  validateWithError,
} from '../../css';
import { InvalidInput } from '../../event/InvalidInput';
import type { ServerUrls } from '../../url/ServerUrls';
import type { ApiKeys } from '../ApiKeys';
import { SCOPES } from '../scopes';
import type { ApiKeyRoute } from './ApiKeyRoute';
import { API_KEY_SCHEMA } from './apiKeySchema';
import { describeApiKey } from './describeApiKey';

/** Dependencies and limits of {@link ApiKeysHandler}. */
export interface ApiKeysHandlerArgs {
  /** Creates and lists the keys. */
  apiKeys: ApiKeys;
  /** Stores the links between accounts and WebIDs. */
  webIdStore: WebIdStore;
  /** The URL of a key. */
  route: ApiKeyRoute;
  /** Canonical form of URLs of this server. */
  urls: ServerUrls;
  /** Maximum number of keys of one account, expired ones included. Default 100. */
  maxKeys?: number;
}

/**
 * Lists the API keys of an account, and creates keys.
 *
 * Only the response to the creating request contains the key. It is never logged.
 *
 * @see https://communitysolidserver.github.io/CommunitySolidServer/latest/usage/account/json-api/
 */
export class ApiKeysHandler extends JsonInteractionHandler implements JsonView {
  protected readonly logger = getLoggerFor(this);
  private readonly apiKeys: ApiKeys;
  private readonly webIdStore: WebIdStore;
  private readonly route: ApiKeyRoute;
  private readonly urls: ServerUrls;
  private readonly maxKeys: number;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: ApiKeysHandlerArgs) {
    super();
    this.apiKeys = args.apiKeys;
    this.webIdStore = args.webIdStore;
    this.route = args.route;
    this.urls = args.urls;
    this.maxKeys = args.maxKeys ?? 100;
  }

  public async getView({ accountId }: JsonInteractionHandlerInput): Promise<JsonRepresentation> {
    assertAccountId(accountId);
    const apiKeys = (await this.apiKeys.list(accountId))
      .map((key): Record<string, Json> => describeApiKey(key, this.route.getPath({ accountId, apiKeyId: key.id })));
    return { json: { ...parseSchema(API_KEY_SCHEMA), apiKeys }};
  }

  public override async handle({ accountId, json }: JsonInteractionHandlerInput): Promise<JsonRepresentation> {
    assertAccountId(accountId);
    const { name, webId, expires, pods, topics, scopes } = await validateWithError(API_KEY_SCHEMA, json);
    if (!await this.webIdStore.isLinked(webId, accountId)) {
      throw new BadRequestHttpError(`${webId} is not a WebID of this account: link it first`);
    }
    const limits = pods && { pods: this.canonical(pods) };
    // The server serializes requests that change an account, so the count cannot change before the key is created.
    if ((await this.apiKeys.list(accountId)).length >= this.maxKeys) {
      throw new ConflictHttpError(`This account has the maximum of ${this.maxKeys} API keys: revoke one first`);
    }
    const { id, key } = await this.apiKeys.create({
      account: accountId,
      name,
      webId,
      ...expires !== undefined && { expires: Date.parse(expires) },
      ...limits,
      ...topics && { topics: [ ...new Set(topics) ] },
      ...scopes && { scopes: SCOPES.filter((scope): boolean => scopes.includes(scope)) },
    });
    this.logger.info(`Account ${accountId} created API key ${id} for ${webId}`);
    return { json: { id, key, resource: this.route.getPath({ accountId, apiKeyId: id }) }};
  }

  /** Returns distinct pod URLs in canonical form, for comparison with those of requests. */
  private canonical(pods: readonly string[]): string[] {
    try {
      return [ ...new Set(pods.map((pod): string => this.urls.canonical(pod, 'pod'))) ];
    } catch (error: unknown) {
      throw error instanceof InvalidInput ? new BadRequestHttpError(error.message) : error;
    }
  }
}

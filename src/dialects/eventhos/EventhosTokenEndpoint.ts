import { getLoggerFor } from '../../css';
import { isKey } from '../../identity/ApiKey';
import type { ClientLogin, LoginFailure } from '../../identity/tokens/ClientLogin';
import type { Credential } from '../../identity/tokens/Credential';
import type { EventTokens } from '../../identity/tokens/EventTokens';
import { TooMany } from '../../event/TooMany';
import { currentAccount } from '../../access/costs';
import type { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import { eventhosError, EventhosProblem } from './eventhosProblem';
import { readFields } from '../../http/token/readFields';

const FIELDS = [ 'grant_type', 'client_id', 'client_secret' ] as const;

/**
 * `POST {pod}auth/token`: a token for the event endpoints of the pod, in the form of eventhos.
 */
export class EventhosTokenEndpoint extends Endpoint {
  protected readonly logger = getLoggerFor(this);
  private readonly login: ClientLogin;
  private readonly tokens: EventTokens;

  /**
   * @param login - Logs clients in.
   * @param tokens - Makes the tokens.
   */
  public constructor(login: ClientLogin, tokens: EventTokens) {
    super();
    this.login = login;
    this.tokens = tokens;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === 'auth/token' ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle({ request, pod }: HttpExchange): Promise<EndpointResponse> {
    // The secret of a client is in the body, so that its address pays.
    currentAccount()?.identify({});
    const [ grant, id, secret ] = FIELDS.map(fieldReader(await readFields(request)));
    if (grant !== 'client_credentials') {
      throw new EventhosProblem(400, 400_002, 'Unsupported grant type; send client_credentials');
    }
    if (isKey(secret)) {
      throw new EventhosProblem(400, 400_011, 'Client can not generate short live token; ' +
        'an API key is itself what to send as access-key');
    }
    const credential = await this.logIn(pod, id, secret);
    if (credential === 'unknown client') {
      throw new EventhosProblem(400, 400_004, 'Client or user not found');
    }
    if (credential === 'wrong secret') {
      throw new EventhosProblem(401, 401_100, 'Auth failed; Invalid client_id or client_secret.');
    }
    const { token, expiresIn } = await this.tokens.issue(credential, pod);
    return jsonResponse(201, {
      code: 200_000,
      message: `Token generated for client ${id}`,
      content: { jwt_token: token, access_token: token, expires_in: expiresIn, client_id: id },
    }, { 'Cache-Control': 'no-store' });
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    return eventhosError(problem, exchange, this.logger);
  }

  private async logIn(pod: string, id: string, secret: string): Promise<Credential | LoginFailure> {
    try {
      return await this.login.logIn({ pod, address: currentAccount()?.address ?? '', name: id, secret });
    } catch (error: unknown) {
      if (!(error instanceof TooMany)) {
        throw error;
      }
      throw new EventhosProblem(429, 401_003, 'Auth failed; Subject is locked. Try again in some minutes.', {
        'Retry-After': String(error.retryAfter),
      });
    }
  }
}

/** Reads a field that must be a text. */
function fieldReader(fields: ReadonlyMap<string, unknown>): (name: string) => string {
  return (name): string => {
    const value = fields.get(name) ?? '';
    if (value === '') {
      throw new EventhosProblem(400, 400_001, `Invalid body; ${name} is required`);
    }
    if (typeof value !== 'string') {
      throw new EventhosProblem(400, 400_003, `Invalid body; ${name} is not a string`);
    }
    return value;
  };
}

import { v4 } from 'uuid';
import type { HttpRequest } from '../../css';
import type { Caller } from '../../identity/Caller';
import type { Authenticator } from '../../http/Authenticator';
import type { EndpointResponse, HttpExchange } from '../../http/Endpoint';
import { jsonResponse } from '../../http/Endpoint';
import { HttpProblem, unauthorized } from '../../http/errors';
import type { PodNames } from '../../http/ports';
import { eventGridError } from './eventGridError';

/** The header with the credentials. */
const TOKEN = 'x-auth-token';
/** Maximum length of a token, by EventGrid's document. */
const MAX_TOKEN = 16_384;
/** Maximum length of the id of a request, by EventGrid's document. */
const MAX_REQUEST_ID = 128;
/** Schemes of `Authorization` that the server accepts. */
const USABLE = /^(?:bearer|dpop)(?: |$)/iu;
/** Response headers that pages of other origins may read. */
const EXPOSED = { 'Access-Control-Expose-Headers': 'Allow, Retry-After, WWW-Authenticate, X-Request-Id' };

/** Headers of all responses in the form of EventGrid. */
type EventGridHeaders = typeof EXPOSED & Record<'X-Request-Id', string>;

/** A request to a project that exists, with its authenticated caller. */
export interface ProjectRequest {
  /** Base URL of the pod. */
  readonly pod: string;
  readonly caller: Caller;
}

/**
 * Opens requests to EventGrid's projects, which are pods, and writes errors in EventGrid's form.
 */
export class EventGridProjects {
  private readonly hostname: string;
  private readonly authenticator: Authenticator;
  private readonly pods: PodNames;
  private readonly requestIds = new WeakMap<HttpRequest, string>();

  /**
   * @param baseUrl - The base URL of the server; its host is part of the id of each request.
   * @param authenticator - Authenticates requests.
   * @param pods - Finds pods by their names.
   */
  public constructor(baseUrl: string, authenticator: Authenticator, pods: PodNames) {
    this.hostname = new URL(baseUrl).hostname;
    this.authenticator = authenticator;
    this.pods = pods;
  }

  /**
   * Authenticates a request with the scope `publish`, and finds the pod of its project.
   *
   * With `X-Auth-Token`, an `Authorization` header of another scheme than Bearer and DPoP is ignored: SDKs sign each
   * request by AK/SK.
   *
   * @param exchange - The request.
   * @param project - The name of the pod.
   *
   * @throws An {@link HttpProblem} 401 without a valid credential, 404 if the pod does not exist.
   * @throws `NotAuthorized` if the credential is limited to other pods, or lacks the scope.
   */
  public async open(exchange: HttpExchange, project: string): Promise<ProjectRequest> {
    const pod = await this.pods.podNamed(project);
    const request = withUsableCredentials(exchange.request);
    // A credential that is limited to pods is not valid for a pod that does not exist.
    const caller = await this.callerOf({ ...exchange, request, pod: pod ?? exchange.url });
    if (caller.agent === undefined) {
      throw unauthorized('This request requires a credential: send X-Auth-Token with an API key or a token');
    }
    if (pod === undefined) {
      throw new HttpProblem(404, `There is no pod for the project ${project}`);
    }
    return { pod, caller };
  }

  private async callerOf(exchange: HttpExchange): Promise<Caller> {
    try {
      return await this.authenticator.callerOf(exchange, [ 'publish' ], 'eventgrid');
    } catch (error: unknown) {
      throw error instanceof HttpProblem && error.status === 401 && hasOtherScheme(exchange.request) ?
        unauthorized('AK/SK signatures are not supported; send X-Auth-Token') :
        error;
    }
  }

  /** Returns the headers of a response, with an id that stays the same for one request. */
  public headersOf({ request }: HttpExchange): EventGridHeaders {
    let id = this.requestIds.get(request);
    if (id === undefined) {
      id = `${v4()}-${Date.now()}-${this.hostname}`.slice(0, MAX_REQUEST_ID);
      this.requestIds.set(request, id);
    }
    return { ...EXPOSED, 'X-Request-Id': id };
  }

  /** Returns the response for an error. */
  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    const headers = this.headersOf(exchange);
    return jsonResponse(
      problem.status,
      eventGridError(problem, headers['X-Request-Id']),
      { ...headers, ...problem.headers },
    );
  }
}

/** Whether a request has an `Authorization` header of another scheme than Bearer and DPoP. */
function hasOtherScheme({ headers: { authorization }}: HttpRequest): boolean {
  return authorization !== undefined && !USABLE.test(authorization);
}

/**
 * Returns a request without an `Authorization` header that `X-Auth-Token` overrides.
 *
 * @throws An {@link HttpProblem} 401 if the token has an invalid length.
 */
function withUsableCredentials(request: HttpRequest): HttpRequest {
  const { [TOKEN]: token } = request.headers;
  if (token !== undefined && (token.length < 1 || token.length > MAX_TOKEN)) {
    throw unauthorized(`The X-Auth-Token is not valid: it has 1 to ${MAX_TOKEN} characters`);
  }
  if (token === undefined || !hasOtherScheme(request)) {
    return request;
  }
  return Object.create(request, { headers: { value: { ...request.headers, authorization: undefined }}}) as HttpRequest;
}

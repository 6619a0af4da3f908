import type { HttpRequest } from '@solid/community-server';
import type { HttpProblem } from './errors';

/**
 * What an endpoint does with a path of a pod, or of the server.
 */
export interface PathRule {
  /** Methods that the endpoint handles; others get 405. If absent, the endpoint itself decides which it accepts. */
  readonly own?: readonly string[];
  /** The methods that it leaves to the server's own LDP. */
  readonly ldp: readonly string[];
}

/**
 * A request to an endpoint.
 */
export interface HttpExchange {
  readonly request: HttpRequest;
  readonly method: string;
  /** The base URL of the pod, ending in `/`; that of the server, for an endpoint of the server as a whole. */
  readonly pod: string;
  /** The path behind that base URL. */
  readonly path: string;
  /** The URL of the request, without its query. */
  readonly url: string;
}

/**
 * The answer to a request.
 */
export interface EndpointResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Says that a request is left to the server's own LDP after all.
 */
export interface PassThrough {
  /** The request, whose body can be read from its beginning. */
  readonly passThrough: HttpRequest;
}

/**
 * One HTTP API: a parser of requests and a writer of answers around the one pipeline.
 */
export abstract class Endpoint {
  /** Rule for a path relative to the base URL of a pod or of the server; `undefined` for a path of another endpoint. */
  public abstract ruleFor(path: string): PathRule | undefined;

  /**
   * What a request is taken for before its method and its pod are looked at, in dialects by which a client can say more
   * than HTTP lets it.
   *
   * @throws What {@link errorResponse} has a body for.
   */
  public prepare(exchange: HttpExchange): HttpExchange {
    return exchange;
  }

  /**
   * Answers a request whose path and method are of this endpoint, and whose pod, if it is of one, exists.
   *
   * @throws What {@link errorResponse} has a body for, once it has become an {@link HttpProblem}.
   */
  public abstract handle(exchange: HttpExchange): Promise<EndpointResponse | PassThrough>;

  /** The answer that tells of an error, in the form of this endpoint. */
  public abstract errorResponse(errorResponse: HttpProblem, exchange: HttpExchange): EndpointResponse;
}

/**
 * An answer with a JSON body.
 *
 * @param status - The HTTP status code.
 * @param body - What becomes the body.
 * @param headers - Further headers.
 */
export function jsonResponse(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): EndpointResponse {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import type { HttpRequest } from '../css';
import type { HttpProblem } from './errors';

/**
 * The methods that an endpoint takes at a path.
 */
export interface PathRule {
  /** Methods that the endpoint handles; others get 405. If absent, the endpoint itself decides which it accepts. */
  readonly own?: readonly string[];
  /** The methods that it leaves to the server's own LDP; those that are also in `own` only if it does not accept. */
  readonly ldp: readonly string[];
  /** Whether a path of an endpoint of the server belongs to a pod instead, if a pod contains it. Default false. */
  readonly yieldsToPods?: boolean;
}

/**
 * A request to an endpoint.
 */
export interface HttpExchange {
  readonly request: HttpRequest;
  readonly method: string;
  /** The base URL of the pod, ending in `/`; that of the server, for an endpoint of the server as a whole. */
  readonly pod: string;
  /** The path behind that base URL, as the endpoint spells it; the request can differ in slashes. */
  readonly path: string;
  /** The URL of that path, without a query. */
  readonly url: string;
}

/** The body of a response that is written over time. */
export type StreamOutput = Pick<Writable, 'destroy' | 'destroyed' | 'end' | 'once' | 'write' | 'writableLength'> & EventEmitter;

/**
 * The response to a request.
 */
export interface EndpointResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Writes the body as long as the connection is open, in place of `body`. Called once, and always. */
  readonly stream?: (output: StreamOutput) => Promise<void>;
}

/**
 * Result of an endpoint that leaves a request to the server's own LDP.
 */
export interface PassThrough {
  /** The request, with a body that can be read from its beginning. */
  readonly passThrough: HttpRequest;
}

/**
 * One HTTP API: converts requests to operations of the core, and their results to responses.
 */
export abstract class Endpoint {
  /**
   * Returns the rule for a path relative to the base URL of a pod or server; `undefined` for other paths.
   *
   * The endpoint knows one spelling of each path. Requests with or without a slash at the end are for the same path.
   */
  public abstract ruleFor(path: string): PathRule | undefined;

  /**
   * Whether the endpoint answers a request at one of its paths. Other requests are those of another endpoint, or of the
   * server's own LDP. Default: all requests.
   */
  public accepts?(request: HttpRequest): boolean;

  /**
   * Replaces a request before its method and pod are checked, for dialects whose headers override others.
   * Default: no change.
   *
   * @throws An error that {@link errorResponse} converts.
   */
  public prepare(exchange: HttpExchange): HttpExchange {
    return exchange;
  }

  /**
   * Answers a request whose path and method belong to this endpoint. Its pod exists, if it is of one.
   *
   * @throws An error that {@link errorResponse} gets as an {@link HttpProblem}.
   */
  public abstract handle(exchange: HttpExchange): Promise<EndpointResponse | PassThrough>;

  /** Returns the response for an error, in the form of this endpoint. */
  public abstract errorResponse(errorResponse: HttpProblem, exchange: HttpExchange): EndpointResponse;
}

/**
 * Creates a response with a JSON body.
 *
 * @param status - The HTTP status code.
 * @param body - Value of the body, which is serialized.
 * @param headers - Further headers.
 */
export function jsonResponse(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): EndpointResponse {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

import type { HttpRequest } from '@solid/community-server';
import type { HttpProblem } from './errors';

/**
 * What a face does with a path of a pod, or of the server.
 */
export interface Rule {
  /** The methods that the face answers, all others get 405; if absent, the face itself says which it does not take. */
  readonly own?: readonly string[];
  /** The methods that it leaves to the server's own LDP. */
  readonly ldp: readonly string[];
}

/**
 * A request to a face.
 */
export interface Exchange {
  readonly request: HttpRequest;
  readonly method: string;
  /** The base URL of the pod, ending in `/`; that of the server, for a face of the server as a whole. */
  readonly pod: string;
  /** The path behind that base URL. */
  readonly path: string;
  /** The URL of the request, without its query. */
  readonly url: string;
}

/**
 * The answer to a request.
 */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Says that a request is left to the server's own LDP after all.
 */
export interface PassedOn {
  /** The request, whose body can be read from its beginning. */
  readonly passedOn: HttpRequest;
}

/**
 * One HTTP API: a parser of requests and a writer of answers around the one pipeline.
 */
export abstract class Face {
  /** The rule for a path behind the base URL of a pod or of the server, or `undefined` if it is none of this face. */
  public abstract ruleFor(path: string): Rule | undefined;

  /**
   * What a request is taken for before its method and its pod are looked at, in dialects by which a client can say more
   * than HTTP lets it.
   *
   * @throws What {@link problem} has a body for.
   */
  public prepare(exchange: Exchange): Exchange {
    return exchange;
  }

  /**
   * Answers a request whose path and method are of this face, and whose pod, if it is of one, exists.
   *
   * @throws What {@link problem} has a body for, once it has become an {@link HttpProblem}.
   */
  public abstract handle(exchange: Exchange): Promise<Answer | PassedOn>;

  /** The answer that tells of an error, in the form of this face. */
  public abstract problem(problem: HttpProblem, exchange: Exchange): Answer;
}

/**
 * An answer with a JSON body.
 *
 * @param status - The HTTP status code.
 * @param body - What becomes the body.
 * @param headers - Further headers.
 */
export function jsonAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

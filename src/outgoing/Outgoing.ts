/**
 * A request that leaves this server.
 */
export interface OutgoingRequest {
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST';
  /** An absolute http(s) URL, of whoever named it: it is not trusted. */
  readonly url: string;
  /** Its headers, by names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long the request may take in all, in milliseconds. Default 15,000. */
  readonly timeout?: number;
  /** How much of the answer's body is read at most, in bytes; the rest is left. Default 64 KiB. */
  readonly maxBytes?: number;
  /**
   * Whether status and headers are the answer. The body is discarded then: it is empty in the answer, and whatever
   * arrives of it, or does not, cannot make the request fail.
   */
  readonly headOnly?: boolean;
}

/**
 * What was answered; a redirect is an answer like any other.
 */
export interface OutgoingResponse {
  readonly status: number;
  /**
   * The headers by names in lower case. Those that came more than once are joined by `, `. A header that has one value,
   * such as `Location`, has the first valid one, and is absent if there is none.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as far as it was read, without its content coding, as UTF-8. */
  readonly body: string;
  /** Whether there was more of it. */
  readonly isCut: boolean;
  /** Why the body cannot be read, if its content coding is unknown or broken; it is empty then. */
  readonly unreadable?: string;
}

/**
 * Why there is no answer:
 *
 * - `forbidden`: the guard does not let requests leave for this URL or address; nothing was sent;
 * - `unresolved`: the name has no address;
 * - `unreachable`: there is no connection;
 * - `tls`: the server cannot prove who it is;
 * - `timeout`: it took too long;
 * - `broken`: the connection ended, or what came is no HTTP. A connection that is reused and ends before the first byte
 *   of a response is no failure: the request is sent once more, by a new connection.
 */
export type OutgoingFault = 'broken' | 'forbidden' | 'timeout' | 'tls' | 'unreachable' | 'unresolved';

/**
 * A request got no answer.
 */
export class OutgoingFailed extends Error {
  /**
   * @param fault - What kind of failure it is.
   * @param message - What happened, without anything secret; it is shown to pod owners.
   */
  public constructor(public readonly fault: OutgoingFault, message: string) {
    super(message);
    this.name = 'OutgoingFailed';
  }
}

/**
 * Sends requests to other servers: the only way out, guarded.
 */
export interface Outgoing {
  /**
   * Sends a request, and never follows a redirect.
   *
   * @throws {@link OutgoingFailed} if there is no answer.
   */
  send: (request: OutgoingRequest) => Promise<OutgoingResponse>;
}

/**
 * A request to another server.
 */
export interface OutgoingRequest {
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST';
  /** An absolute http(s) URL. Untrusted, because clients can provide it. */
  readonly url: string;
  /** The headers, by name in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Maximum total time of the request, in milliseconds. Default 15,000. */
  readonly timeout?: number;
  /** Maximum size of the response body, in bytes. The rest is not read. Default 64 KiB. */
  readonly maxBytes?: number;
  /**
   * Whether only status and headers are needed.
   *
   * The body is discarded and empty in the response. A body that is missing, incomplete or invalid cannot fail the
   * request.
   */
  readonly headOnly?: boolean;
}

/**
 * A response of another server. Redirects are returned, not followed.
 */
export interface OutgoingResponse {
  readonly status: number;
  /**
   * The headers, by name in lower case. Repeated headers are joined by `, `.
   *
   * A single-valued header, such as `Location`, has the first valid value, and is absent if there is none.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** The body up to the size limit, without its content coding, as UTF-8. */
  readonly body: string;
  /** Whether the body exceeded the limit. */
  readonly isCut: boolean;
  /** Reason for an empty body whose content coding is unknown or invalid. */
  readonly unreadable?: string;
}

/**
 * Reason for a missing response:
 *
 * - `forbidden`: the guard refuses requests to this URL or address; nothing was sent;
 * - `unresolved`: the host name has no address;
 * - `unreachable`: the connection failed;
 * - `tls`: the server's certificate or TLS handshake is invalid;
 * - `timeout`: the request exceeded its time limit;
 * - `broken`: the connection was closed early, or the response is not HTTP. If a reused connection is closed before the
 *   first byte of the response, the request is sent once more by a new connection.
 */
export type OutgoingFault = 'broken' | 'forbidden' | 'timeout' | 'tls' | 'unreachable' | 'unresolved';

/**
 * A request received no response.
 */
export class OutgoingFailed extends Error {
  /**
   * @param fault - The kind of failure.
   * @param message - The failure, without secrets. Pod owners can see it.
   */
  public constructor(public readonly fault: OutgoingFault, message: string) {
    super(message);
    this.name = 'OutgoingFailed';
  }
}

/**
 * Sends requests to other servers. All outgoing requests pass through this guarded port.
 */
export interface Outgoing {
  /**
   * Sends a request. Never follows a redirect.
   *
   * @throws {@link OutgoingFailed} if there is no response.
   */
  send: (request: OutgoingRequest) => Promise<OutgoingResponse>;
}

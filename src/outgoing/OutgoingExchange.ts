import type { Dispatcher } from 'undici';
import type { OutgoingFault, OutgoingRequest } from './Outgoing';
import { OutgoingFailed } from './Outgoing';
import type { ResponseHead } from './ResponseHead';
import { singleHeaderValidator } from './singleHeaders';
import { packageVersion } from './version';

/** The part of a connection that its exchange uses. */
interface UsedConnection {
  /** Head of the response to the current request. */
  readonly response: ResponseHead | undefined;
  /** Whether the current request failed only because a reused connection was closed while sending. */
  readonly isStale: boolean;
}

/**
 * Message for failed connections. Always the same, so that it does not reveal names and addresses in this server's
 * network.
 */
export const UNREACHABLE =
  'cannot be reached from this server; the operator may have to allow its address with --eventsAllow.';

/** Error codes of invalid certificates and TLS handshakes. */
const TLS_ERRORS = new RegExp(`^(?:${[
  'CERT_', 'CRL_', 'DEPTH_ZERO_', 'EPROTO', 'ERR_SSL_', 'ERR_TLS_', 'HOSTNAME_MISMATCH', 'INVALID_CA',
  'INVALID_PURPOSE', 'PATH_LENGTH_', 'SELF_SIGNED_', 'UNABLE_TO_',
].join('|')})`, 'u');
const CONNECTION_ERRORS = new Set([
  'EACCES', 'EADDRNOTAVAIL', 'ECONNREFUSED', 'EHOSTDOWN', 'EHOSTUNREACH', 'EINVAL', 'ENETDOWN', 'ENETUNREACH', 'EPERM',
]);

/** Maximum time to wait for the rest of a response whose body is discarded, in milliseconds. */
const DRAIN_TIME = 1_000;
/** @see https://www.rfc-editor.org/rfc/rfc9110#name-user-agent */
const USER_AGENT = `solid-pod-events/${packageVersion()}`;

/** A response as received. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly isCut: boolean;
}

/**
 * A request in progress. Collects the response within the limits on size and time.
 *
 * It settles once, with a response or an {@link OutgoingFailed}. The connection is free when the exchange has
 * {@link ended}, which is later if the body is discarded. The status is decisive: the body of a response other than 2xx
 * may be missing or invalid.
 */
export class OutgoingExchange implements Dispatcher.DispatchHandlers {
  public readonly options: Dispatcher.DispatchOptions;
  /** The response. */
  public readonly response: Promise<RawResponse>;
  /** Settles when the connection is no longer used. */
  public readonly ended: Promise<void>;
  private readonly target: string;
  private readonly maxBytes: number;
  private readonly headOnly: boolean;
  private timer: NodeJS.Timeout;
  private resolve!: (response: RawResponse) => void;
  private reject!: (error: OutgoingFailed) => void;
  private end!: () => void;
  private connection?: UsedConnection;
  private resend?: () => void;
  private isSettled = false;
  private isOver = false;
  private hasCompleted = false;
  private status = 0;
  private headers: readonly Buffer[] = [];
  private chunks: Buffer[] = [];
  private size = 0;

  /**
   * @param url - The target URL.
   * @param request - The request.
   * @param timeout - Maximum total time, from now, in milliseconds.
   * @param maxBytes - Maximum size of the response body that is read, in bytes.
   */
  public constructor(
    url: URL,
    { method, headers, body, headOnly = false }: OutgoingRequest,
    timeout: number,
    maxBytes: number,
  ) {
    this.options = {
      path: `${url.pathname}${url.search}`, method, headers: { 'user-agent': USER_AGENT, ...headers }, body,
    };
    this.target = `${method} ${url.origin}`;
    this.maxBytes = maxBytes;
    this.headOnly = headOnly;
    this.ended = new Promise((resolve): void => {
      this.end = resolve;
    });
    this.response = new Promise((resolve, reject): void => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.timer = setTimeout((): void =>
      this.failUnlessAnswered('timeout', `no complete response within ${timeout / 1_000} s.`), timeout);
  }

  /** Whether the response was read to its end, so that the connection can be reused. */
  public get isComplete(): boolean {
    return this.hasCompleted;
  }

  /**
   * Receives the connection that sends the request.
   *
   * @param connection - The connection.
   * @param resend - Sends the request again by a new connection.
   */
  public begin(connection: UsedConnection, resend: () => void): void {
    this.connection = connection;
    this.resend = resend;
  }

  /** Fails the request, because this server is stopping. */
  public stop(): void {
    this.fail('unreachable', 'this server is stopping.');
  }

  public onConnect(): void {
    // Aborting is not needed: the connection is closed.
  }

  public onHeaders(status: number, headers: Buffer[]): boolean {
    // Interim responses precede the final one.
    if (status >= 200) {
      this.status = status;
      this.headers = headers;
      if (this.headOnly) {
        this.succeed(false);
        this.timer = setTimeout((): void => this.finish(), DRAIN_TIME);
      }
    }
    return true;
  }

  public onData(chunk: Buffer): boolean {
    if (this.isOver) {
      return false;
    }
    const room = this.maxBytes - this.size;
    this.size += chunk.length;
    if (!this.headOnly) {
      this.chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    }
    if (chunk.length > room) {
      this.succeed(true);
      this.finish();
    }
    return chunk.length <= room;
  }

  public onComplete(): void {
    this.hasCompleted = !this.isOver;
    this.succeed(false);
    this.finish();
  }

  public onError(error: Error): void {
    if (this.isOver) {
      return;
    }
    if (error instanceof OutgoingFailed) {
      this.fail(error.fault, error.message);
      return;
    }
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
      this.stop();
      return;
    }
    if (this.connection?.isStale) {
      // Deferred out of the failed connection's callback. A new connection is never stale.
      queueMicrotask((): void => this.isOver ? undefined : this.resend!());
      return;
    }
    this.failBy(error, code);
  }

  private failBy(error: Error, code: string): void {
    if (TLS_ERRORS.test(code)) {
      this.fail('tls', `TLS connection failed: its certificate or handshake is invalid (${code}).`);
    } else if (CONNECTION_ERRORS.has(code)) {
      this.fail('unreachable', UNREACHABLE);
    } else if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
      this.fail('timeout', 'the connection timed out.');
    } else if (code === 'UND_ERR_INVALID_ARG') {
      this.fail('forbidden', 'the request has an invalid header or path.');
    } else if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
      this.fail('broken', 'the headers of its response are too large.');
    } else if (this.connection?.response?.isFlooded) {
      this.fail('broken', 'too many interim responses (1xx) precede its response.');
    } else {
      this.failUnlessAnswered('broken', `the connection was closed early, or the response is not HTTP (${code === '' ? error.name : code}).`);
    }
  }

  /** Fails, unless a response without its body has arrived and is sufficient. */
  private failUnlessAnswered(fault: OutgoingFault, message: string): void {
    if (this.headOnly && this.status === 0) {
      const head = this.connection?.response?.parse();
      this.status = head?.status ?? 0;
      this.headers = head?.headers ?? [];
    }
    if (this.status >= 200 && (this.headOnly || this.status >= 300)) {
      this.succeed(true);
      this.finish();
    } else {
      this.fail(fault, message);
    }
  }

  private succeed(isCut: boolean): void {
    if (!this.isSettled) {
      this.isSettled = true;
      clearTimeout(this.timer);
      const body = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
      this.resolve({ status: this.status, headers: readHeaders(this.headers), body, isCut });
      this.chunks = [];
    }
  }

  private fail(fault: OutgoingFault, message: string): void {
    if (!this.isSettled) {
      this.isSettled = true;
      this.chunks = [];
      this.reject(new OutgoingFailed(fault, `${this.target}: ${message}`));
    }
    this.finish();
  }

  private finish(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.end();
  }
}

/** Returns the headers of a response from alternating names and values. */
function readHeaders(raw: readonly Buffer[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index].toString('latin1').toLowerCase();
    const value = raw[index + 1].toString('latin1').trim();
    const isValid = singleHeaderValidator(name);
    if (isValid) {
      // Joining the values would change the meaning.
      if (!headers.has(name) && isValid(value)) {
        headers.set(name, value);
      }
      continue;
    }
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

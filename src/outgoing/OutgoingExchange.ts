import type { Dispatcher } from 'undici';
import type { OutgoingFault, OutgoingRequest } from './Outgoing';
import { OutgoingFailed } from './Outgoing';
import type { ResponseHead } from './ResponseHead';
import { singleHeaderValidator } from './singleHeaders';

/** A connection as the exchange sees it that uses it. */
interface UsedConnection {
  /** Head of the response to the current request. */
  readonly response: ResponseHead | undefined;
  /** Whether the current request failed only because the connection, used before, ended as it was sent. */
  readonly isStale: boolean;
}

/**
 * What is told of a server to which there is no connection: always the same, so that nobody learns by it which names
 * and addresses there are in the network of this one.
 */
export const UNREACHABLE =
  'cannot be reached from this server; the operator may have to allow its address with --eventsAllow.';

/** What the errors of a certificate or of a handshake are called. */
const TLS_ERRORS = new RegExp(`^(?:${[
  'CERT_', 'CRL_', 'DEPTH_ZERO_', 'EPROTO', 'ERR_SSL_', 'ERR_TLS_', 'HOSTNAME_MISMATCH', 'INVALID_CA',
  'INVALID_PURPOSE', 'PATH_LENGTH_', 'SELF_SIGNED_', 'UNABLE_TO_',
].join('|')})`, 'u');
const CONNECTION_ERRORS = new Set([
  'EACCES', 'EADDRNOTAVAIL', 'ECONNREFUSED', 'EHOSTDOWN', 'EHOSTUNREACH', 'EINVAL', 'ENETDOWN', 'ENETUNREACH', 'EPERM',
]);

/** How long the rest of a response is waited for whose body is discarded, in milliseconds. */
const DRAIN_TIME = 1_000;

/** A response as it was received. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly isCut: boolean;
}

/**
 * One request under way: gathers what is answered, as far as it may be read and as long as it may take.
 *
 * It is answered once, with a response or an {@link OutgoingFailed}. The connection is given back when the exchange
 * has {@link ended}, which is later where the body is discarded. The status decides: of an answer other than 2xx the
 * body may be missing or broken.
 */
export class OutgoingExchange implements Dispatcher.DispatchHandlers {
  public readonly options: Dispatcher.DispatchOptions;
  /** What comes of it. */
  public readonly response: Promise<RawResponse>;
  /** Settles once the connection is not used any more. */
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
   * @param url - Where the request goes.
   * @param request - The request itself.
   * @param timeout - How long it may take in all, from now, in milliseconds.
   * @param maxBytes - How much of the body is read at most, in bytes.
   */
  public constructor(
    url: URL,
    { method, headers, body, headOnly = false }: OutgoingRequest,
    timeout: number,
    maxBytes: number,
  ) {
    this.options = { path: `${url.pathname}${url.search}`, method, headers, body };
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
      this.failUnlessAnswered('timeout', `no complete answer within ${timeout / 1_000} s.`), timeout);
  }

  /** Whether the answer was read to its end, so that its connection can be used again. */
  public get isComplete(): boolean {
    return this.hasCompleted;
  }

  /**
   * Takes the connection by which the request is sent.
   *
   * @param connection - The connection.
   * @param resend - Sends the request by a new one.
   */
  public begin(connection: UsedConnection, resend: () => void): void {
    this.connection = connection;
    this.resend = resend;
  }

  /** Ends it, for this server stops. */
  public stop(): void {
    this.fail('unreachable', 'this server is stopping.');
  }

  public onConnect(): void {
    // How to abort is of no use: the connection is closed.
  }

  public onHeaders(status: number, headers: Buffer[]): boolean {
    // Those below 200 precede the answer.
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
      // Not within a callback of the connection that has just failed. A new connection is never stale.
      queueMicrotask((): void => this.isOver ? undefined : this.resend!());
      return;
    }
    this.failBy(error, code);
  }

  private failBy(error: Error, code: string): void {
    if (TLS_ERRORS.test(code)) {
      this.fail('tls', `no secure connection, for its certificate or TLS is not valid (${code}).`);
    } else if (CONNECTION_ERRORS.has(code)) {
      this.fail('unreachable', UNREACHABLE);
    } else if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
      this.fail('timeout', 'no connection in time.');
    } else if (code === 'UND_ERR_INVALID_ARG') {
      this.fail('forbidden', 'the request has a header or path that HTTP does not have.');
    } else if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
      this.fail('broken', 'the headers of its answer are too large.');
    } else if (this.connection?.response?.isFlooded) {
      this.fail('broken', 'too many interim responses precede its answer.');
    } else {
      this.failUnlessAnswered('broken', `the connection ended, or what came is not HTTP (${code === '' ? error.name : code}).`);
    }
  }

  /** Fails, unless what has arrived is an answer without its body. */
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

/** The headers of an answer, which come as names and values by turns. */
function readHeaders(raw: readonly Buffer[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index].toString('latin1').toLowerCase();
    const value = raw[index + 1].toString('latin1').trim();
    const isValid = singleHeaderValidator(name);
    if (isValid) {
      // Joined values would be another value.
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

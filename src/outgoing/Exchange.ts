import type { Dispatcher } from 'undici';
import type { OutgoingAnswer, OutgoingFault } from './Outgoing';
import { OutgoingFailed } from './Outgoing';

/** What the errors of a certificate or of a handshake are called. */
const TLS = new RegExp(`^(?:${[
  'CERT_', 'CRL_', 'DEPTH_ZERO_', 'EPROTO', 'ERR_SSL_', 'ERR_TLS_', 'HOSTNAME_MISMATCH', 'INVALID_CA',
  'INVALID_PURPOSE', 'PATH_LENGTH_', 'SELF_SIGNED_', 'UNABLE_TO_',
].join('|')})`, 'u');
const NO_CONNECTION = new Set([
  'EACCES', 'EADDRNOTAVAIL', 'ECONNREFUSED', 'EHOSTDOWN', 'EHOSTUNREACH', 'EINVAL', 'ENETDOWN', 'ENETUNREACH', 'EPERM',
]);

/**
 * One request under way: gathers what is answered, as far as it may be read and as long as it may take.
 *
 * Exactly one of `resolve` and `reject` is called, once, and then nothing of the answer is held.
 */
export class Exchange implements Dispatcher.DispatchHandlers {
  private readonly timer: NodeJS.Timeout;
  private abort?: () => void;
  private done = false;
  private status = 0;
  private headers: readonly Buffer[] = [];
  private chunks: Buffer[] = [];
  private size = 0;

  /**
   * @param what - The method and the origin, for messages.
   * @param timeout - How long it may take in all, in milliseconds.
   * @param maxBytes - How much of the body is read at most, in bytes.
   * @param resolve - Takes the answer.
   * @param reject - Takes an {@link OutgoingFailed}.
   */
  public constructor(
    private readonly what: string,
    timeout: number,
    private readonly maxBytes: number,
    private readonly resolve: (answer: OutgoingAnswer) => void,
    private readonly reject: (error: OutgoingFailed) => void,
  ) {
    this.timer = setTimeout((): void => {
      this.fail('timeout', `no complete answer within ${timeout / 1_000} s.`);
      this.abort?.();
    }, timeout);
  }

  public onConnect(abort: () => void): void {
    if (this.done) {
      abort();
    } else {
      this.abort = abort;
    }
  }

  public onHeaders(status: number, headers: Buffer[]): boolean {
    // Those below 200 precede the answer.
    if (status >= 200) {
      this.status = status;
      this.headers = headers;
    }
    return true;
  }

  public onData(chunk: Buffer): boolean {
    if (this.done) {
      return true;
    }
    const room = this.maxBytes - this.size;
    if (chunk.length <= room) {
      this.chunks.push(chunk);
      this.size += chunk.length;
      return true;
    }
    this.chunks.push(chunk.subarray(0, room));
    this.succeed(true);
    this.abort?.();
    return true;
  }

  public onComplete(): void {
    this.succeed(false);
  }

  public onError(error: Error): void {
    if (error instanceof OutgoingFailed) {
      this.fail(error.fault, error.message);
      return;
    }
    const { code = '' } = error as NodeJS.ErrnoException;
    if (TLS.test(code)) {
      this.fail('tls', `no secure connection, for its certificate or TLS is not valid (${code}).`);
    } else if (NO_CONNECTION.has(code)) {
      this.fail('unreachable', `nothing answers there (${code}).`);
    } else if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
      this.fail('timeout', 'no connection in time.');
    } else if (code === 'UND_ERR_INVALID_ARG') {
      this.fail('forbidden', 'the request has a header or path that HTTP does not have.');
    } else if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
      this.fail('unreachable', 'this server is stopping.');
    } else if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
      this.fail('broken', 'the headers of its answer are too large.');
    } else {
      this.fail('broken', `the connection ended, or what came is not HTTP (${code === '' ? error.name : code}).`);
    }
  }

  private succeed(isCut: boolean): void {
    if (!this.done) {
      this.done = true;
      clearTimeout(this.timer);
      const body = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
      this.resolve({ status: this.status, headers: readHeaders(this.headers), body: body.toString(), isCut });
      this.chunks = [];
    }
  }

  private fail(fault: OutgoingFault, message: string): void {
    if (!this.done) {
      this.done = true;
      clearTimeout(this.timer);
      this.chunks = [];
      this.reject(new OutgoingFailed(fault, `${this.what}: ${message}`));
    }
  }
}

/** The headers of an answer, which come as names and values by turns. */
function readHeaders(raw: readonly Buffer[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index].toString('latin1').toLowerCase();
    const value = raw[index + 1].toString('latin1');
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

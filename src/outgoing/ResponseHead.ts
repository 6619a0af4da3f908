import type { Socket } from 'node:net';

/** Maximum size, in bytes, of the head of a response, and of all interim responses before it. */
export const MAX_HEAD_BYTES = 16 * 1_024;
/** Maximum number of interim responses (1xx) before a response. */
const MAX_INTERIM = 16;
const SWITCHING_PROTOCOLS = 101;

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n/u;
const HEADER_LINE = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/u;

/** Status and headers of a response, as received. */
export interface ResponseHeader {
  readonly status: number;
  /** Names and values in alternation. */
  readonly headers: readonly Buffer[];
}

/**
 * Reads the head of each response of a connection before the HTTP parser does.
 *
 * It removes interim responses (1xx except 101), which undici rejects. It keeps the head, which is valid even if the
 * parser rejects the framing of the body. All other bytes are passed to the parser unchanged. A connection must have
 * one request at a time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.2
 */
export class ResponseHead {
  private held: Buffer = Buffer.alloc(0);
  private inHead = false;
  private interim = 0;
  private received = 0;
  private text?: string;

  /**
   * @param socket - Connection whose `read` method this object replaces. Undici reads in paused mode.
   */
  public constructor(private readonly socket: Socket) {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    socket.read = (size?: number): Buffer | null => {
      for (;;) {
        const chunk = read(size);
        if (chunk === null || !this.inHead) {
          return chunk;
        }
        const passed = this.take(chunk);
        if (passed.length > 0) {
          return passed;
        }
      }
    };
  }

  /** Number of bytes received since {@link expect}, within the head. */
  public get bytes(): number {
    return this.received;
  }

  /** Whether the number of interim responses exceeded the maximum. */
  public get isFlooded(): boolean {
    return this.interim > MAX_INTERIM;
  }

  /** Prepares for the response to the next request. */
  public expect(): void {
    this.held = Buffer.alloc(0);
    this.inHead = true;
    this.interim = 0;
    this.received = 0;
    this.text = undefined;
  }

  /** Returns status and headers, if the head was received and each of its lines is valid. */
  public parse(): ResponseHeader | undefined {
    const status = Number(STATUS_LINE.exec(this.text ?? '')?.[1] ?? 0);
    if (status < 200) {
      return undefined;
    }
    const lines = this.text!.trimEnd().split(/\r?\n/u).slice(1).map((line) => HEADER_LINE.exec(line));
    return lines.includes(null) ?
      undefined :
        { status, headers: lines.flatMap((line): Buffer[] => [ Buffer.from(line![1], 'latin1'), Buffer.from(line![2], 'latin1') ]) };
  }

  /** Consumes bytes of a head. Returns the bytes for the parser, or none while the head is incomplete. */
  private take(chunk: Buffer): Buffer {
    this.received += chunk.length;
    this.held = this.held.length === 0 ? chunk : Buffer.concat([ this.held, chunk ]);
    for (;;) {
      const end = endOfHead(this.held);
      // The parser reports heads that are too large and data that is not HTTP.
      if (end === undefined) {
        return this.held.length > MAX_HEAD_BYTES || !mayBeHttp(this.held) ? this.pass() : Buffer.alloc(0);
      }
      const head = this.held.toString('latin1', 0, end);
      const status = Number(STATUS_LINE.exec(head)?.[1] ?? 0);
      if (status < 100 || status >= 200 || status === SWITCHING_PROTOCOLS) {
        this.text = head;
        return this.pass();
      }
      this.interim += 1;
      if (this.isFlooded || this.received - this.held.length + end > MAX_HEAD_BYTES) {
        this.interim = MAX_INTERIM + 1;
        this.socket.destroy();
        return Buffer.alloc(0);
      }
      this.held = this.held.subarray(end);
      if (this.held.length === 0) {
        return this.held;
      }
    }
  }

  private pass(): Buffer {
    const { held } = this;
    this.held = Buffer.alloc(0);
    this.inHead = false;
    return held;
  }
}

/** Returns the index after the empty line that ends a head, if present. */
function endOfHead(bytes: Buffer): number | undefined {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) {
      return at + 2;
    }
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) {
      return at + 3;
    }
  }
}

function mayBeHttp(bytes: Buffer): boolean {
  const expected = 'HTTP/1.';
  return bytes.toString('latin1', 0, Math.min(bytes.length, expected.length)) === expected.slice(0, bytes.length);
}

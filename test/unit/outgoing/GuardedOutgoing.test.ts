import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server as RawServer, Socket } from 'node:net';
import { createServer as createRawServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { AddressGuard } from '../../../src/outgoing/AddressGuard';
import type { GuardedOutgoingArgs } from '../../../src/outgoing/GuardedOutgoing';
import { GuardedOutgoing } from '../../../src/outgoing/GuardedOutgoing';
import type { OutgoingResponse, OutgoingRequest } from '../../../src/outgoing/Outgoing';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';
import { eventually } from '../../util/wait';
import { CERTIFICATE, KEY } from './certificate';

const LOOPBACK = [ '127.0.0.0/8', '::1/128' ];
const KIB = 1_024;

/** Requests with DNS that answers what a test says, one after the other, and the last one from then on. */
class WithDns extends GuardedOutgoing {
  public readonly asked: string[] = [];

  public constructor(guard: AddressGuard, private readonly answers: (string[] | Error)[], limits?: Partial<GuardedOutgoingArgs>) {
    super({ guard, ...limits });
  }

  protected override async resolve(hostname: string): Promise<string[]> {
    this.asked.push(hostname);
    const answer = this.answers.length > 1 ? this.answers.shift()! : this.answers[0];
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  }
}

/** A server of the loopback interface; its connections are counted, and end with it. */
class Sink {
  public connections = 0;
  public readonly sockets = new Set<Socket>();
  public readonly requests: string[] = [];

  private constructor(private readonly server: RawServer) {
    for (const event of [ 'connection', 'secureConnection' ]) {
      server.on(event, (socket: Socket): void => {
        this.connections += event === 'connection' ? 1 : 0;
        this.sockets.add(socket);
        socket.on('error', (): void => {}).on('close', (): unknown => this.sockets.delete(socket));
      });
    }
  }

  public static async of(server: RawServer, host = '127.0.0.1', port = 0): Promise<Sink> {
    const sink = new Sink(server);
    await new Promise<void>((resolve, reject): unknown => server.once('error', reject).listen(port, host, resolve));
    sinks.push(sink);
    return sink;
  }

  /** A server that does as it is told with each connection. */
  public static async raw(handle: (socket: Socket) => void): Promise<Sink> {
    return Sink.of(createRawServer(handle));
  }

  /** A server that answers each request after having read it. */
  public static async http(
    handle: (response: ServerResponse, body: string, request: IncomingMessage) => void, host?: string, port?: number,
  ): Promise<Sink> {
    const server: Server = createServer((request, response): void => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer): unknown => chunks.push(chunk)).on('end', (): void => {
        sink.requests.push(`${request.method!} ${request.headers.host!}${request.url!}`);
        handle(response, Buffer.concat(chunks).toString(), request);
      });
    });
    const sink = await Sink.of(server, host, port);
    return sink;
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  public get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  public async stop(): Promise<void> {
    this.sockets.forEach((socket): unknown => socket.destroy());
    await new Promise<void>((resolve): unknown => this.server.close((): void => resolve()));
  }
}

const sinks: Sink[] = [];
const senders: GuardedOutgoing[] = [];

function track<T extends GuardedOutgoing>(sender: T): T {
  senders.push(sender);
  return sender;
}

/** What becomes of a request: its answer, or how it failed. */
async function outcome(sender: GuardedOutgoing, url: string, rest: Partial<OutgoingRequest> = {}): Promise<OutgoingResponse | string> {
  try {
    return await sender.send({ method: 'POST', url, body: 'secret body', ...rest });
  } catch (error: unknown) {
    expect(error).toBeInstanceOf(OutgoingFailed);
    const { fault, message } = error as OutgoingFailed;
    expect(message).not.toMatch(/secret/u);
    return `${fault}: ${message}`;
  }
}

async function until(condition: () => boolean): Promise<void> {
  await eventually(async(): Promise<true | undefined> => condition() || undefined);
}

describe('Outgoing requests', (): void => {
  let out: GuardedOutgoing;

  beforeEach((): void => {
    out = track(new GuardedOutgoing({
      guard: new AddressGuard(LOOPBACK),
      allowHttp: false,
      connectTimeout: 0.5,
      timeout: 2,
    }));
  });

  afterEach(async(): Promise<void> => {
    jest.restoreAllMocks();
    await Promise.all(senders.splice(0).map(async(sender): Promise<void> => sender.close()));
    await Promise.all(sinks.splice(0).map(async(sink): Promise<void> => sink.stop()));
  });

  describe('to a server that answers', (): void => {
    it('bring their body and headers, and give status, headers and body of the answer.', async(): Promise<void> => {
      const sink = await Sink.http((response, body, request): void => {
        response.writeHead(201, [ 'X-Many', 'a', 'Location', '/made', 'x-many', 'b', '__proto__', 'c', 'X-Got', String(request.headers['x-one']) ]);
        response.end(`got ${body} ü`);
      });
      const answer = await out.send({ method: 'POST', url: `${sink.origin}/inbox/?a=b#c`, headers: { 'x-one': 'two' }, body: 'é' });
      expect(answer).toMatchObject({ status: 201, body: 'got é ü', isCut: false });
      expect(Object.entries(answer.headers)).toEqual(expect.arrayContaining([
        [ 'x-many', 'a, b' ], [ 'location', '/made' ], [ '__proto__', 'c' ], [ 'x-got', 'two' ],
      ]));
      expect(sink.requests).toEqual([ `POST 127.0.0.1:${sink.port}/inbox/?a=b` ]);
    });

    it.each([ 'GET', 'HEAD', 'OPTIONS' ] as const)('can be %s.', async(method): Promise<void> => {
      const sink = await Sink.http((response): unknown => response.end('answer'));
      expect(await out.send({ method, url: sink.origin })).toMatchObject({ status: 200, body: method === 'HEAD' ? '' : 'answer' });
    });

    it('reuse a connection, and make no more of them than are allowed.', async(): Promise<void> => {
      const sink = await Sink.http((response): unknown => setTimeout((): unknown => response.end('answer'), 5));
      for (let index = 0; index < 10; index += 1) {
        await out.send({ method: 'POST', url: sink.origin, body: 'x' });
      }
      expect(sink.connections).toBe(1);
      await Promise.all(Array.from({ length: 100 }, async(): Promise<unknown> => out.send({ method: 'POST', url: sink.origin, body: 'x' })));
      expect(sink.connections).toBe(16);
      expect(sink.requests).toHaveLength(110);
    });

    it('ignore what precedes the answer.', async(): Promise<void> => {
      const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown =>
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok')));
      expect(await outcome(out, sink.origin)).toEqual({ status: 202, headers: { 'content-length': '2' }, body: 'ok', isCut: false });
    });

    it('do not follow a redirect.', async(): Promise<void> => {
      const target = await Sink.http((response): unknown => response.end('inside'));
      const sink = await Sink.http((response, _body, request): unknown =>
        response.writeHead(Number(request.url!.slice(1)), { location: `${target.origin}/admin` }).end());
      for (const status of [ 301, 302, 303, 307, 308 ]) {
        expect(await outcome(out, `${sink.origin}/${status}`, { headers: { authorization: 'secret' }}))
          .toMatchObject({ status, headers: { location: `${target.origin}/admin` }, body: '' });
      }
      expect(target.connections).toBe(0);
    });

    it('read a body of the greatest length whole, and a longer one so far.', async(): Promise<void> => {
      const sink = await Sink.http((response, _body, request): unknown => response.end('x'.repeat(Number(request.url!.slice(1)))));
      expect(await outcome(out, `${sink.origin}/${64 * KIB}`)).toMatchObject({ body: 'x'.repeat(64 * KIB), isCut: false });
      expect(await outcome(out, `${sink.origin}/${(64 * KIB) + 1}`)).toMatchObject({ body: 'x'.repeat(64 * KIB), isCut: true });
      expect(await outcome(out, `${sink.origin}/10`, { maxBytes: 4 })).toMatchObject({ status: 200, body: 'xxxx', isCut: true });
      expect(await outcome(out, `${sink.origin}/10`, { maxBytes: 0 })).toMatchObject({ status: 200, body: '', isCut: true });
      expect(await outcome(out, `${sink.origin}/0`, { maxBytes: 0 })).toMatchObject({ status: 200, body: '', isCut: false });
    });
  });

  describe('to a server that is hostile', (): void => {
    const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n';

    it('end after their time when it does not answer, and let go of the connection.', async(): Promise<void> => {
      const sink = await Sink.http((): void => {});
      expect(await outcome(out, `${sink.origin}/?secret`, { timeout: 200 }))
        .toBe(`timeout: POST ${sink.origin}: no complete response within 0.2 s.`);
      await until((): boolean => sink.sockets.size === 0);
    });

    it('end after their time when it stops amid the body.', async(): Promise<void> => {
      const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown => socket.write(`${HEAD}some`)));
      expect(await outcome(out, sink.origin, { timeout: 200 })).toMatch(/^timeout: /u);
      await until((): boolean => sink.sockets.size === 0);
    });

    it.each([ HEAD, 'HTTP/1.1 200 OK\r\nX-A: ', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff;' ])(
      'end after their time when it drips after %j.',
      async(start): Promise<void> => {
        const sink = await Sink.raw((socket): void => {
          socket.once('data', (): void => {
            socket.write(start);
            const timer = setInterval((): unknown => socket.write('x'), 20);
            socket.on('close', (): void => clearInterval(timer));
          });
        });
        expect(await outcome(out, sink.origin, { timeout: 300 })).toMatch(/^timeout: /u);
        await until((): boolean => sink.sockets.size === 0);
      },
    );

    it.each([ '', 'HTTP/1.1 200', HEAD, `${HEAD}some`, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsome' ])(
      'are broken when it resets the connection after %j.',
      async(start): Promise<void> => {
        const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown =>
          socket.write(start || 'H', (): unknown => setTimeout((): unknown => socket.resetAndDestroy(), 20))));
        expect(await outcome(out, sink.origin)).toMatch(/^broken: POST http:\/\/127\.0\.0\.1:\d+: the connection was closed early/u);
      },
    );

    it.each([ '', `${HEAD}some` ])('are broken when it ends the connection after %j.', async(start): Promise<void> => {
      const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown => socket.end(start)));
      expect(await outcome(out, sink.origin)).toMatch(/^broken: /u);
    });

    it.each([ 'SSH-2.0-OpenSSH_9.6\r\n', 'HTTP/9.9 200 OK\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', '\0\0\0\0' ])(
      'are broken when it speaks another language: %j.',
      async(words): Promise<void> => {
        const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown => socket.write(words)));
        expect(await outcome(out, sink.origin)).toMatch(/^broken: /u);
      },
    );

    it.each([ 'Content-Length: 99999999999\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n', 'Connection: close\r\n\r\n' ])(
      'are cut when its answer does not end: %j.',
      async(head): Promise<void> => {
        let written = 0;
        const piece = Buffer.alloc(4 * KIB, 'x');
        const sink = await Sink.raw((socket): unknown => socket.once('data', (): void => {
          socket.write(`HTTP/1.1 200 OK\r\n${head}`);
          const pour = (): void => {
            while (!socket.destroyed && socket.write(head.startsWith('Tr') ? Buffer.concat([ Buffer.from('1000\r\n'), piece, Buffer.from('\r\n') ]) : piece)) {
              written += piece.length;
            }
          };
          socket.on('drain', pour);
          pour();
        }));
        expect(await outcome(out, sink.origin)).toMatchObject({ status: 200, body: 'x'.repeat(64 * KIB), isCut: true });
        await until((): boolean => sink.sockets.size === 0);
        // What the kernel's buffers took; nothing of it is read.
        expect(written).toBeLessThan(32 * KIB * KIB);
      },
    );

    it('are broken when its headers do not end.', async(): Promise<void> => {
      const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown =>
        socket.write(`HTTP/1.1 200 OK\r\n${`X-A: ${'a'.repeat(1_000)}\r\n`.repeat(100)}`)));
      expect(await outcome(out, sink.origin)).toBe(`broken: POST ${sink.origin}: the headers of its response are too large.`);
    });

    it('keep no connection that was cut, and send the next request by another.', async(): Promise<void> => {
      const sink = await Sink.http((response, body): unknown => response.end(body));
      expect(await outcome(out, sink.origin, { body: 'x'.repeat(10), maxBytes: 5 })).toMatchObject({ isCut: true });
      expect(await outcome(out, sink.origin, { body: 'next' })).toMatchObject({ body: 'next' });
      expect(sink.connections).toBe(2);
    });

    it('do not lose a connection by requests that waited for it too long.', async(): Promise<void> => {
      const sink = await Sink.http((response, body): unknown => setTimeout((): unknown => response.end(body), body === 'slow' ? 300 : 0));
      const narrow = track(new GuardedOutgoing({
        guard: new AddressGuard(LOOPBACK),
        allowHttp: false,
        connectTimeout: 5,
        timeout: 15,
        maxConnections: 1,
      }));
      const slow = outcome(narrow, sink.origin, { body: 'slow' });
      const waiting = Array.from({ length: 5 }, async(): Promise<unknown> => outcome(narrow, sink.origin, { timeout: 50 }));
      expect(await Promise.all(waiting)).toEqual(waiting.map((): unknown => expect.stringMatching(/^timeout: /u)));
      const last = outcome(narrow, sink.origin, { body: 'last' });
      expect(await slow).toMatchObject({ body: 'slow' });
      expect(await last).toMatchObject({ body: 'last' });
      expect(sink.connections).toBe(1);
      expect(sink.requests).toHaveLength(2);
    });
  });

  describe('whose answer is its head', (): void => {
    const OK = 'HTTP/1.1 200 OK\r\nX-A: b\r\n';

    it.each([
      [ 'nothing more', 'Content-Length: 10\r\n\r\n' ],
      [ 'less than announced', 'Content-Length: 10\r\n\r\nsome' ],
      [ 'more than announced', 'Content-Length: 1\r\n\r\nsome more' ],
      [ 'a length that is no number', 'Content-Length: x\r\n\r\nsome' ],
      [ 'a negative length', 'Content-Length: -1\r\n\r\nsome' ],
      [ 'two lengths', 'Content-Length: 1\r\nContent-Length: 2\r\n\r\nab' ],
      [ 'a length beside chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' ],
      [ 'an unknown coding', 'Transfer-Encoding: x\r\n\r\nsome' ],
      [ 'chunks that are none', 'Transfer-Encoding: chunked\r\n\r\nzz\r\nsome' ],
      [ 'half a chunk', 'Transfer-Encoding: chunked\r\n\r\nff\r\nsome' ],
      [ 'trailers that are none', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\0: b\r\n\r\n' ],
      [ 'gzip that is none', 'Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nsome' ],
      [ 'a body to its end', '\r\nsome' ],
    ])('succeed with %s.', async(_, rest): Promise<void> => {
      for (const ending of [ 'end', 'resetAndDestroy', 'pause' ] as const) {
        const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown =>
          socket.write(`${OK}${rest}`, (): unknown => setTimeout((): unknown => socket[ending](), 20))));
        expect(await outcome(out, sink.origin, { headOnly: true })).toMatchObject({ status: 200, headers: { 'x-a': 'b' }, body: '' });
        await until((): boolean => sink.sockets.size === 0 || rest.startsWith('Content-Encoding'));
      }
    });

    it('succeed before the body of an answer has ended, and do not read it for long.', async(): Promise<void> => {
      const sink = await Sink.raw((socket): unknown => socket.once('data', (): void => {
        socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
        const timer = setInterval((): unknown => socket.write('1\r\nx\r\n'), 20);
        socket.on('close', (): void => clearInterval(timer));
      }));
      for (let index = 0; index < 20; index += 1) {
        expect(await outcome(out, sink.origin, { headOnly: true, timeout: 5_000 })).toMatchObject({ status: 200, body: '' });
      }
      expect(sink.connections).toBeLessThanOrEqual(20);
      await until((): boolean => sink.sockets.size === 0);
    });

    it('reuse the connection after a body that was discarded.', async(): Promise<void> => {
      const sink = await Sink.http((response): unknown => response.end('x'.repeat(100)));
      for (let index = 0; index < 5; index += 1) {
        expect(await outcome(out, sink.origin, { headOnly: true })).toMatchObject({ status: 200, body: '' });
        await sleep(20);
      }
      expect(sink.connections).toBe(1);
    });

    it.each([ 'HTTP/1.1 200 OK\r\nX-A: b\r\n', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\nno header\r\n\r\n', 'HTTP/2 200\r\n\r\n', 'HTTP/1.1 20 OK\r\n\r\n' ])(
      'are broken without a whole head: %j.',
      async(head): Promise<void> => {
        const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown => socket.end(head)));
        expect(await outcome(out, sink.origin, { headOnly: true })).toMatch(/^broken: /u);
      },
    );
  });

  it('fail by the status of an answer whose body is broken.', async(): Promise<void> => {
    for (const status of [ 303, 404, 503 ]) {
      const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown =>
        socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: 9\r\nRetry-After: 7\r\n\r\nsome`, (): unknown => setTimeout((): unknown => socket.resetAndDestroy(), 20))));
      expect(await outcome(out, sink.origin)).toMatchObject({ status, headers: { 'retry-after': '7' }, isCut: true });
    }
  });

  describe('before whose answer others come', (): void => {
    const FINAL = 'HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok';

    it.each([ 100, 102, 103, 110, 199 ])('ignore those of status %i.', async(status): Promise<void> => {
      const interim = `HTTP/1.1 ${status} X\r\nX-Not: this\r\n\r\n`;
      for (const words of [ [ `${interim}${FINAL}` ], [ interim, FINAL ], [ `${interim}${interim}`, ...FINAL ], [ ...interim, FINAL ]]) {
        const sink = await Sink.raw((socket): unknown => socket.once('data', (): void => {
          void (async(): Promise<void> => {
            for (const word of words) {
              socket.write(word);
              await sleep(1);
            }
          })();
        }));
        expect(await outcome(out, sink.origin)).toEqual({ status: 202, headers: { 'content-length': '2' }, body: 'ok', isCut: false });
      }
    });

    it('are broken by 101, by very many, and by large ones.', async(): Promise<void> => {
      for (const before of [ 'HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', 'HTTP/1.1 100 X\r\n\r\n'.repeat(1_000), `HTTP/1.1 103 X\r\nX-A: ${'a'.repeat(5_000)}\r\n\r\n`.repeat(5) ]) {
        const sink = await Sink.raw((socket): unknown => socket.once('data', (): unknown => socket.write(`${before}${FINAL}`)));
        expect(await outcome(out, sink.origin)).toMatch(/^broken: /u);
      }
    });
  });

  describe('by a connection that was used before', (): void => {
    /** Answers the first requests of each connection, and then does something else. */
    async function closing(rest: (socket: Socket) => unknown, good = 1): Promise<Sink> {
      return Sink.raw((socket): void => {
        let requests = 0;
        socket.on('data', (): void => {
          requests += 1;
          if (requests > good) {
            rest(socket);
          } else {
            socket.write('HTTP/1.1 204 No Content\r\n\r\n');
          }
        });
      });
    }

    it.each([ 'end', 'resetAndDestroy', 'destroy' ] as const)('are sent again by a new one if it ends (%s).', async(ending): Promise<void> => {
      for (const method of [ 'POST', 'GET', 'OPTIONS' ] as const) {
        const sink = await closing((socket): unknown => socket[ending]());
        for (let index = 0; index < 5; index += 1) {
          expect(await outcome(out, sink.origin, { method, body: method === 'POST' ? 'x' : undefined })).toMatchObject({ status: 204 });
        }
        expect(sink.connections).toBe(5);
      }
    });

    it('fail where the new one ends too, and where a response had begun.', async(): Promise<void> => {
      const sink = await closing((socket): unknown => socket.end(), 0);
      expect(await outcome(out, sink.origin)).toMatch(/^broken: /u);
      expect(sink.connections).toBe(1);
      let good = 1;
      const dying = await Sink.raw((socket): unknown => socket.on('data', (): void => {
        if (good > 0) {
          good -= 1;
          socket.write('HTTP/1.1 204 No Content\r\n\r\n');
        } else {
          socket.end();
        }
      }));
      expect(await outcome(out, dying.origin)).toMatchObject({ status: 204 });
      expect(await outcome(out, dying.origin)).toMatch(/^broken: /u);
      expect(dying.connections).toBe(2);
      const begun = await closing((socket): unknown => socket.end('H'));
      expect(await outcome(out, begun.origin)).toMatchObject({ status: 204 });
      expect(await outcome(out, begun.origin)).toMatch(/^broken: /u);
      expect(begun.connections).toBe(1);
    });

    it('end when they are closed, or their time is over, while they are sent again.', async(): Promise<void> => {
      const sink = await closing((socket): unknown => socket.end());
      expect(await outcome(out, sink.origin)).toMatchObject({ status: 204 });
      const later = outcome(out, sink.origin, { timeout: 1_000 });
      await out.close();
      expect(await later).toMatch(/^unreachable: /u);
    });
  });

  describe('with an encoded answer', (): void => {
    const text = 'ä'.repeat(1_000);

    it.each<[string, (text: string) => Buffer]>([
      [ 'gzip', gzipSync ], [ 'x-gzip', gzipSync ], [ 'GZIP', gzipSync ], [ 'identity, gzip', gzipSync ], [ 'deflate', deflateSync ], [ 'deflate', deflateRawSync ], [ 'br', brotliCompressSync ],
    ])('decode %s.', async(coding, encode): Promise<void> => {
      const sink = await Sink.http((response): unknown => response.writeHead(200, { 'content-encoding': coding }).end(encode(text)));
      expect(await outcome(out, sink.origin)).toMatchObject({ status: 200, body: text, isCut: false });
    });

    it('read no more of it than of others.', async(): Promise<void> => {
      for (const [ coding, encode ] of [ [ 'gzip', gzipSync ], [ 'deflate', deflateSync ], [ 'br', brotliCompressSync ]] as const) {
        const bomb = encode(Buffer.alloc(64 * KIB * KIB));
        const sink = await Sink.http((response): unknown => response.writeHead(200, { 'content-encoding': coding }).end(bomb));
        expect(await outcome(out, sink.origin, { maxBytes: 64 * KIB })).toMatchObject({ status: 200, body: expect.not.stringMatching(/\0/u), isCut: true });
      }
    });

    it('tell what is wrong with it.', async(): Promise<void> => {
      for (const [ coding, body ] of [ [ 'gzip', 'no gzip' ], [ 'br', 'no brotli' ], [ 'deflate', 'x' ], [ 'zstd', 'x' ], [ 'gzip, gzip', gzipSync(gzipSync('x')) ]] as const) {
        const sink = await Sink.http((response): unknown => response.writeHead(200, { 'content-encoding': coding }).end(body));
        expect(await outcome(out, sink.origin)).toMatchObject({ status: 200, body: '', unreadable: expect.stringContaining(coding) });
      }
      const sink = await Sink.http((response): unknown => response.writeHead(200, { 'content-encoding': 'identity' }).end('x'));
      expect(await outcome(out, sink.origin)).toMatchObject({ body: 'x' });
    });
  });

  describe('to where nothing is', (): void => {
    it('tell that they do not reach it.', async(): Promise<void> => {
      expect(await outcome(out, `http://127.0.0.1:${(await closedPort())}/?secret`)).toMatch(/^unreachable: POST http:\/\/127\.0\.0\.1:\d+: cannot be reached from this server; the operator may have to allow its address with --eventsAllow\.$/u);
    });

    it('tell the same where a name has no address, whatever DNS says to that.', async(): Promise<void> => {
      for (const answer of [ [], new Error('getaddrinfo ENOTFOUND secret'), Object.assign(new Error('x'), { code: 'EAI_AGAIN' }) ]) {
        const sender = track(new WithDns(new AddressGuard(), [ answer ]));
        expect(await outcome(sender, 'https://nowhere.example/')).toMatch(/^unresolved: POST https:\/\/nowhere\.example: cannot be reached from this server; the operator may have to allow its address with --eventsAllow\.$/u);
      }
    });

    it('wait for DNS no longer than for a connection.', async(): Promise<void> => {
      class Silent extends GuardedOutgoing {
        protected override async resolve(): Promise<string[]> {
          return new Promise((): void => {});
        }
      }
      const sender = track(new Silent({ guard: new AddressGuard(), connectTimeout: 0.2 }));
      expect(await outcome(sender, 'https://slow.example/')).toBe('timeout: POST https://slow.example: the connection timed out.');
    });
  });

  describe('by TLS', (): void => {
    /** A server with a certificate, which is trusted from here on or not. */
    async function secure(isTrusted: boolean): Promise<Sink> {
      const sink = await Sink.of(createSecureServer({ cert: CERTIFICATE, key: KEY }, (request, response): void => {
        sink.requests.push(request.url!);
        response.end('private');
      }));
      if (isTrusted) {
        const { connect } = tls;
        jest.spyOn(tls, 'connect').mockImplementation(((options: tls.ConnectionOptions): unknown => connect({ ...options, ca: CERTIFICATE })) as typeof tls.connect);
      }
      return sink;
    }

    it('reach a server that proves to be the one of the URL.', async(): Promise<void> => {
      const sink = await secure(true);
      expect(await outcome(out, `https://localhost:${sink.port}/`)).toMatchObject({ status: 200, body: 'private' });
      expect(await outcome(out, `https://127.0.0.1:${sink.port}/`)).toMatchObject({ status: 200, body: 'private' });
      const sender = track(new WithDns(new AddressGuard(LOOPBACK), [ [ '127.0.0.1' ] ]));
      expect(await outcome(sender, `https://localhost:${sink.port}/`)).toMatchObject({ status: 200, body: 'private' });
      expect(sink.requests).toHaveLength(3);
    });

    it('send nothing to one that is another.', async(): Promise<void> => {
      const sink = await secure(true);
      const sender = track(new WithDns(new AddressGuard(LOOPBACK), [ [ '127.0.0.1' ] ]));
      expect(await outcome(sender, `https://other.example:${sink.port}/`))
        .toMatch(/^tls: POST https:\/\/other\.example:\d+: TLS connection failed: .*ERR_TLS_CERT_ALTNAME_INVALID/u);
      expect(sink.requests).toEqual([]);
    });

    it('send nothing to one that nobody vouches for, whatever the environment says.', async(): Promise<void> => {
      const sink = await secure(false);
      const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      jest.spyOn(process, 'emitWarning').mockImplementation();
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      try {
        expect(await outcome(out, `https://localhost:${sink.port}/`)).toMatch(/^tls: .*DEPTH_ZERO_SELF_SIGNED_CERT/u);
      } finally {
        if (before === undefined) {
          delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        } else {
          process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
        }
      }
      expect(sink.requests).toEqual([]);
    });

    it('tell of a server that has none.', async(): Promise<void> => {
      const sink = await Sink.http((response): unknown => response.end());
      expect(await outcome(out, `https://127.0.0.1:${sink.port}/`)).toMatch(/^tls: /u);
    });

    it('wait for the handshake no longer than for a connection.', async(): Promise<void> => {
      const sink = await Sink.raw((socket): unknown => socket.resume());
      expect(await outcome(out, `https://127.0.0.1:${sink.port}/`)).toBe(`timeout: POST https://127.0.0.1:${sink.port}: the connection timed out.`);
      await until((): boolean => sink.sockets.size === 0);
    });
  });

  describe('with an address that is not allowed', (): void => {
    let sink: Sink;
    let strict: GuardedOutgoing;

    beforeEach(async(): Promise<void> => {
      sink = await Sink.http((response): unknown => response.end('inside'));
      strict = track(new GuardedOutgoing({ guard: new AddressGuard() }));
    });

    it.each([
      '127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '0x7f.0x0.0x0.0x1', '0177.0.0.1', '017700000001',
      '127.0.0.1.', '127.1.', '１２７.０.０.１', '①②⑦.0.0.1', '127。0。0。1', '%31%32%37.0.0.1', '0', '0.0.0.0', '127.255.255.254', 'localhost',
      'LOCALHOST', 'lo\tcal\nhost', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[::]',
      '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '169.254.169.254', '0xa9fea9fe', '2852039166', '[fd00:ec2::254]', '[fe80::1]',
    ])('send nothing to %j.', async(host): Promise<void> => {
      for (const scheme of [ 'http', 'https' ]) {
        expect(await outcome(strict, `${scheme}://${host}:${sink.port}/?secret`)).toMatch(/^forbidden: POST \S+: cannot be reached from this server; the operator may have to allow its address with --eventsAllow\.$/u);
      }
      expect(sink.connections).toBe(0);
    });

    it.each([ 'localhost.', 'localhost..', 'LocalHost.example.' ])('send nothing to %j, where that is a name of loopback.', async(host): Promise<void> => {
      const sender = track(new WithDns(new AddressGuard(), [ [ '127.0.0.1' ] ]));
      expect(await outcome(sender, `http://${host}:${sink.port}/`)).toMatch(/^forbidden: .*: cannot be reached/u);
      expect(sender.asked).toEqual([ host.toLowerCase() ]);
      expect(sink.connections).toBe(0);
    });

    it.each([
      'ftp://127.0.0.1/secret', 'file:///etc/secret', 'data:text/plain,secret', 'javascript:secret', 'gopher://127.0.0.1/', 'ws://127.0.0.1/',
      'blob:http://127.0.0.1/secret', 'urn:secret', 'unix:/secret', 'http+unix://secret/',
    ])('send nothing to %s, which is no web URL.', async(url): Promise<void> => {
      expect(await outcome(out, url)).toMatch(/^forbidden: POST: invalid URL: expected an https URL, got [a-z+]+:\.$/u);
    });

    it.each([
      '', '/secret', 'secret', '//127.0.0.1/', 'http://', 'http://256.1.1.1/', 'http://127.0.0.0.1/', 'http://0x7g.1/', 'http://[::1', 'http://[fe80::1%25eth0]/',
      'http://[fe80::1%eth0]/', 'http://[::127.1]/', 'http://a b/', 'http://127.0.0.1:99999/',
    ])('send nothing to %j, which is no absolute URL.', async(url): Promise<void> => {
      expect(await outcome(out, url)).toBe('forbidden: POST: invalid URL: expected an absolute http(s) URL.');
    });

    it.each([ 'user:secret@', 'secret@', ':secret@', '1:2@' ])('send nothing to a URL with %s.', async(user): Promise<void> => {
      expect(await outcome(out, `http://${user}127.0.0.1:${sink.port}/`))
        .toBe(`forbidden: POST ${sink.origin}: a URL must not hold a user name or password.`);
      expect(sink.connections).toBe(0);
    });

    it('send nothing where one of several addresses is not allowed.', async(): Promise<void> => {
      for (const addresses of [ [ '8.8.8.8', '127.0.0.1' ], [ '127.0.0.1', '8.8.8.8' ], [ '2606:4700::1', '::1' ], [ '8.8.8.8', '::ffff:7f00:1' ], [ '8.8.8.8', 'nonsense' ]]) {
        const sender = track(new WithDns(new AddressGuard(), [ addresses ]));
        expect(await outcome(sender, `https://mixed.example:${sink.port}/`)).toMatch(/^forbidden: POST https:\/\/mixed\.example:\d+: cannot be reached/u);
      }
      expect(sink.connections).toBe(0);
    });

    it('do not tell the address of a name, nor whether it has one.', async(): Promise<void> => {
      const sender = track(new WithDns(new AddressGuard(), [ [ '10.11.12.13' ] ]));
      const told = await outcome(sender, 'https://intranet.example/');
      expect(told).toMatch(/^forbidden: .*: cannot be reached/u);
      expect(told).not.toMatch(/10\.11|private/u);
      const unknown = await outcome(track(new WithDns(new AddressGuard(), [ [] ])), 'https://intranet.example/');
      expect((unknown as string).replace('unresolved', 'forbidden')).toBe(told);
    });

    it('are not sent by http to the public internet, unless that is configured.', async(): Promise<void> => {
      expect(await outcome(strict, 'http://1.1.1.1/')).toMatch(/^forbidden: POST http:\/\/1\.1\.1\.1: 1\.1\.1\.1 can only be reached by https\./u);
      expect(await outcome(track(new WithDns(new AddressGuard(LOOPBACK), [ [ '127.0.0.1', '1.1.1.1' ] ])), `http://mixed.example:${sink.port}/`))
        .toMatch(/^forbidden: .* by https\./u);
      const open = track(new GuardedOutgoing({ guard: new AddressGuard(), allowHttp: true }));
      expect(await outcome(open, sink.origin)).toMatch(/^forbidden: .*: cannot be reached/u);
      expect(sink.connections).toBe(0);
    });

    it('may be sent by http where that is configured.', async(): Promise<void> => {
      const guard = new AddressGuard();
      jest.spyOn(guard, 'refusal').mockReturnValue(undefined);
      expect(await outcome(track(new GuardedOutgoing({ guard, allowHttp: true })), sink.origin)).toMatchObject({ body: 'inside' });
      expect(await outcome(track(new GuardedOutgoing({ guard, allowHttp: false })), sink.origin)).toMatch(/^forbidden: .* by https\./u);
    });

    it.each([ 'Host', 'host', 'connection', 'Content-Length', 'transfer-encoding', 'upgrade', 'expect', 'te', 'keep-alive' ])(
      'do not set the header %s.',
      async(name): Promise<void> => {
        expect(await outcome(out, sink.origin, { headers: { [name]: 'secret' }})).toBe(`forbidden: POST: invalid header ${name}: only the connection sets it.`);
        expect(sink.connections).toBe(0);
      },
    );

    it('do not smuggle a header or a second request.', async(): Promise<void> => {
      for (const headers of [ [[ 'x-a', 'secret\r\nx-b: c' ]], [[ 'x-a: b\r\nx-c', 'secret' ]], [[ 'x-ä', 'secret' ]]]) {
        expect(await outcome(out, sink.origin, { headers: Object.fromEntries(headers) })).toMatch(/^forbidden: .* invalid header or path\.$/u);
      }
      expect(await outcome(out, `${sink.origin}/a b\r\nHost: c/é`)).toMatchObject({ status: 200 });
      expect(sink.requests).toEqual([ `POST 127.0.0.1:${sink.port}/a%20bHost:%20c/%C3%A9` ]);
    });
  });

  describe('with DNS that changes', (): void => {
    it('go to the address that was checked, whatever DNS says next.', async(): Promise<void> => {
      // 127.0.0.2 stands for a public address, and 127.0.0.1 is not allowed.
      const intended = await Sink.http((response): unknown => response.end('intended'), '127.0.0.2');
      const inside = await Sink.http((response): unknown => response.end('inside'), '127.0.0.1', intended.port);
      const sender = track(new WithDns(new AddressGuard([ '127.0.0.2/32' ]), [ [ '127.0.0.2' ], [ '127.0.0.1' ] ]));
      const url = `http://rebinding.example:${intended.port}/`;
      expect(await outcome(sender, url)).toMatchObject({ body: 'intended' });
      expect(sender.asked).toEqual([ 'rebinding.example' ]);
      // The connection stays with its address, and is not resolved again.
      expect(await outcome(sender, url)).toMatchObject({ body: 'intended' });
      expect(sender.asked).toHaveLength(1);
      // A new one is checked again.
      intended.sockets.forEach((socket): unknown => socket.destroy());
      await sleep(20);
      expect(await outcome(sender, url)).toMatch(/^forbidden: .*: cannot be reached/u);
      expect(sender.asked).toHaveLength(2);
      expect([ intended.connections, inside.connections ]).toEqual([ 1, 0 ]);
    });

    it('never use an address that was not checked, however many connections there are.', async(): Promise<void> => {
      const intended = await Sink.http((response): unknown => setTimeout((): unknown => response.end('intended'), 20), '127.0.0.2');
      const inside = await Sink.http((response): unknown => response.end('inside'), '127.0.0.1', intended.port);
      const sender = track(new WithDns(new AddressGuard([ '127.0.0.2/32' ]), Array.from({ length: 50 }, (_, index): string[] => [ `127.0.0.${(index % 2) + 1}` ])));
      for (let round = 0; round < 20; round += 1) {
        const answers = await Promise.all([ 1, 2, 3 ].map(async(): Promise<unknown> => outcome(sender, `http://rebinding.example:${intended.port}/`)));
        for (const answer of answers) {
          expect(typeof answer === 'string' ? answer : (answer as OutgoingResponse).body).toMatch(/^forbidden: |^intended$/u);
        }
        intended.sockets.forEach((socket): unknown => socket.destroy());
        await sleep(2);
      }
      expect(intended.requests.length).toBeGreaterThan(0);
      expect(inside.connections).toBe(0);
    });

    it('try each of several addresses.', async(): Promise<void> => {
      const sink = await Sink.http((response): unknown => response.end('second'), '127.0.0.2');
      const sender = track(new WithDns(new AddressGuard(LOOPBACK), [ [ '127.0.0.1', '127.0.0.2' ] ]));
      expect(await outcome(sender, `http://several.example:${sink.port}/`)).toMatchObject({ body: 'second' });
    });
  });

  describe('to many servers', (): void => {
    it('keep the connections of a few.', async(): Promise<void> => {
      const sink = await Sink.http((response): unknown => response.end('x'));
      const sender = track(new WithDns(new AddressGuard(LOOPBACK), [ [ '127.0.0.1' ] ], { maxIdleOrigins: 5 }));
      for (let index = 0; index < 50; index += 1) {
        await outcome(sender, `http://host${index}.example:${sink.port}/`);
        // One that is used stays.
        await outcome(sender, `http://used.example:${sink.port}/`);
      }
      expect(sender.size).toBe(5);
      await until((): boolean => sink.sockets.size === 5);
      expect(sink.connections).toBe(51);
    });

    it('close no connection that is used.', async(): Promise<void> => {
      const sink = await Sink.http((response): unknown => setTimeout((): unknown => response.end('x'), 100));
      const sender = track(new WithDns(new AddressGuard(LOOPBACK), [ [ '127.0.0.1' ] ], { maxIdleOrigins: 5 }));
      const answers = await Promise.all(Array.from({ length: 50 }, async(_, index): Promise<unknown> => outcome(sender, `http://host${index}.example:${sink.port}/`)));
      expect(answers).toEqual(answers.map((): unknown => expect.objectContaining({ body: 'x' })));
      expect(sender.size).toBe(5);
    });

    it('keep nothing of thousands that do not answer.', async(): Promise<void> => {
      const sender = track(new WithDns(new AddressGuard(), [ [ '10.0.0.1' ] ]));
      for (let index = 0; index < 1_000; index += 1) {
        await sender.send({ method: 'GET', url: `https://host${index}.example/` }).catch((): void => {});
      }
      expect(sender.size).toBe(256);
      expect(sender.asked).toHaveLength(1_000);
    });

    it('ask DNS once for connections that are made at the same time.', async(): Promise<void> => {
      const sender = track(new WithDns(new AddressGuard(), [ [ '10.0.0.1' ] ]));
      await Promise.all(Array.from({ length: 10 }, async(): Promise<unknown> => outcome(sender, 'https://one.example/')));
      expect(sender.asked).toHaveLength(1);
    });
  });

  it('end when they are closed, and none begins then.', async(): Promise<void> => {
    const sink = await Sink.http((): void => {});
    const waiting = outcome(out, sink.origin);
    await until((): boolean => sink.requests.length === 1);
    await out.close();
    await out.close();
    expect(await waiting).toBe(`unreachable: POST ${sink.origin}: this server is stopping.`);
    expect(await outcome(out, sink.origin)).toBe(`unreachable: POST ${sink.origin}: this server is stopping.`);
    expect(out.size).toBe(0);
    await until((): boolean => sink.sockets.size === 0);
  });
});

/** A port of the loopback interface on which nothing listens. */
async function closedPort(): Promise<number> {
  const sink = await Sink.raw((): void => {});
  const { port } = sink;
  await sink.stop();
  return port;
}

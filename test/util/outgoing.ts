import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request as send } from 'undici';
import type { Outgoing } from '../../src/outgoing/Outgoing';
import { OutgoingFailed } from '../../src/outgoing/Outgoing';

/** Sends requests to wherever, also to this machine. */
export const openOutgoing: Outgoing = {
  send: async({ method, url, headers, body, timeout = 15_000, maxBytes = 65_536 }) => {
    try {
      const { statusCode, headers: answered, body: stream } = await send(url, {
        method, headers, body, signal: AbortSignal.timeout(timeout),
      });
      let read = Buffer.alloc(0);
      for await (const chunk of stream) {
        read = Buffer.concat([ read, chunk as Buffer ]);
        if (read.length > maxBytes) {
          break;
        }
      }
      return {
        status: statusCode,
        headers: Object.fromEntries(Object.entries(answered).map(([ name, value ]): [string, string] => [ name, [ value ].flat().join(', ') ])),
        body: read.subarray(0, maxBytes).toString(),
        isCut: read.length > maxBytes,
      };
    } catch (error: unknown) {
      const { name, code, message } = error as Error & { code?: string };
      const fault = code === 'UND_ERR_SOCKET' ? 'broken' : 'unreachable';
      throw new OutgoingFailed(name === 'TimeoutError' ? 'timeout' : fault, `${method} ${new URL(url).origin}: ${message}`);
    }
  },
};

/** A request as a server got it. */
export interface GotRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** When it had come, in milliseconds since 1970. */
  readonly at: number;
}

/** A server of another. */
export interface OtherServer {
  /** Its base URL, ending in `/`. */
  readonly url: string;
  /** What it got, in order. */
  readonly requests: GotRequest[];
  readonly stop: () => Promise<void>;
}

/** Starts a server on this machine whose answers are given; what does not answer leaves the client waiting. */
export async function startOther(answer: (request: GotRequest, response: ServerResponse) => unknown): Promise<OtherServer> {
  const requests: GotRequest[] = [];
  const server = createServer((request, response): void => {
    let body = '';
    request.on('data', (chunk: Buffer): void => { body += chunk.toString(); });
    request.on('end', (): void => {
      const got = { method: request.method!, path: request.url!, headers: request.headers, body, at: Date.now() };
      requests.push(got);
      answer(got, response);
    });
  });
  await new Promise<void>((resolve): unknown => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    requests,
    stop: async(): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve): unknown => server.close(resolve));
    },
  };
}

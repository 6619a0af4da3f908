import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClientConnections } from '../../../src/server/ClientConnections';

describe('The connections of clients', (): void => {
  let server: Server;
  let clients: ClientConnections;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const urlOf = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  beforeEach(async(): Promise<void> => {
    clients = new ClientConnections();
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async(): Promise<void> => {
    agent.destroy();
    server.close();
    await once(server, 'close');
  });

  it('have a signal each, which is aborted when the client disconnects.', async(): Promise<void> => {
    const signals: AbortSignal[] = [];
    let answer: (() => void) | undefined;
    server.on('request', (_request, response): void => {
      answer = (): unknown => response.end();
      void (async(): Promise<void> => {
        await new Promise((resolve): unknown => setTimeout(resolve, 5));
        signals.push(clients.signal()!);
        expect(clients.signal()).toBe(signals.at(-1));
        if (signals.length === 1) {
          answer();
        }
        server.emit('read');
      })();
    });
    // Once the server is configured its listener goes before those that were there.
    await clients.handle(server);
    const [ [ first ], [] ] = await Promise.all([ once(get(urlOf('/1'), { agent }), 'response'), once(server, 'read') ]) as [[ IncomingMessage ], []];
    first.resume();
    await once(first, 'end');
    const second = get(urlOf('/2'), { agent }).on('error', (): void => {});
    await once(server, 'read');
    expect(signals[1]).not.toBe(signals[0]);
    expect(signals[1].aborted).toBe(false);
    second.destroy();
    await once(signals[1], 'abort');
    expect(clients.signal()).toBeUndefined();
  });

  it('have an aborted signal if the client has gone.', async(): Promise<void> => {
    await clients.handle(server);
    const aborted = new Promise((resolve): void => {
      server.on('request', (_request, response): void => {
        void once(response, 'close').then((): void => resolve(clients.signal()!.aborted));
      });
    });
    const request = get(urlOf('/'), { agent }).on('error', (): void => {});
    await once(server, 'request');
    request.destroy();
    expect(await aborted).toBe(true);
  });
});

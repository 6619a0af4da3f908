import cluster from 'node:cluster';
import type { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { DeliveryGate } from '../../../src/server/DeliveryGate';
import { Deliveries } from '../../../src/server/Deliveries';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';

const none = undefined as never;

describe('The gate of deliveries', (): void => {
  let session: SqliteSession;
  let store: SqliteDeliveryStore;
  let deliveries: Deliveries;
  let server: Server;

  const looked = (): number => (store.dueHosts as jest.Mock).mock.calls.length;
  const listen = async(): Promise<void> => new Promise((resolve): unknown => server.listen(0, '127.0.0.1', resolve));

  beforeEach(async(): Promise<void> => {
    session = new SqliteSession(IN_MEMORY);
    store = new SqliteDeliveryStore(session);
    jest.spyOn(store, 'dueHosts');
    deliveries = new Deliveries({ store, kinds: none, readers: none, listeners: []});
    server = createServer((_request, response): unknown => response.end());
    await new DeliveryGate(deliveries).handle(server);
  });

  afterEach(async(): Promise<void> => {
    jest.restoreAllMocks();
    await new Promise((resolve): unknown => server.close(resolve));
    session.close();
  });

  it('lets them begin when the server listens, and end before it stops.', async(): Promise<void> => {
    await deliveries.handle();
    expect(looked()).toBe(0);
    await listen();
    expect(looked()).toBeGreaterThan(0);
    const order: string[] = [];
    const { finalize } = deliveries;
    jest.spyOn(deliveries, 'finalize').mockImplementation(async(): Promise<void> => {
      expect(server.listening).toBe(true);
      await finalize.call(deliveries);
      order.push('deliveries');
    });
    await new Promise<void>((resolve): unknown => server.close((): void => {
      order.push('server');
      resolve();
    }));
    expect(order).toEqual([ 'deliveries', 'server' ]);
    // Nothing begins any more.
    const before = looked();
    deliveries.open();
    expect(looked()).toBe(before);
  });

  it('lets none begin in a process that does not run the worker.', async(): Promise<void> => {
    await listen();
    expect(looked()).toBe(0);
  });

  it('lets them begin where another process listens.', async(): Promise<void> => {
    await deliveries.handle();
    (cluster as unknown as EventEmitter).emit('listening', {}, {});
    expect(looked()).toBeGreaterThan(0);
    await deliveries.finalize();
    expect((cluster as unknown as EventEmitter).listenerCount('listening')).toBe(0);
  });

  it('counts the requests that wait for an answer.', async(): Promise<void> => {
    await listen();
    const answered = jest.fn();
    jest.spyOn(deliveries, 'request').mockReturnValue(answered);
    const address = server.address() as { port: number };
    await (await fetch(`http://127.0.0.1:${address.port}/`)).text();
    await new Promise((resolve): unknown => setTimeout(resolve, 20));
    expect(answered).toHaveBeenCalledTimes(1);
  });
});

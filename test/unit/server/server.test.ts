import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EndpointPrinter } from '../../../src/server/EndpointPrinter';
import { FanOut } from '../../../src/server/FanOut';
import { HostBoundServerFactory } from '../../../src/server/HostBoundServerFactory';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { anEvent, aSubscription, POD } from '../../contract/fixtures';
import { eventually } from '../../util/wait';

describe('An EndpointPrinter', (): void => {
  it('prints where each pod publishes and subscribes.', async(): Promise<void> => {
    const store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    let output = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text): boolean => {
      output += text.toString();
      return true;
    });
    await new EndpointPrinter('http://localhost/', store).handle();
    expect(output).toContain('No pods yet: sign up at http://localhost/.account/');
    await store.registerPod('http://localhost/alice/');
    await new EndpointPrinter('http://localhost/', store).handle();
    expect(output).toContain('POST http://localhost/alice/publish/');
    for (let index = 0; index < 20; index += 1) {
      await store.registerPod(`http://localhost/pod${index}/`);
    }
    await new EndpointPrinter('http://localhost/', store).handle();
    expect(output).toContain('and likewise for each further pod');
    expect(output).not.toContain('http://localhost/pod9/');
    write.mockRestore();
    await store.close();
  });
});

describe('A HostBoundServerFactory', (): void => {
  it('makes servers that listen on one address, or on a socket.', async(): Promise<void> => {
    const factory = new HostBoundServerFactory({ createServer: async(): Promise<any> => createServer() });
    const server = await factory.createServer();
    await new Promise<void>((resolve): unknown => server.listen(0).once('listening', resolve));
    expect([ '127.0.0.1', '::1' ]).toContain((server.address() as AddressInfo).address);
    server.close();
    const other = await new HostBoundServerFactory({ createServer: async(): Promise<any> => createServer() }, '127.0.0.1').createServer();
    const path = join(tmpdir(), `events-${process.pid}.sock`);
    await new Promise<void>((resolve): unknown => other.listen(path, resolve));
    expect(other.address()).toBe(path);
    other.close();
  });
});

describe('A FanOut', (): void => {
  const none = async(): Promise<Set<string>> => new Set();

  it('runs from its start to its end, and reports what fails.', async(): Promise<void> => {
    const store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    const fanOut = new FanOut({
      store,
      readers: { readersOf: none },
      access: { allowed: none },
      filters: { matching: none },
      listeners: [],
      outbox: { wake: (): void => {}, now: Date.now },
    });
    await store.addSubscription(aSubscription());
    await store.accept([{ event: anEvent(), forwards: [{ pod: POD }]}]);
    fanOut.wake();
    await new Promise((resolve): unknown => setTimeout(resolve, 20));
    expect(await store.pendingForwards(1)).toHaveLength(1);
    await fanOut.handle();
    await eventually(async(): Promise<true | undefined> => (await store.pendingForwards(1)).length === 0 || undefined);
    await store.close();
    fanOut.wake();
    await fanOut.finalize();
  });
});

import { request } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { Metrics } from '../../../src/metrics/Metrics';
import { MetricsServer } from '../../../src/server/MetricsServer';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { parseExposition } from '../../util/exposition';
import { freePort } from '../../util/server';
import { targetKinds } from '../../util/kinds';

describe('A MetricsServer', (): void => {
  let port: number;
  let session: SqliteSession;
  let metrics: Metrics;
  const started: MetricsServer[] = [];

  const make = (address: string): MetricsServer => {
    const server = new MetricsServer({
      address,
      metrics,
      store: new SqliteDeliveryStore(session),
      outbox: {
      now: (): number => 5_000, wake: jest.fn(),
    },
      kinds: targetKinds(),
    });
    started.push(server);
    return server;
  };
  const boundOf = (server: MetricsServer): AddressInfo =>
    (server as unknown as { server: Server }).server.address() as AddressInfo;

  beforeEach(async(): Promise<void> => {
    port = await freePort();
    session = new SqliteSession(IN_MEMORY);
    metrics = new Metrics();
  });

  afterEach(async(): Promise<void> => {
    await Promise.all(started.splice(0).map(async(server): Promise<void> => server.finalize()));
    session.close();
  });

  it('serves the metrics at one path, to be read only.', async(): Promise<void> => {
    await make(`127.0.0.1:${port}`).handle();
    metrics.copied(3);
    const url = `http://127.0.0.1:${port}/metrics`;
    const response = await fetch(url);
    expect([ response.status, response.headers.get('content-type') ]).toEqual([ 200, 'text/plain; version=0.0.4; charset=utf-8' ]);
    const families = parseExposition(await response.text());
    expect(families.get('pod_events_copies_total')!.samples.get('pod_events_copies_total')).toBe(3);
    expect((await fetch(`${url}?name[]=x`)).status).toBe(200);
    const head = await fetch(url, { method: 'HEAD' });
    expect([ head.status, await head.text(), Number(head.headers.get('content-length')) > 1_000 ]).toEqual([ 200, '', true ]);
    for (const path of [ '', 'metrics/', 'metricsx', 'alice/metrics', '%6detrics', '?/metrics' ]) {
      expect([ path, (await fetch(`http://127.0.0.1:${port}/${path}`)).status ]).toEqual([ path, 404 ]);
    }
    for (const method of [ 'POST', 'PUT', 'DELETE', 'OPTIONS' ]) {
      const answer = await fetch(url, { method });
      expect([ method, answer.status, answer.headers.get('allow') ]).toEqual([ method, 405, 'GET, HEAD' ]);
    }
    const absolute = await new Promise((resolve): unknown => request({ host: '127.0.0.1', port, path: url }, ({ statusCode }): void => resolve(statusCode)).end());
    expect(absolute).toBe(404);
  });

  it('is off without an address.', async(): Promise<void> => {
    for (const address of [ '', ' ' ]) {
      const server = make(address);
      await server.handle();
      expect((server as unknown as { server?: Server }).server).toBeUndefined();
      metrics.copied(3);
      expect((await metrics.text({ waiting: 0, openCircuits: 0 }, 0)).trim()).toBe('');
      await server.finalize();
    }
  });

  it.each([
    [ 'PORT', '127.0.0.1' ],
    [ ':PORT', '127.0.0.1' ],
    [ ' localhost:PORT ', expect.stringMatching(/^(?:127\.0\.0\.1|::1)$/u) ],
    [ '0.0.0.0:PORT', '0.0.0.0' ],
    [ '[::1]:PORT', '::1' ],
  ])('listens at %s as at %s.', async(address, bound): Promise<void> => {
    const server = make(address.replace('PORT', `${port}`));
    await server.handle();
    expect(boundOf(server)).toMatchObject({ address: bound, port });
  });

  it.each([ 'x', '127.0.0.1', '127.0.0.1:', '127.0.0.1:0', ':65536', 'http://127.0.0.1:9464', '::1:9464', '*:9464', 'a/b:1', '[::1]' ])(
    'cannot be made with %s.',
    (address): void => {
      expect((): unknown => make(address)).toThrow(`Invalid metrics address "${address}". Use a host and a port`);
    },
  );

  it('says what is wrong where it cannot listen.', async(): Promise<void> => {
    const other = createServer();
    await new Promise<void>((resolve): unknown => other.listen(port, '127.0.0.1', resolve));
    await expect(make(`${port}`).handle()).rejects.toThrow(`Metrics cannot be served at 127.0.0.1:${port}: ` +
      'the address is already in use. Set another address with --eventsMetrics');
    other.close();
    metrics = new Metrics();
    await expect(make(`192.0.2.1:${port}`).handle()).rejects.toThrow(/EADDRNOTAVAIL.*Set another/u);
  });

  it('says so where the store fails, and goes on.', async(): Promise<void> => {
    const server = make(`${port}`);
    const error = jest.spyOn((server as any).logger, 'error').mockImplementation();
    await server.handle();
    session.close();
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect([ response.status, await response.text() ]).toEqual([ 500, 'Internal error. The log has details.\n' ]);
    expect(error).toHaveBeenCalledWith(expect.stringContaining('is closed'));
    session.open();
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
  });

  it('is closed by its end, with the connections that are open.', async(): Promise<void> => {
    const server = make(`${port}`);
    await server.handle();
    await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await server.finalize();
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow('fetch failed');
    await server.finalize();
  });
});

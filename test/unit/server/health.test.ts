import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backlog } from '../../../src/delivery/Backlog';
import type { EventHttpHandler } from '../../../src/http/EventHttpHandler';
import type { HttpExchange } from '../../../src/http/Endpoint';
import { HealthEndpoint } from '../../../src/http/health/HealthEndpoint';
import { HttpProblem } from '../../../src/http/errors';
import { LimitedLog } from '../../../src/http/LimitedLog';
import type { Deliveries } from '../../../src/server/Deliveries';
import type { FanOut } from '../../../src/server/FanOut';
import { NotificationRecovery } from '../../../src/server/NotificationRecovery';
import { ServerReadiness } from '../../../src/server/ServerReadiness';
import { StartupLog } from '../../../src/server/StartupLog';
import { StoreIntegrity } from '../../../src/server/StoreIntegrity';
import { quickCheck } from '../../../src/store-sqlite/quickCheck';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';

jest.mock('../../../src/store-sqlite/quickCheck');

interface Logged { logger: Record<string, (line: string) => unknown> }

/** The lines that something logs. */
function linesOf(source: object): string[] {
  const lines: string[] = [];
  for (const level of [ 'info', 'warn', 'error' ]) {
    jest.spyOn((source as Logged).logger, level).mockImplementation((line): unknown => lines.push(`${level}: ${line}`));
  }
  return lines;
}

describe('Readiness', (): void => {
  let isWritable: boolean;
  let integrity: string;
  let fanOut: Backlog | Error;
  let deliveries: Backlog | Error;
  let writes: number;
  const give = async(backlog: Backlog | Error): Promise<Backlog> => {
    if (backlog instanceof Error) {
      throw backlog;
    }
    return backlog;
  };
  const readiness = (): ServerReadiness => new ServerReadiness(
    { assertWritable: async(): Promise<void> => {
      writes += 1;
      if (!isWritable) {
        throw new Error('locked');
      }
    } },
    { get state(): string {
      return integrity;
    } } as unknown as StoreIntegrity,
    { backlog: async(): Promise<Backlog> => give(fanOut) } as unknown as FanOut,
    { backlog: async(): Promise<Backlog> => give(deliveries) } as unknown as Deliveries,
  );

  beforeEach((): void => {
    isWritable = true;
    integrity = 'ok';
    fanOut = { isRunning: true, waiting: 3, overdue: 1_999 };
    deliveries = { isRunning: true, waiting: 0 };
    writes = 0;
  });

  it('is worked out once a second at most.', async(): Promise<void> => {
    const endpoint = new HealthEndpoint(readiness());
    const answers = await Promise.all(Array.from({ length: 100 }, async() => endpoint.handle({ path: '.events/ready' } as HttpExchange)));
    expect(writes).toBe(1);
    expect(new Set(answers.map(({ status }): number => status))).toEqual(new Set([ 200 ]));
    expect(JSON.parse(answers[0].body!)).toEqual({
      status: 'ready',
      store: { writable: true, integrity: 'ok' },
      fanOut: { running: true, waiting: 3, oldestDueSeconds: 1 },
      deliveries: { running: true, waiting: 0, oldestDueSeconds: 0 },
    });
    await new Promise((resolve): unknown => setTimeout(resolve, 1_050));
    await endpoint.handle({ path: '.events/ready' } as HttpExchange);
    expect(writes).toBe(2);
    expect((await endpoint.handle({ path: '.events/health' } as HttpExchange)).body).toBe('{"status":"alive"}');
    expect(endpoint.errorResponse(new HttpProblem(405, 'no'))).toMatchObject({ status: 405, body: '{"error":"no"}' });
  });

  it.each<[ string, () => unknown ]>([
    [ 'the store cannot be written', (): unknown => isWritable = false ],
    [ 'the store is damaged', (): unknown => integrity = 'damaged' ],
    [ 'the fan-out does not run', (): unknown => fanOut = { isRunning: false, waiting: 0 }],
    [ 'the deliveries do not run', (): unknown => deliveries = { isRunning: false, waiting: 0 }],
    [ 'an event waits for too long', (): unknown => fanOut = { isRunning: true, waiting: 1, overdue: 300_001 }],
    [ 'a delivery waits for too long', (): unknown => deliveries = { isRunning: true, waiting: 1, overdue: 300_001 }],
    [ 'the store cannot be read', (): unknown => fanOut = deliveries = new Error('unreadable') ],
  ])('is denied if %s.', async(_, change): Promise<void> => {
    change();
    const answer = await new HealthEndpoint(readiness()).handle({ path: '.events/ready' } as HttpExchange);
    expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '5' }});
    expect(JSON.parse(answer.body!)).toMatchObject({ status: 'unavailable' });
  });
});

describe('The check of the store', (): void => {
  let folder: string;

  beforeEach((): void => {
    folder = mkdtempSync(join(tmpdir(), 'event-store-check-'));
  });

  afterEach((): void => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  /** A store whose last process was killed. */
  const killed = (): SqliteSession => {
    const session = new SqliteSession(folder);
    session.open();
    return session;
  };

  it('is left out after a clean stop, and in memory.', async(): Promise<void> => {
    killed().close();
    const session = new SqliteSession(folder);
    const memory = new SqliteSession(IN_MEMORY);
    for (const each of [ session, memory ]) {
      const integrity = new StoreIntegrity(each);
      await integrity.open();
      expect(integrity.state).toBe('unchecked');
      await integrity.close();
      each.close();
    }
  });

  it('is made after any other, and tells what it finds.', async(): Promise<void> => {
    const old = killed();
    for (const [ found, state, line ] of [
      [ async(): Promise<string[]> => [], 'ok', 'info: ' ],
      [ async(): Promise<string[]> => [ 'a page' ], 'damaged', 'is damaged: a page. Stop the server' ],
      [ async(): Promise<string[]> => { throw new Error('no process'); }, 'unknown', 'could not be checked: no process' ],
    ] as const) {
      const mock = jest.mocked(quickCheck).mockReset().mockImplementation(found);
      const session = new SqliteSession(folder);
      const integrity = new StoreIntegrity(session);
      const lines = linesOf(integrity);
      await integrity.open();
      await integrity.open();
      expect(mock).toHaveBeenCalledTimes(1);
      expect(integrity.state).toBe(state);
      expect(lines).toEqual([ expect.stringContaining('was not stopped cleanly'), expect.stringContaining(line) ]);
      await integrity.close();
      // As after a kill.
      (session as unknown as { connect: () => { db: { close: () => void } } }).connect().db.close();
    }
    old.close();
  });

  it('does not hold up the start for long, nor the end.', async(): Promise<void> => {
    const old = killed();
    jest.mocked(quickCheck).mockImplementation(async(_file, signal): Promise<string[]> =>
      new Promise((_resolve, reject): void => signal!.addEventListener('abort', (): void => reject(new Error('aborted')))));
    const session = new SqliteSession(folder);
    const integrity = new StoreIntegrity(session);
    linesOf(integrity);
    await integrity.open();
    expect(integrity.state).toBe('checking');
    await integrity.close();
    session.close();
    old.close();
  });
});

describe('When a server listens', (): void => {
  const listening = async(): Promise<Server> => new Promise((resolve): void => {
    const server = createServer();
    server.listen(0, '127.0.0.1', (): void => resolve(server));
  });

  it('one line is logged that tells what it is.', async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    const handler = { endpointNames: [ 'Publish', 'Health' ]} as unknown as EventHttpHandler;
    const server = await listening();
    const { port } = server.address() as { port: number };
    const log = async(allowed: string, metrics: string, at: unknown = server.address()): Promise<string[]> => {
      const startup = new StartupLog({
        baseUrl: 'http://localhost/',
        session,
        handler,
        allowedAddresses: allowed,
        metricsAddress: metrics,
      });
      const lines = linesOf(startup);
      const told = { once: (_: string, tell: () => void): void => tell(), address: (): unknown => at } as unknown as Server;
      await startup.handle(told);
      return lines;
    };
    expect(await log('', '')).toEqual([ expect.stringMatching(new RegExp(`^info: solid-pod-events \\d+\\.\\d+\\.\\d+ at ` +
      `http://localhost/, listening on 127\\.0\\.0\\.1:${port}; store :memory:, schema \\d+; ` +
      'endpoints Publish, Health; allowed addresses none; metrics off$', 'u')) ]);
    expect(await log('10.0.0.0/8', '9464', { family: 'IPv6', address: '::1', port: 3_000 }))
      .toEqual([ expect.stringMatching(/on \[::1\]:3000; .*allowed addresses 10\.0\.0\.0\/8; metrics 9464$/u) ]);
    expect(await log('', '', '/a/socket')).toEqual([ expect.stringContaining('on /a/socket;') ]);
    expect(await log('', '', null)).toEqual([ expect.stringContaining('on nothing;') ]);
    server.close();
    session.close();
  });

  it('what was not announced is.', async(): Promise<void> => {
    for (const fails of [ false, true ]) {
      let times = 0;
      const recovery = new NotificationRecovery({ announceStored: async(): Promise<void> => {
        times += 1;
        if (fails) {
          throw new Error('locked');
        }
      } } as unknown as FanOut);
      const lines = linesOf(recovery);
      await recovery.handle({ once: (_: string, tell: () => void): void => tell() } as unknown as Server);
      await new Promise(setImmediate);
      expect(times).toBe(1);
      expect(lines).toHaveLength(fails ? 1 : 0);
    }
  });
});

describe('A LimitedLog', (): void => {
  it('writes a line every 10 seconds at most.', (): void => {
    const lines: string[] = [];
    const log = new LimitedLog((line): unknown => lines.push(line));
    let now = 100_000;
    const clock = jest.spyOn(performance, 'now').mockImplementation((): number => now);
    log.log('a');
    log.log('b');
    log.log('c');
    now += 10_000;
    log.log('d');
    now += 10_000;
    log.log('e');
    clock.mockRestore();
    expect(lines).toEqual([ 'a', 'd (and 2 more like it)', 'e' ]);
  });
});

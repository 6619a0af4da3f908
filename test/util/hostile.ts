import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grant } from './access';
import type { TestAgent } from './accounts';
import { logIn, seedFile } from './accounts';
import { FLAT_PARSER, flatten } from './flat';
import type { ServerProcess } from './process';
import { spawnNode, untilReady } from './process';
import { copySeeded, TRIO } from './seeded';
import { freePort, ROOT } from './server';
import { eventually } from './wait';

/** Counts of a server process, taken by `turnProbe.js` while some work was done. */
export interface Turns {
  /** Turns of the event loop; an idle loop makes about 200 in a second. */
  readonly turns: number;
  /** Longest delay of a turn, in milliseconds. Depends on the load of the machine: print it, do not assert on it. */
  readonly longest: number;
  /** CPU time of the process, all threads, in milliseconds. */
  readonly cpu: number;
  /** Resident memory at the end, in bytes. */
  readonly rss: number;
}

/** The result of some work, and what happened to others meanwhile. */
export interface Observed<T> extends Turns {
  readonly result: T;
  /** Number of requests of the innocent client that were answered with 200 while the work was under way. */
  readonly answered: number;
  /** Statuses of its requests that got another answer, or 0 for none. */
  readonly failures: readonly number[];
}

/** A server in its own process with three pods, and an innocent client that uses it all the time. */
export interface HostileScene {
  readonly server: ServerProcess;
  /** The process id, which changes with a restart. */
  readonly pid: () => number;
  /** The folder that holds the data folder (`data`). */
  readonly folder: string;
  readonly data: string;
  readonly producer: TestAgent;
  readonly user: TestAgent;
  readonly subscriber: TestAgent;
  /** Does some work while an innocent client reads a public profile, one request after the other. */
  readonly during: <T>(work: () => Promise<T>) => Promise<Observed<T>>;
  /** Kills the server, does something, and starts it again with its data. */
  readonly restart: (between?: () => Promise<void>) => Promise<void>;
  readonly end: () => Promise<void>;
}

/**
 * Starts a built server in a process of its own. `producer` may publish to `user` on every topic, and `subscriber` may
 * receive every topic of `user`.
 *
 * @param config - Path of the configuration, in the project.
 * @param args - Further arguments of the command line.
 * @param logLevel - Level of its log.
 */
export async function startHostileScene(
  config = 'test/config/file.json',
  args: readonly string[] = [],
  logLevel = 'warn',
): Promise<HostileScene> {
  const folder = await mkdtemp(join(tmpdir(), 'pod-events-hostile-'));
  const data = join(folder, 'data');
  const probe = join(folder, 'turns.json');
  const pidFile = join(folder, 'pid');
  const port = await freePort();
  const seed = await copySeeded(config, TRIO, data, port) ? [] : [ '--seedConfig', await seedFile(folder, TRIO) ];
  const flat = await flatten(config);
  const script = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));` +
    `process.env.TURN_PROBE = ${JSON.stringify(probe)};` +
    `require(${JSON.stringify(join(ROOT, 'test/util/turnProbe.js'))}); require(${JSON.stringify(FLAT_PARSER)});` +
    // The first argument after `-e` stands where the script's path would.
    `process.argv.splice(1, 0, ${JSON.stringify(join(ROOT, 'bin/server.js'))});` +
    `require(${JSON.stringify(join(ROOT, 'bin/server.js'))});`;
  const launch = async(more: readonly string[]): Promise<ServerProcess> => untilReady(spawnNode([
    '-e', script, '--',
    ...flat.config.flatMap((path): string[] => [ '-c', path ]), '-m', flat.modules,
    '-p', String(port), '-f', data, '-l', logLevel, ...more, ...args,
  ], ROOT, port));
  let server = await launch(seed);
  const pid = (): number => Number(readFileSync(pidFile, 'utf8'));
  const { baseUrl } = server;
  const producer = await logIn(baseUrl, 'producer', 'Bearer');
  const user = await logIn(baseUrl, 'user', 'Bearer');
  const subscriber = await logIn(baseUrl, 'subscriber', 'Bearer');
  await grant(user, `${user.pod}topics/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});

  const turns = async(): Promise<Turns> => {
    await rm(probe, { force: true });
    process.kill(pid(), 'SIGUSR2');
    await eventually(async(): Promise<true | undefined> => existsSync(probe) || undefined, 60_000);
    return JSON.parse(await readFile(probe, 'utf8')) as Turns;
  };

  const during = async<T>(work: () => Promise<T>): Promise<Observed<T>> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await turns();
    const state = { over: false };
    let answered = 0;
    const failures: number[] = [];
    const innocent = (async(): Promise<void> => {
      while (!state.over) {
        const status = await statusOf(user.webId, agent);
        if (status === 200) {
          answered += 1;
        } else {
          failures.push(status);
        }
        await new Promise((resolve): unknown => setTimeout(resolve, 5));
      }
    })();
    try {
      const result = await work();
      state.over = true;
      const counts = await turns();
      return { ...counts, result, answered, failures };
    } finally {
      state.over = true;
      await innocent;
      agent.destroy();
    }
  };

  return {
    get server(): ServerProcess {
      return server;
    },
    pid,
    folder,
    data,
    producer,
    user,
    subscriber,
    during,
    restart: async(between = async(): Promise<void> => {}): Promise<void> => {
      await server.kill('SIGKILL');
      await between();
      server = await launch([]);
    },
    end: async(): Promise<void> => {
      for (const { logout } of [ producer, user, subscriber ]) {
        await logout();
      }
      await server.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The status of a GET, or 0 if the connection broke or gave no answer within 10 seconds. */
async function statusOf(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve): void => {
    const request = get(url, { agent, timeout: 30_000 }, (response): void => {
      response.resume().on('end', (): void => resolve(response.statusCode!)).on('error', (): void => resolve(0));
    });
    request.on('timeout', (): unknown => request.destroy()).on('error', (): void => resolve(0));
  });
}

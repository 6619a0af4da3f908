import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAgent } from './accounts';
import { logIn, seedFile } from './accounts';
import { FLAT_PARSER, flatten } from './flat';
import type { Exit, ServerProcess } from './process';
import { spawnNode, untilReady } from './process';
import { freePort, ROOT } from './server';

/** The addresses to which the servers of tests may send: the loopback interface. */
export const LOOPBACK = '127.0.0.0/8,::1/128';

/** A server in a process of its own, that can be killed and started again with its data, under the same URL. */
export interface Member {
  readonly baseUrl: string;
  /** The folder of the pods' data. */
  readonly data: string;
  /** The owner of a seeded pod, logged in. */
  readonly agent: (name: string, tokenType?: 'DPoP' | 'Bearer') => Promise<TestAgent>;
  /** What its processes have printed. */
  readonly output: () => string;
  readonly start: () => Promise<void>;
  readonly kill: (signal?: NodeJS.Signals) => Promise<Exit>;
}

/**
 * Starts a server that may send to the loopback interface, with one pod for each name.
 *
 * @param config - The path of the configuration, in the project.
 * @param pods - The names of its pods.
 * @param modules - The folder whose packages are searched for components, if not those of the project.
 */
export async function startMember(config: string, pods: readonly string[], modules?: string): Promise<Member> {
  const folder = await mkdtemp(join(tmpdir(), 'pod-events-'));
  const port = await freePort();
  const data = join(folder, 'data');
  await mkdir(data);
  const seed = await seedFile(folder, pods);
  const isStock = config.endsWith('plain.json');
  const read = modules === undefined ? await flatten(config) : { config: [ join(ROOT, config) ], modules };
  const loaded = modules === undefined ? [ '-r', FLAT_PARSER ] : [];
  const args = [ ...loaded, join(ROOT, 'bin/server.js'), '-c', ...read.config, '-p', `${port}`, '-f', data, '-l', 'warn', '-m', read.modules ];
  if (!isStock) {
    args.push('--eventsAllow', LOOPBACK);
  }
  const processes: ServerProcess[] = [];
  const start = async(): Promise<void> => {
    const server = spawnNode(processes.length === 0 ? [ ...args, '--seedConfig', seed ] : args, ROOT, port);
    processes.push(server);
    await untilReady(server);
  };
  await start();
  const baseUrl = `http://localhost:${port}/`;
  return {
    baseUrl,
    data,
    agent: async(name, tokenType): Promise<TestAgent> => logIn(baseUrl, name, tokenType),
    output: (): string => processes.map((one): string => one.output()).join('\n'),
    start,
    kill: async(signal = 'SIGTERM'): Promise<Exit> => processes.at(-1)!.kill(signal),
  };
}

import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { FLAT_PARSER, flatten } from './flat';
import { stopsInTheEnd } from './leftovers';
import { ROOT } from './server';

/** How a process ended: with an exit code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  /** The path of the configuration, in the project or absolute; or those of its files. */
  readonly config: string | readonly string[];
  readonly port: number;
  /** The folder of the pods' data. */
  readonly data: string;
  readonly seedConfig?: string;
  readonly logLevel?: string;
  /** The folder whose packages are searched for components; those of the project, unless another is given. */
  readonly modules?: string;
  /** Path of a script that the process loads first. */
  readonly preload?: string;
}

/** A server in a process of its own. */
export interface ServerProcess {
  readonly baseUrl: string;
  /** All that it has printed so far. */
  readonly output: () => string;
  /** Sends a signal, and waits until the process has ended. */
  readonly kill: (signal: NodeJS.Signals) => Promise<Exit>;
  /** How the process ends. */
  readonly exit: Promise<Exit>;
}

const stdio: [ 'ignore', 'pipe', 'pipe' ] = [ 'ignore', 'pipe', 'pipe' ];
const running = new Set<ServerProcess>();

/** The environment of a user: without what Jest and npm put there, which the server and npm would heed. */
export function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env)
    .filter(([ name ]): boolean => !/^(?:JEST_WORKER_ID|NODE_ENV|NODE_OPTIONS|INIT_CWD|npm_.*)$/u.test(name)));
}

/** Starts the built server as its users do; it need not become ready. */
export function spawnServer(options: ProcessOptions): ServerProcess {
  const { config, port, data, seedConfig, logLevel = 'warn', modules, preload } = options;
  const args = [ '-c', ...[ config ].flat(), '-p', `${port}`, '-f', data, '-l', logLevel ];
  if (seedConfig !== undefined) {
    args.push('--seedConfig', seedConfig);
  }
  if (modules !== undefined) {
    args.push('-m', modules);
  }
  const loaded = [ ...modules === undefined ? [] : [ FLAT_PARSER ], ...preload === undefined ? [] : [ preload ] ];
  return spawnNode([ ...loaded.flatMap((path): string[] => [ '-r', path ]), join(ROOT, 'bin/server.js'), ...args ], ROOT, port);
}

/** Lets a server process that is sent SIGUSR2 end between the commit of its next publish and the answer. */
export const KILL_POINT = join(__dirname, 'killPoint.js');

/** Starts a server by a script of Node, in a folder. */
export function spawnNode(args: readonly string[], cwd: string, port: number): ServerProcess {
  const child = spawn(process.execPath, args, { cwd, env: environment(), stdio });
  return toServer(child, port, (signal): unknown => child.kill(signal));
}

/** Starts a server by a command, in a folder; its signals go to all processes that the command starts. */
export function spawnCommand(command: string, args: readonly string[], cwd: string, port: number): ServerProcess {
  const child = spawn(command, args, { cwd, env: environment(), detached: true, stdio });
  return toServer(child, port, (signal): unknown => process.kill(-child.pid!, signal));
}

function toServer(
  child: ChildProcessByStdio<null, Readable, Readable>,
  port: number,
  send: (signal: NodeJS.Signals) => unknown,
): ServerProcess {
  let output = '';
  for (const stream of [ child.stdout, child.stderr ]) {
    stream.setEncoding('utf8').on('data', (text: string): unknown => output += text);
  }
  const exit = new Promise<Exit>((resolve): unknown => child.on('close', (code, signal): void => {
    running.delete(server);
    ended();
    resolve({ code, signal });
  }));
  const server: ServerProcess = {
    baseUrl: `http://localhost:${port}/`,
    output: (): string => output,
    exit,
    kill: async(signal): Promise<Exit> => {
      if (running.has(server)) {
        send(signal);
      }
      return exit;
    },
  };
  running.add(server);
  const ended = stopsInTheEnd(async(): Promise<unknown> => server.kill('SIGKILL'));
  return server;
}

/** Starts the built server, by its flattened configuration unless modules are given, and waits until it answers. */
export async function startProcess(options: ProcessOptions): Promise<ServerProcess> {
  const { config, modules } = options;
  const flat = modules === undefined && typeof config === 'string' ? await flatten(config) : {};
  return untilReady(spawnServer({ ...options, ...flat }));
}

/** Waits until a server answers; fails with what it printed if it ends before, or does not answer within nine minutes. */
export async function untilReady(server: ServerProcess): Promise<ServerProcess> {
  let exit: Exit | undefined;
  void server.exit.then((how): unknown => exit = how);
  const end = Date.now() + 540_000;
  while (!exit && Date.now() < end) {
    try {
      await (await fetch(server.baseUrl)).text();
      return server;
    } catch {
      await new Promise((resolve): unknown => setTimeout(resolve, 50));
    }
  }
  await server.kill('SIGKILL');
  throw new Error(`The server did not start (${JSON.stringify(exit)}):\n${server.output()}`);
}

/** Ends every server that was started here and still runs; for when a test fails before it could. */
export async function killAll(): Promise<void> {
  await Promise.all([ ...running ].map(async(server): Promise<unknown> => server.kill('SIGKILL')));
}

/** What one event of a stream holds as `data`. */
export interface StreamData {
  /** The number of its request. */
  readonly request: number;
  /** Its place in the request. */
  readonly place: number;
  readonly text: string;
}

/** A request of a stream, and what became of it. */
export interface Attempt {
  readonly data: readonly StreamData[];
  /** The status of the response, if there was one. */
  status?: number;
  /** The URLs of the events, if the request was acknowledged. */
  ids?: readonly string[];
}

/**
 * Publishes over several connections at once, until it is stopped or nobody answers.
 * Every third request is an array.
 */
export class PublishStream {
  public readonly attempts: Attempt[] = [];
  private stopped = true;
  private connections: Promise<void>[] = [];

  public constructor(
    private readonly producer: { readonly fetch: typeof fetch; readonly pod: string },
    private readonly recipients: readonly string[],
    private readonly topic: string,
  ) {}

  public get acknowledged(): Attempt[] {
    return this.attempts.filter(({ ids }): boolean => ids !== undefined);
  }

  public start(connections: number): void {
    this.stopped = false;
    this.connections = Array.from({ length: connections }, async(): Promise<void> => this.publishOn());
  }

  public async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.connections);
  }

  /** Makes the next request, and waits for its answer. */
  public async publish(): Promise<void> {
    const request = this.attempts.length;
    const data = Array.from({ length: request % 3 === 0 ? 3 : 1 }, (_, place): StreamData =>
      ({ request, place, text: `Größe ${'•'.repeat(request % 50)}` }));
    const attempt: Attempt = { data };
    this.attempts.push(attempt);
    const events = data.map((item): object => ({ recipient: this.recipients, topic: this.topic, data: item }));
    const response = await this.producer.fetch(`${this.producer.pod}publish/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events.length === 1 ? events[0] : events),
    });
    attempt.status = response.status;
    const body = await response.json() as { id: string; ids?: string[] };
    if (response.status === 201) {
      attempt.ids = body.ids ?? [ body.id ];
    }
  }

  private async publishOn(): Promise<void> {
    try {
      while (!this.stopped) {
        await this.publish();
      }
    } catch {
      // Nobody answers any more; what was under way stays without an answer.
    }
  }
}

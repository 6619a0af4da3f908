import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { AddressGuard } from '../outgoing/AddressGuard';
import { normalBaseUrl } from '../store/baseUrl';
import { FolderLock } from '../store-sqlite/FolderLock';
import { startProblem } from '../store-sqlite/inspection';
import type { ServerIo } from './Io';
import type { StartOptions } from './options';
import { logLevelProblem } from './options';
import { EXIT, usageError, Problem } from './problem';

/** Default port of the server. */
export const DEFAULT_PORT = 3_000;

/**
 * Checks option values, port, data folder and event store before the server is loaded, because loading is slow.
 *
 * @throws {@link Problem} for the first problem. Nothing is changed.
 */
export async function preflight({ values, configuration }: StartOptions, io: ServerIo): Promise<void> {
  const baseUrl = checkValues(values, io);
  const port = portOf(values);
  if (configuration.isComplete && values.socket === undefined) {
    await checkPort(port, configuration.isLoopback ? 'localhost' : undefined);
  }
  if (configuration.isComplete && configuration.usesStore) {
    const folder = resolve(io.cwd, String(values.rootFilePath ?? './'));
    checkFolder(folder);
    if (existsSync(join(folder, '.events'))) {
      const lock = new FolderLock(folder);
      lock.acquire();
      lock.release();
    }
    const keyFile = values.eventsKeyFile === undefined ? undefined : resolve(io.cwd, String(values.eventsKeyFile));
    const problem = startProblem(folder, baseUrl, keyFile);
    if (problem !== undefined) {
      throw new Problem(problem);
    }
  }
}

function portOf({ port }: StartOptions['values']): number {
  return port === undefined ? DEFAULT_PORT : Number(port);
}

/** Validates the values of options, and returns the base URL. */
function checkValues(values: StartOptions['values'], io: ServerIo): string {
  const { port, workers, baseUrl, socket, loggingLevel, seedConfig, eventsAllow, eventsMetrics } = values;
  if (port !== undefined && !(Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    throw usageError('Invalid --port: expected a whole number from 1 to 65535.');
  }
  if (workers !== undefined && workers !== 1) {
    throw usageError('Unsupported --workers: a server with events runs in one process. Remove the option.');
  }
  if (socket !== undefined && baseUrl === undefined) {
    throw usageError('Missing --baseUrl: --socket requires it.');
  }
  const level = logLevelProblem(loggingLevel);
  if (level !== undefined) {
    throw usageError(level);
  }
  asUsageError('--eventsAllow', (): unknown => eventsAllow === undefined || new AddressGuard([ String(eventsAllow) ]));
  if (eventsMetrics !== undefined && !isAddress(String(eventsMetrics))) {
    throw usageError(`Invalid --eventsMetrics "${String(eventsMetrics)}": expected host:port, such as 127.0.0.1:9464, or a port.`);
  }
  if (seedConfig !== undefined) {
    checkSeed(resolve(io.cwd, String(seedConfig)));
  }
  return asUsageError('--baseUrl', (): string => normalBaseUrl(String(baseUrl ?? `http://localhost:${portOf(values)}/`)));
}

function asUsageError<T>(option: string, parse: () => T): T {
  try {
    return parse();
  } catch (error: unknown) {
    throw usageError(`Invalid ${option}: ${(error as Error).message.replace(/\.?$/u, '.')}`);
  }
}

function isAddress(text: string): boolean {
  const port = Number(/^(?:(?:\[[\da-f:.]+\]|[\w.-]*):)?(\d{1,5})$/iu.exec(text.trim())?.[1]);
  return text.trim() === '' || (port > 0 && port <= 65_535);
}

function checkSeed(path: string): void {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
  } catch (error: unknown) {
    const why = error instanceof SyntaxError ? 'is not valid JSON' : 'cannot be read';
    throw new Problem(`The file ${path} of --seedConfig ${why}: ${(error as Error).message}.`);
  }
}

/** Checks that the port is free, by listening on it briefly. */
async function checkPort(port: number, host?: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((done, fail): void => {
    server.once('error', (error: NodeJS.ErrnoException): void => fail(new Problem(listenProblem(error, port))));
    server.listen({ port, host }, (): unknown => server.close((): void => done()));
  });
}

/** Describes an error of listening, with the remedy. */
export function listenProblem({ code, message }: NodeJS.ErrnoException, port: number | string): string {
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use by another program. Stop that program, or choose another port with --port.`;
  }
  return code === 'EACCES' ?
    `This user may not listen on port ${port}. Choose a port above 1023 with --port, and let a reverse proxy forward to it.` :
    `The server cannot listen on port ${port}: ${message}.`;
}

/** Checks that the data folder is writable or can be created. */
function checkFolder(folder: string): void {
  let path = folder;
  while (!existsSync(path)) {
    path = dirname(path);
  }
  if (!statSync(path).isDirectory()) {
    throw new Problem(`The data folder ${folder} cannot be used: ${path} is a file. Choose another folder with --rootFilePath (-f).`);
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    if (existsSync(join(folder, '.events'))) {
      path = join(folder, '.events');
      accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    }
  } catch {
    throw new Problem(`The data folder ${folder} cannot be used: this user may not write ${path}. Change its permissions, or ` +
      'choose another folder with --rootFilePath (-f).', EXIT.failed);
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '@solid/community-server';
import { AppRunner, resetInternalLoggerFactory } from '@solid/community-server';
import { seedFile } from './accounts';
import { flatten } from './flat';
import { stopsInTheEnd } from './leftovers';
import { copySeeded, isToKeep, keepSeeded } from './seeded';
import { eventually } from './wait';

export const ROOT = join(__dirname, '../..');

/** The `require` of Node, which the environment of the tests gives them. */
declare const requireOutside: NodeJS.Require;

/** A port of the loopback interface that nobody uses. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject): void => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, 'localhost', (): void => {
      const { port } = server.address() as { port: number };
      server.close((): void => resolve(port));
    });
  });
}

export interface TestServer {
  readonly baseUrl: string;
  readonly folder: string;
  /**
   * Stops the server, keeps its data, and starts it again, with the same configuration unless another is given.
   * Something can be done while it is stopped.
   */
  readonly restart: (config?: string, meanwhile?: () => Promise<unknown>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Classes of tests that a configuration names by `./test/util/…`. */
const OF_TESTS = join(ROOT, 'test/util/');

/**
 * Makes what a configuration names: the plugin and classes of tests are what Jest loads, to measure it, and the rest
 * what the server loads.
 */
function constructionStrategy(): any {
  const plugin: unknown = jest.requireActual('../../src');
  const { ConstructionStrategyCommonJs } = requireOutside('componentsjs');
  const req = (path: string): unknown => path === join(ROOT, 'dist/index.js') ?
    plugin :
    path.startsWith(OF_TESTS) ? jest.requireActual(path) : requireOutside(path);
  return new ConstructionStrategyCommonJs({ req: Object.assign(req, { resolve: requireOutside.resolve }) });
}

/**
 * Starts a real server in this process, with one pod for each name. The usual pods are copied from the first server.
 * It reads the configuration and the components as packages have them only where it is asked to; that takes longer.
 * It can be given values of options of the command line, such as `eventsMetrics`.
 */
export async function startServer(
  config: string,
  pods: readonly string[],
  baseUrlHost = 'localhost',
  asPackaged = false,
  options: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'pod-events-'));
  const port = await freePort();
  const baseUrl = `http://${baseUrlHost}:${port}/`;
  const data = join(folder, 'data');
  const isLocal = baseUrlHost === 'localhost' && !asPackaged;
  const seedConfig = isLocal && await copySeeded(config, pods, data, port) ? undefined : await seedFile(folder, pods);
  let app: App;
  let isRunning = false;
  const stopApp = async(): Promise<void> => {
    if (isRunning) {
      isRunning = false;
      await app.stop();
    }
  };
  const ended = stopsInTheEnd(stopApp);
  const start = async(path: string): Promise<void> => {
    const read = asPackaged ? { config: [ join(ROOT, path) ], modules: ROOT } : await flatten(path);
    // The server keeps the loggers of classes, with their level, from its last start.
    resetInternalLoggerFactory();
    app = await new AppRunner().create({
      config: [ ...read.config ],
      loaderProperties: {
        mainModulePath: read.modules,
        constructionStrategy: constructionStrategy(),
        dumpErrorState: false,
        logLevel: 'error',
      },
      shorthand: {
        port,
        baseUrl,
        rootFilePath: data,
        loggingLevel: process.env.TEST_LOG ?? 'off',
        ...seedConfig !== undefined && { seedConfig },
        ...options,
      },
    });
    isRunning = true;
    await app.start();
    await eventually(async(): Promise<true | undefined> => fetch(baseUrl).then((): true => true, (): undefined => undefined));
  };
  await start(config);
  if (isLocal && await isToKeep(config, pods)) {
    await stopApp();
    await keepSeeded(data, port);
    await start(config);
  }
  return {
    baseUrl,
    folder,
    restart: async(other = config, meanwhile?: () => Promise<unknown>): Promise<void> => {
      await stopApp();
      await meanwhile?.();
      await start(other);
    },
    stop: async(): Promise<void> => {
      await stopApp();
      ended();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '@solid/community-server';
import { AppRunner } from '@solid/community-server';
import { seedFile } from './accounts';

export const ROOT = join(__dirname, '../..');

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
  /** Stops the server, keeps its data, and starts it again. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a real server in this process, with one pod for each name. */
export async function startServer(config: string, pods: readonly string[], baseUrlHost = 'localhost'): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'pod-events-'));
  const port = await freePort();
  const baseUrl = `http://${baseUrlHost}:${port}/`;
  const seedConfig = await seedFile(folder, pods);
  let app: App;
  const start = async(): Promise<void> => {
    app = await new AppRunner().create({
      config: join(ROOT, config),
      loaderProperties: { mainModulePath: ROOT, dumpErrorState: false, logLevel: 'error' },
      shorthand: { port, baseUrl, rootFilePath: join(folder, 'data'), loggingLevel: process.env.TEST_LOG ?? 'off', seedConfig },
    });
    await app.start();
  };
  await start();
  return {
    baseUrl,
    folder,
    restart: async(): Promise<void> => {
      await app.stop();
      await start();
    },
    stop: async(): Promise<void> => {
      await app.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

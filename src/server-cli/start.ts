import type { ServerIo } from './Io';
import type { StartOptions } from './options';
import { readStartOptions } from './options';
import { listenProblem, preflight } from './preflight';
import { EXIT, Problem, sentenceOf } from './problem';

/** Time limit for a graceful stop, in milliseconds. Acknowledged events are already stored when it ends. */
const STOP_TIMEOUT = 9_000;

/** The used part of the Solid server's module. */
interface ServerModule {
  readonly AppRunner: new () => { createCli: (argv: string[]) => Promise<App> };
}

interface App {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Checks the options and starts a server. SIGTERM and SIGINT stop it gracefully.
 *
 * @throws Problem with the reason in one sentence.
 */
export async function start(args: readonly string[], io: ServerIo): Promise<void> {
  const options = readStartOptions(args, io);
  await preflight(options, io);
  const isVerbose = [ 'debug', 'silly' ].includes(String(options.values.loggingLevel));
  // The server listens after `start` has resolved, so its listen errors are uncaught.
  process.on('uncaughtException', (error: NodeJS.ErrnoException & { port?: number; address?: string }): void => {
    io.err(error.syscall === 'listen' ?
      `${listenProblem(error, error.port ?? error.address ?? '')}\n` :
      `${error.stack ?? String(error)}\n`);
    process.exit(EXIT.failed);
  });
  try {
    await launch(options, io);
  } catch (error: unknown) {
    if (isVerbose) {
      io.err(`${(error as Error).stack ?? String(error)}\n`);
    }
    throw new Problem(sentenceOf(error));
  }
}

async function launch({ argv }: StartOptions, io: ServerIo): Promise<void> {
  // Loaded late, because loading is slow.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would be resolved by its types alone
  const { AppRunner } = require('@solid/community-server') as ServerModule;
  const app = await new AppRunner().createCli([ ...argv ]);
  await app.start();
  let stopping = false;
  const stop = (): void => {
    if (stopping) {
      return;
    }
    stopping = true;
    const grace = setTimeout((): void => process.exit(EXIT.ok), STOP_TIMEOUT);
    app.stop().then((): number => EXIT.ok, (error: unknown): number => {
      io.err(`The server did not stop gracefully: ${sentenceOf(error)}\n`);
      return EXIT.failed;
    }).then((code): void => {
      clearTimeout(grace);
      process.exit(code);
    }).catch((): void => process.exit(EXIT.failed));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

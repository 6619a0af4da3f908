import { backupCommand } from './backup';
import { checkCommand } from './check';
import { DEFAULT_CONFIG, readConfiguration } from './configuration';
import { packageVersion } from '../outgoing/version';
import { FolderInUse } from '../store-sqlite/FolderLock';
import { helpText } from './help';
import type { ServerIo } from './Io';
import { processIo } from './Io';
import { moveCommand } from './move';
import { EXIT, nearest, usageError, Problem } from './problem';
import { restoreCommand } from './restore';
import { rotateKeyCommand } from './rotateKey';
import { start } from './start';

type Command = (args: readonly string[], io: ServerIo) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  move: moveCommand, backup: backupCommand, restore: restoreCommand, check: checkCommand,
  'rotate-key': rotateKeyCommand,
};

/**
 * Runs the command line of the server: starts a server, or runs an operator command.
 *
 * @param args - Arguments after the program name.
 *
 * @returns The exit code, see {@link EXIT}; `undefined` after a successful start.
 */
export async function run(args: readonly string[], io: ServerIo): Promise<number | undefined> {
  try {
    const [ first = '' ] = args;
    if (args.some((arg): boolean => arg === '--help' || arg === '-h')) {
      io.out(helpText(helpConfiguration(args, io), packageVersion()));
      return EXIT.ok;
    }
    if (first === '--version') {
      io.out(`${packageVersion()}\n`);
      return EXIT.ok;
    }
    if (Object.hasOwn(COMMANDS, first)) {
      return await COMMANDS[first](args.slice(1), io);
    }
    if (first !== '' && !first.startsWith('-')) {
      const near = nearest(first, Object.keys(COMMANDS));
      throw usageError(`Unknown command "${first}".${near === undefined ? '' : ` Did you mean ${near}?`}`);
    }
    await start(args, io);
    return undefined;
  } catch (error: unknown) {
    const isExpected = error instanceof Problem || error instanceof FolderInUse;
    io.err(`${isExpected ? error.message : `The command failed: ${(error as Error).message}.`}\n`);
    return error instanceof Problem ? error.code : EXIT.failed;
  }
}

/** Reads the configuration whose options the help lists: that of `-c`, or the default. */
function helpConfiguration(args: readonly string[], io: ServerIo): Pick<ReturnType<typeof readConfiguration>, 'parameters'> {
  const given = args.flatMap((arg, index): string[] => arg === '-c' || arg === '--config' ? args.slice(index + 1, index + 2) : []);
  return readConfiguration(given.length > 0 ? given : [ DEFAULT_CONFIG ], io.cwd);
}

/** Runs the command line of this process, and sets its exit code. */
export async function main(): Promise<void> {
  const code = await run(process.argv.slice(2), processIo());
  if (code === EXIT.ok) {
    process.exitCode = code;
  } else if (code !== undefined) {
    // Timers of a failed start would keep the process alive.
    process.exit(code);
  }
}

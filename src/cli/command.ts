import type { Argv } from 'yargs';
import type { Io } from './Io';
import type { Settings } from './settings';

/** Input and output of one run of a command. */
export interface Context {
  /** Parsed arguments and options, by name. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
  readonly io: Io;
  /** Prints a result: `value` as JSON with `--json`, otherwise `text`. */
  readonly print: (value: unknown, text: string) => Promise<void>;
}

/** Definition of a command. */
export interface Command {
  /** Name and arguments, in yargs notation. */
  readonly usage: string;
  readonly description: string;
  readonly build: (argv: Argv) => Argv;
  readonly run: (context: Context) => Promise<void>;
}

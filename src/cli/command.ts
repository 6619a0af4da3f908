import type { Argv } from 'yargs';
import type { Io } from './Io';
import type { Settings } from './settings';

/** What a command works with. */
export interface Context {
  /** Its arguments and options. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
  readonly io: Io;
  /** Prints a result: as JSON if that was asked for, otherwise as text for people. */
  readonly print: (value: unknown, text: string) => Promise<void>;
}

/** A command of the command line. */
export interface Command {
  /** Its name and arguments, in yargs' notation. */
  readonly usage: string;
  readonly description: string;
  readonly build: (argv: Argv) => Argv;
  readonly run: (context: Context) => Promise<void>;
}

/**
 * What the command has to do with: its terminal, its environment, its files.
 */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Writes to the output; resolves once it has been handed over. */
  readonly out: (text: string) => Promise<void>;
  /** Writes what is for the person, and not for the next program. */
  readonly err: (text: string) => void;
  /** All of the standard input. */
  readonly readInput: () => Promise<string>;
  /** Asks for a secret on the terminal, without showing it; nothing where there is no terminal. */
  readonly askSecret: (question: string) => Promise<string | undefined>;
}

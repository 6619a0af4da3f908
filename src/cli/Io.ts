/**
 * Environment of a command: terminal, environment variables and folders.
 */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Writes to the standard output. Resolves when the text is flushed. */
  readonly out: (text: string) => Promise<void>;
  /** Writes to the standard error: messages for people. */
  readonly err: (text: string) => void;
  /** Reads the standard input to its end. */
  readonly readInput: () => Promise<string>;
  /** Prompts for a secret on the terminal without echo. Returns `undefined` without a terminal. */
  readonly askSecret: (question: string) => Promise<string | undefined>;
}

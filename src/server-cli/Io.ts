/** What the command works with, so that tests can give it other terminals and environments. */
export interface ServerIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Writes a result. */
  readonly out: (text: string) => void;
  /** Writes problems and progress. */
  readonly err: (text: string) => void;
  /** Whether problems and progress are read by a person, on a terminal. */
  readonly isTerminal: boolean;
}

/** The terminal and the environment of this process. */
export function processIo(): ServerIo {
  return {
    env: process.env,
    cwd: process.cwd(),
    out: (text): unknown => process.stdout.write(text),
    err: (text): unknown => process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
  };
}

/** Shows how far something is, on a terminal. */
export class Progress {
  private shown = 0;

  public constructor(private readonly io: ServerIo) {}

  /** Shows a text in place of the last one, at most ten times a second. */
  public show(text: string): void {
    const now = Date.now();
    if (this.io.isTerminal && now - this.shown >= 100) {
      this.shown = now;
      this.io.err(`\r\u001B[K${text}`);
    }
  }

  /** Removes what is shown. */
  public end(): void {
    if (this.shown > 0) {
      this.shown = 0;
      this.io.err('\r\u001B[K');
    }
  }
}

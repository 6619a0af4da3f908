/** Environment of a command: terminal, environment variables and folder. Tests replace it. */
export interface ServerIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Writes a result to the standard output. */
  readonly out: (text: string) => void;
  /** Writes problems and progress to the standard error. */
  readonly err: (text: string) => void;
  /** Whether the standard error is a terminal. */
  readonly isTerminal: boolean;
}

/** Creates the {@link ServerIo} of this process. */
export function processIo(): ServerIo {
  return {
    env: process.env,
    cwd: process.cwd(),
    out: (text): unknown => process.stdout.write(text),
    err: (text): unknown => process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
  };
}

/** Progress line on a terminal. Without a terminal it prints nothing. */
export class Progress {
  private shown = 0;

  public constructor(private readonly io: ServerIo) {}

  /** Replaces the shown text, at most ten times per second. */
  public show(text: string): void {
    const now = Date.now();
    if (this.io.isTerminal && now - this.shown >= 100) {
      this.shown = now;
      this.io.err(`\r\u001B[K${text}`);
    }
  }

  /** Removes the shown text. */
  public end(): void {
    if (this.shown > 0) {
      this.shown = 0;
      this.io.err('\r\u001B[K');
    }
  }
}

/** Exit codes of the command. */
export const EXIT = {
  ok: 0,
  /** The command failed or found problems. */
  failed: 1,
  /** Invalid command or options. */
  usage: 2,
} as const;

/** Error that is printed as one sentence with its remedy, without a stack trace. */
export class Problem extends Error {
  public constructor(message: string, public readonly code: number = EXIT.failed) {
    super(message);
    this.name = 'Problem';
  }
}

/** Creates the problem of an invalid command or option. */
export function usageError(message: string): Problem {
  return new Problem(`${message} See \`solid-pod-events-server --help\`.`, EXIT.usage);
}

/**
 * Returns the message of a start error as one sentence: that of its cause, without embedded stack traces.
 */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').map((line): string => line.trim())
    .filter((line): boolean => line !== '' && !/^at\s/u.test(line) && !/^(?:\{|\}|code:|errno:|syscall:)/u.test(line));
  // The first line is "Could not create the server"; the second is the cause.
  const said = (lines.length > 1 ? lines[1] : lines[0] ?? 'unknown error')
    .replace(/^(?:\w*Error(?: \[\w+\])?|FolderInUse|Problem): /u, '');
  return /[.!?]$/u.test(said) ? said : `${said}.`;
}

/** Returns the most similar text of a list, or `undefined` if none is similar. */
export function nearest(text: string, all: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  const [ best ] = all.map((one) => ({ one, distance: distanceOf(lower, one.toLowerCase()) }))
    .sort((left, right): number => left.distance - right.distance);
  return (best as typeof best | undefined) && best.distance <= Math.max(2, Math.floor(text.length / 3)) ?
    best.one :
    undefined;
}

/** Computes the Levenshtein distance of two texts. */
function distanceOf(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index): number => index);
  for (let at = 1; at <= left.length; at += 1) {
    const next = [ at ];
    for (let to = 1; to <= right.length; to += 1) {
      next[to] = Math.min(row[to] + 1, next[to - 1] + 1, row[to - 1] + Number(left[at - 1] !== right[to - 1]));
    }
    row = next;
  }
  return row[right.length];
}

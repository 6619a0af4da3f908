/** How a command ends, for scripts. */
export const EXIT = {
  ok: 0,
  /** It failed, was refused, or found problems. */
  failed: 1,
  /** The command or its options are wrong. */
  usage: 2,
} as const;

/** A problem that is told in one sentence, with its remedy, and without a stack trace. */
export class Problem extends Error {
  public constructor(message: string, public readonly code: number = EXIT.failed) {
    super(message);
    this.name = 'Problem';
  }
}

/** A wrong command or option. */
export function misuse(message: string): Problem {
  return new Problem(`${message} See \`solid-pod-events-server --help\`.`, EXIT.usage);
}

/**
 * What to tell of whatever was thrown while the server was made or started: the message of the cause, without the stack
 * traces that the server writes into its messages.
 */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').map((line): string => line.trim())
    .filter((line): boolean => line !== '' && !/^at\s/u.test(line) && !/^(?:\{|\}|code:|errno:|syscall:)/u.test(line));
  // "Could not create the server" is followed by its cause.
  const said = (lines.length > 1 ? lines[1] : lines[0] ?? 'unknown error')
    .replace(/^(?:\w*Error(?: \[\w+\])?|FolderInUse|Problem): /u, '');
  return /[.!?]$/u.test(said) ? said : `${said}.`;
}

/** The text of a list that is nearest to a mistyped one, if one is near. */
export function nearest(text: string, all: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  const [ best ] = all.map((one) => ({ one, distance: distanceOf(lower, one.toLowerCase()) }))
    .sort((left, right): number => left.distance - right.distance);
  return (best as typeof best | undefined) && best.distance <= Math.max(2, Math.floor(text.length / 3)) ?
    best.one :
    undefined;
}

/** The Levenshtein distance of two texts. */
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

/**
 * A fenced block of a Markdown document.
 */
interface Block {
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/**
 * A command that a document shows, with the answer that it promises.
 */
export interface Example {
  /** Where the command stands in the document. */
  readonly line: number;
  readonly command: string;
  /** The HTTP answer, as far as the document shows it, or all that the command prints. */
  readonly answer?: string;
}

/** The text under a heading, up to the next one of the same or a higher level. */
export function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line): boolean => line.replace(/^#+ /u, '') === heading && line.startsWith('#'));
  if (start < 0) {
    throw new Error(`There is no heading "${heading}"`);
  }
  const level = lines[start].indexOf(' ');
  let fenced = false;
  const length = lines.slice(start + 1).findIndex((line): boolean => {
    fenced = line.startsWith('```') ? !fenced : fenced;
    const hashes = /^#+(?= )/u.exec(line)?.[0].length ?? Infinity;
    return !fenced && hashes <= level;
  });
  const end = length < 0 ? lines.length : start + 1 + length;
  // Empty lines in front, so that the numbers of lines stay those of the document.
  return '\n'.repeat(start) + lines.slice(start, end).join('\n');
}

/**
 * The examples of a document: each `sh` block is a command, and an `http` or `text` block right behind it is its answer.
 */
export function examplesOf(markdown: string): Example[] {
  const blocks = blocksOf(markdown);
  const lines = markdown.split('\n');
  return blocks.flatMap(({ line, language, text }, index): Example[] => {
    if (language !== 'sh') {
      return [];
    }
    const next = blocks.at(index + 1);
    const end = line + text.split('\n').length + 1;
    const isAnswer = (next?.language === 'http' || next?.language === 'text') && lines.slice(end, next.line - 1).join('') === '';
    return [{ line, command: text, ...isAnswer && { answer: next.text }}];
  });
}

/** The fenced blocks of a document, with the number of their first line, from 1. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; lines: string[] } | undefined;
  for (const [ index, line ] of markdown.split('\n').entries()) {
    const fence = /^```(\w*)$/u.exec(line);
    if (fence && open) {
      blocks.push({ ...open, text: open.lines.join('\n') });
      open = undefined;
    } else if (fence) {
      open = { line: index + 1, language: fence[1], lines: []};
    } else {
      open?.lines.push(line);
    }
  }
  if (open) {
    throw new Error(`The block at line ${open.line} has no end`);
  }
  return blocks;
}

/** The rows of the first table of a document, without its head; cells are without the marks of Markdown. */
export function tableOf(markdown: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line): boolean => line.startsWith('| --- '));
  const length = lines.slice(start).findIndex((line): boolean => !line.startsWith('|'));
  return lines.slice(start + 1, start + length).map((line): string[] => line.slice(2, -2).split(' | ').map(plain));
}

function plain(cell: string): string {
  return /^`[^`]*`$/u.test(cell) ? cell.slice(1, -1) : cell.replaceAll(/\\([_*])/gu, '$1');
}

/** What a document writes for a part that differs from one run to the next. */
const ANYTHING = '…';

/**
 * What is different in an answer from what a document shows; nothing if it is as promised.
 * The status line has to be the same, all headers that are shown have to be there, and the body, if one is shown,
 * has to be the same: JSON by its value, N-Triples in any order, any other text but for white space. `…` stands for
 * anything.
 * What is no HTTP answer is such a text.
 */
export function differencesOf(actual: string, shown: string): string[] {
  if (!shown.startsWith('HTTP/')) {
    return matches(actual, shown) ? [] : [ `it printed:\n${actual}\nand not:\n${shown}` ];
  }
  const [ head, body ] = split(actual);
  const [ shownHead, shownBody ] = split(shown);
  const [ status, ...headers ] = head.split(/\r?\n/u).map((line, index): string => index === 0 ? line : lowerName(line));
  const missing = shownHead.split('\n').filter((line, index): boolean => index === 0 ?
    line !== status :
    !headers.some((header): boolean => matches(header, lowerName(line))));
  return [
    ...missing.map((line): string => `no "${line}" in:\n${head}`),
    ...shownBody === '' || sameBody(body, shownBody, head) ? [] : [ `the body is:\n${body}\nand not:\n${shownBody}` ],
  ];
}

/** A header line with its name in lower case, in which names do not differ. */
function lowerName(line: string): string {
  return line.replace(/^[^:]+/u, (name): string => name.toLowerCase());
}

/** The last head and the body of what `curl -i` prints. */
function split(text: string): [head: string, body: string] {
  const [ head, ...rest ] = text.split(/\r?\n\r?\n/u);
  const body = rest.join('\n\n');
  return /^HTTP\/1\.1 1/u.test(head) ? split(body) : [ head, body ];
}

function sameBody(actual: string, shown: string, head: string): boolean {
  if (/^content-type: application\/n-triples/imu.test(head)) {
    return sameLines(actual.trim().split('\n'), shown.trim().split('\n'));
  }
  try {
    return sameJson(JSON.parse(actual), JSON.parse(shown));
  } catch {
    return matches(actual, shown);
  }
}

/** Whether each line that is shown is there, in any order, and no other, unless a line stands for anything. */
function sameLines(actual: readonly string[], shown: readonly string[]): boolean {
  const known = shown.filter((line): boolean => line !== ANYTHING);
  return known.every((line): boolean => actual.some((other): boolean => matches(other, line))) &&
    (known.length < shown.length || actual.length === shown.length);
}

function sameJson(actual: unknown, shown: unknown): boolean {
  if (shown === ANYTHING) {
    return true;
  }
  if (typeof shown === 'string') {
    return typeof actual === 'string' && matches(actual, shown);
  }
  if (typeof shown !== 'object' || shown === null) {
    return actual === shown;
  }
  const [ actualEntries, shownEntries ] = [ actual, shown ].map((value): [string, unknown][] =>
    Object.entries(value as object).sort(([ left ], [ right ]): number => left < right ? -1 : 1));
  return Array.isArray(actual) === Array.isArray(shown) && actualEntries.length === shownEntries.length &&
    shownEntries.every(([ key, value ], index): boolean =>
      key === actualEntries[index][0] && sameJson(actualEntries[index][1], value));
}

/** Whether a text is as shown, but for white space. */
export function matches(actual: string, shown: string): boolean {
  const normalize = (text: string): string => text.trim().replaceAll(/\s+/gu, ' ');
  const pattern = normalize(shown).split(ANYTHING)
    .map((text): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${pattern}$`, 'u').test(normalize(actual));
}

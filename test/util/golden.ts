import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { differencesOf } from './markdown';

const FOLDER = join(__dirname, '../golden');
/** The server that the files speak of. */
const WRITTEN = 'http://localhost:3000';
/** Headers that say something of the connection or the moment alone. */
const OF_CONNECTION = new Set([ 'date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding' ]);

/**
 * A request with its full answer, as a file of `test/golden/` has it.
 *
 * In these `{name}` stands for a value that is known when the request is sent, and `…` in an answer for anything.
 */
export interface GoldenCase {
  readonly name: string;
  /**
   * Which values of the answer get a name: the name, and the path to the value in the JSON body; or `header:` and the
   * name of a header, up to its first semicolon; or `name:` and such a path, for the last segment of a URL.
   */
  readonly captures: readonly (readonly [name: string, path: string])[];
  /** The request, as HTTP has it, but for `Host` and `Content-Length`. */
  readonly request: string;
  /** The answer, as HTTP has it, without the headers of {@link GoldenFile.common} and those of the connection. */
  readonly answer: string;
}

/**
 * The cases of one dialect, in the order in which they are sent.
 */
export interface GoldenFile {
  readonly dialect: string;
  /** Header lines that each answer has, unless it has others of the same name. */
  readonly common: readonly string[];
  readonly cases: readonly GoldenCase[];
}

/** What came back. */
export interface GoldenAnswer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The same as text, as HTTP has it. */
  readonly text: string;
}

/** All files of `test/golden/`. */
export function goldenFiles(): GoldenFile[] {
  return readdirSync(FOLDER).filter((name): boolean => name.endsWith('.http')).sort()
    .map((name): GoldenFile => parse(name.slice(0, -'.http'.length), readFileSync(join(FOLDER, name), 'utf8')));
}

/** Reads a file: cases begin with `### name`, then lines `@name = path` for captures; in front are the common headers. */
function parse(dialect: string, text: string): GoldenFile {
  const [ head, ...parts ] = text.split(/^### /mu);
  const common = head.split('\n').filter((line): boolean => line.trim() !== '' && !line.startsWith('#'));
  return { dialect, common, cases: parts.map(parseCase) };
}

function parseCase(text: string): GoldenCase {
  const [ name, ...lines ] = text.trimEnd().split('\n');
  const captures: [string, string][] = [];
  while (lines[0]?.startsWith('@')) {
    const [ , variable, path ] = /^@(\S+) = (\S+)$/u.exec(lines.shift()!)!;
    captures.push([ variable, path ]);
  }
  const start = lines.findIndex((line): boolean => line.startsWith('HTTP/1.1 '));
  if (start < 0) {
    throw new Error(`The case "${name}" has no answer`);
  }
  const join = (part: readonly string[]): string => part.join('\n').trim();
  return { name, captures, request: join(lines.slice(0, start)), answer: join(lines.slice(start)) };
}

/** Puts values in the place of their names. */
export function fill(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\{([a-z][\w-]*)\}/gu, (whole, name: string): string => values.get(name) ?? whole);
}

/** Sends the request of a case as it is written. */
export async function sendCase({ request }: GoldenCase, base: string, values: ReadonlyMap<string, string>): Promise<GoldenAnswer> {
  const [ head, ...rest ] = fill(request.replaceAll(WRITTEN, base.slice(0, -1)), values).split('\n\n');
  const body = rest.join('\n\n');
  const [ line, ...headerLines ] = head.split('\n');
  const [ , method, path ] = /^(\S+) (\S+) HTTP\/1\.1$/u.exec(line)!;
  // As a flat list, so that a header can be sent twice.
  const headers = headerLines.flatMap((text): string[] => [ text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1).trim() ]);
  const { host } = new URL(base);
  return new Promise((resolve, reject): void => {
    const sent = httpRequest(new URL(path, base), {
      method, headers: [ 'Host', host, ...headers, 'Content-Length', String(Buffer.byteLength(body)) ],
    }, (response): void => {
      const chunks: Buffer[] = [];
      const isStream = response.headers['content-type'] === 'text/event-stream';
      response.on('data', (chunk: Buffer): void => {
        chunks.push(chunk);
        // A stream has no end: its first event is shown.
        const text = isStream ? Buffer.concat(chunks).toString() : '';
        const end = text.indexOf('\n\n', text.indexOf('\ndata: '));
        if (text.includes('\ndata: ') && end >= 0) {
          finish(text.slice(0, end));
          response.destroy();
        }
      });
      response.on('end', (): void => finish(Buffer.concat(chunks).toString()));
      const finish = (text: string): void => {
        const lines: string[] = [];
        for (let index = 0; index < response.rawHeaders.length; index += 2) {
          lines.push(`${response.rawHeaders[index]}: ${response.rawHeaders[index + 1]}`);
        }
        const status = `HTTP/1.1 ${response.statusCode} ${response.statusMessage}`;
        resolve({
          method,
          path: path.split('?')[0],
          status: response.statusCode!,
          headers: response.headers as Record<string, string>,
          body: text,
          text: `${[ status, ...lines ].join('\n')}\n\n${text}`,
        });
      };
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What is different in an answer from what its case says, to the last header; nothing if it is the same. */
export function goldenDifferences(
  { answer }: GoldenCase,
  common: readonly string[],
  actual: GoldenAnswer,
  base: string,
  values: ReadonlyMap<string, string>,
): string[] {
  const shown = fill(answer.replaceAll(WRITTEN, base.slice(0, -1)), values);
  const [ head, ...rest ] = shown.split('\n\n');
  const [ status, ...own ] = head.split('\n');
  const nameOf = (line: string): string => line.slice(0, line.indexOf(':')).toLowerCase();
  const ownNames = new Set(own.map(nameOf));
  const expected = [ ...own, ...common.filter((line): boolean => !ownNames.has(nameOf(line))) ];
  const known = new Set(expected.map(nameOf));
  const unknown = Object.keys(actual.headers).filter((name): boolean => !known.has(name) && !OF_CONNECTION.has(name));
  const whole = `${[ status, ...expected ].join('\n')}\n\n${rest.join('\n\n')}`;
  const hasBody = rest.length > 0;
  return [
    ...differencesOf(actual.text, whole),
    ...unknown.map((name): string => `a header ${name}: ${actual.headers[name]} that is not shown`),
    ...hasBody || actual.body === '' ? [] : [ `a body that is not shown:\n${actual.body}` ],
  ];
}

/** The values of an answer that get a name. */
export function capturesOf({ captures }: GoldenCase, { body, headers }: GoldenAnswer): [string, string][] {
  return captures.map(([ name, path ]): [string, string] => {
    const isName = path.startsWith('name:');
    const value = path.startsWith('header:') ?
      [ headers[path.slice('header:'.length)] ].flat()[0].split(';')[0] :
      path.slice(isName ? 'name:'.length : 0).split('.').reduce<any>((inner, key): unknown => inner?.[key], JSON.parse(body));
    if (value === undefined) {
      throw new Error(`There is no ${path} in ${body}`);
    }
    return [ name, isName ? String(value).split('/').at(-1)! : String(value) ];
  });
}

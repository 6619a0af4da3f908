import { createScanner, SyntaxKind } from 'jsonc-parser';
import { LIMITS } from './limits';
import { InvalidInput } from './InvalidInput';

/**
 * JSON text that has been checked, with what its parsed value no longer tells.
 */
export interface CheckedJson {
  /** The parsed value. */
  readonly value: unknown;
  /** The text of each member `data` of the outermost object, or of each object of the outermost array, in order. */
  readonly data: ReadonlyMap<number, string>;
}

interface Level {
  readonly keys?: Set<string>;
  /** The last key read, until its value begins. */
  key?: string;
  /** The place of the current element in its array. */
  index: number;
}

/**
 * Parses JSON that can be stored and read back without loss.
 *
 * Beyond the grammar it refuses what parsers disagree on, or what is used to attack them:
 * duplicate keys, `__proto__` as a key, unpaired surrogates, and nesting deeper than the limit.
 * It runs in one pass without recursion.
 *
 * @param text - The JSON text.
 *
 * @throws {@link InvalidInput} that says what is wrong.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 * @see https://www.rfc-editor.org/rfc/rfc7493#section-2
 */
export function parseJson(text: string): CheckedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error: unknown) {
    throw new InvalidInput(text.trim() === '' ?
      'No request body was sent' :
      `The request body is not valid JSON: ${(error as Error).message}`);
  }
  return { value, data: inspect(text) };
}

/** Walks the tokens of text that is known to be valid JSON. */
function inspect(text: string): Map<number, string> {
  const scanner = createScanner(text, true);
  const levels: Level[] = [];
  const data = new Map<number, string>();
  let dataStart = -1;

  // The depth at which the members of an event lie: 1 in `{…}`, 2 in `[{…}]`.
  const isEventLevel = (): boolean => levels.length === 1 || (levels.length === 2 && !levels[0].keys);
  const endValue = (): void => {
    const level = levels.at(-1);
    if (level?.key === 'data' && dataStart >= 0 && isEventLevel()) {
      const end = scanner.getTokenOffset() + scanner.getTokenLength();
      data.set(levels.length === 2 ? levels[0].index : 0, text.slice(dataStart, end));
      dataStart = -1;
    }
    if (level) {
      level.key = undefined;
    }
  };

  for (let token = scanner.scan(); token !== SyntaxKind.EOF; token = scanner.scan()) {
    const level = levels.at(-1);
    if (token === SyntaxKind.StringLiteral && !scanner.getTokenValue().isWellFormed()) {
      throw new InvalidInput('The request body has an unpaired surrogate, which is no character');
    }
    const isKey = token === SyntaxKind.StringLiteral && level?.keys && level.key === undefined;
    if (isKey) {
      checkKey(scanner.getTokenValue(), level.keys);
      level.key = scanner.getTokenValue();
      continue;
    }
    if (token === SyntaxKind.ColonToken) {
      continue;
    }
    if (token === SyntaxKind.CommaToken) {
      level!.index += 1;
      continue;
    }
    if (level?.key === 'data' && dataStart < 0 && isEventLevel()) {
      dataStart = scanner.getTokenOffset();
    }
    if (token === SyntaxKind.OpenBraceToken || token === SyntaxKind.OpenBracketToken) {
      levels.push({ index: 0, ...token === SyntaxKind.OpenBraceToken && { keys: new Set<string>() }});
      if (levels.length > LIMITS.dataDepth + (levels[0].keys ? 1 : 2)) {
        throw new InvalidInput(`The data is nested more than ${LIMITS.dataDepth} levels deep`);
      }
    } else if (token === SyntaxKind.CloseBraceToken || token === SyntaxKind.CloseBracketToken) {
      levels.pop();
      endValue();
    } else {
      endValue();
    }
  }
  return data;
}

function checkKey(key: string, keys: Set<string>): void {
  if (key === '__proto__') {
    throw new InvalidInput('The request body has a key "__proto__", which is not allowed');
  }
  if (keys.has(key)) {
    throw new InvalidInput(`The request body has the key ${JSON.stringify(key)} twice in one object`);
  }
  keys.add(key);
}

/** The text of a member of an object, with its name and without, and without the space around. */
export interface Member {
  readonly whole: string;
  readonly value: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5C;
const COMMA = 0x2C;
const COLON = 0x3A;
const OPEN = new Set([ 0x5B, 0x7B ]);
const CLOSE = new Set([ 0x5D, 0x7D ]);

/**
 * The members of the outermost object in text that is valid JSON, by their names; none if it is something else.
 * Nothing but the names is parsed: a pass over 4 MiB takes some milliseconds.
 */
export function membersOf(text: string): Map<string, Member> {
  const members = new Map<string, Member>();
  let [ depth, start, colon ] = [ 0, -1, -1 ];
  const end = (at: number): void => {
    if (colon >= 0) {
      const name = JSON.parse(text.slice(start, colon)) as string;
      members.set(name, { whole: text.slice(start, at).trim(), value: text.slice(colon + 1, at).trim() });
    }
    [ start, colon ] = [ at + 1, -1 ];
  };
  const first = text.search(/\S/u);
  for (let at = text[first] === '{' ? first : text.length; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (OPEN.has(code)) {
      depth += 1;
      if (depth === 1) {
        start = at + 1;
      }
    } else if (CLOSE.has(code)) {
      depth -= 1;
      if (depth === 0) {
        end(at);
      }
    } else if (depth === 1 && code === COLON && colon < 0) {
      colon = at;
    } else if (depth === 1 && code === COMMA) {
      end(at);
    }
  }
  return members;
}

/** The parsed value of a member; `undefined` if there is none of this name. */
export function valueOf(members: ReadonlyMap<string, Member>, name: string): unknown {
  const member = members.get(name);
  return member && JSON.parse(member.value) as unknown;
}

/** The index of the quote that ends a string which begins at an index. */
function endOfString(text: string, begin: number): number {
  for (let at = text.indexOf('"', begin + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) {
      escapes += 1;
    }
    if (escapes % 2 === 0) {
      return at;
    }
  }
  return text.length;
}

import { LIMITS } from './limits';
import { InvalidInput } from './InvalidInput';

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2C;
const COLON = 0x3A;
const OPEN_BRACKET = 0x5B;
const BACKSLASH = 0x5C;
const CLOSE_BRACKET = 0x5D;
const OPEN_BRACE = 0x7B;
const CLOSE_BRACE = 0x7D;

/**
 * Parsed and checked JSON, with the texts that parsing loses.
 */
export interface CheckedJson {
  /** The parsed value. */
  readonly value: unknown;
  /** The text of each member `data` of the root object, or of each object in the root array, by index. */
  readonly data: ReadonlyMap<number, string>;
}

/**
 * Parses JSON that can be stored and read back without loss.
 *
 * Beyond the grammar, it rejects input on which JSON parsers disagree or that is used in attacks: duplicate keys,
 * `__proto__` as a key, unpaired surrogates, and nesting deeper than the limit. It runs in one pass without recursion.
 *
 * @param text - The JSON text.
 * @param envelope - Number of levels around the data. Default: 1 if the root is an object, otherwise 2.
 *
 * @throws {@link InvalidInput} with the reason.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 * @see https://www.rfc-editor.org/rfc/rfc7493#section-2
 */
export function parseJson(text: string, envelope?: number): CheckedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error: unknown) {
    throw new InvalidInput(text.trim() === '' ?
      'No request body was sent' :
      `The request body is not valid JSON: ${(error as Error).message}`);
  }
  return { value, data: inspect(text, envelope) };
}

/** An open array or object. */
interface Level {
  /** The keys read so far, of an object. */
  keys?: Set<string>;
  /** The last key read, until its value ends. */
  key?: string;
  /** The index of the current element, of an array. */
  index: number;
}

/** The escape of a surrogate, possibly unpaired. */
const SURROGATE = /\\u[dD][89a-fA-F]/u;

/** Checks text that is valid JSON, in one pass. */
function inspect(text: string, envelope?: number): Map<number, string> {
  if (!text.isWellFormed()) {
    throw unpaired();
  }
  const mayBeUnpaired = SURROGATE.test(text);
  const levels: Level[] = [];
  const data = new Map<number, string>();
  let dataStart = -1;
  let level: Level | undefined;

  // The depth of an event's members: 1 in `{…}`, 2 in `[{…}]`.
  const isData = (): boolean =>
    levels.length <= 2 && level?.key === 'data' && (levels.length === 1 || !levels[0].keys);
  const begin = (at: number): void => {
    if (dataStart < 0 && isData()) {
      dataStart = at;
    }
  };
  const end = (at: number): void => {
    if (dataStart >= 0 && isData()) {
      data.set(levels.length === 2 ? levels[0].index : 0, text.slice(dataStart, at));
      dataStart = -1;
    }
    if (level) {
      level.key = undefined;
    }
  };

  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const first = at;
      let isEscaped = false;
      for (at += 1; text.charCodeAt(at) !== QUOTE; at += 1) {
        if (text.charCodeAt(at) === BACKSLASH) {
          isEscaped = true;
          at += 1;
        }
      }
      if (isEscaped && mayBeUnpaired) {
        assertPaired(text.slice(first, at + 1));
      }
      if (level?.keys && level.key === undefined) {
        level.key = isEscaped ? JSON.parse(text.slice(first, at + 1)) as string : text.slice(first + 1, at);
        checkKey(level.key, level.keys);
      } else {
        begin(first);
        end(at + 1);
      }
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      begin(at);
      level = { index: 0, keys: code === OPEN_BRACE ? new Set() : undefined, key: undefined };
      levels.push(level);
      if (levels.length > LIMITS.dataDepth + (envelope ?? (levels[0].keys ? 1 : 2))) {
        throw new InvalidInput(`The data is nested more than ${LIMITS.dataDepth} levels deep`);
      }
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      levels.pop();
      level = levels.at(-1);
      end(at + 1);
    } else if (code === COMMA) {
      level!.index += 1;
    } else if (code !== COLON && code > SPACE) {
      const first = at;
      while (isInLiteral(text.charCodeAt(at + 1))) {
        at += 1;
      }
      begin(first);
      end(at + 1);
    }
  }
  return data;
}

/** Checks that a string in its JSON form has no unpaired surrogate. */
function assertPaired(raw: string): void {
  if (!(JSON.parse(raw) as string).isWellFormed()) {
    throw unpaired();
  }
}

function unpaired(): InvalidInput {
  return new InvalidInput('The request body has an unpaired surrogate, which is no character');
}

/** Returns whether a character continues a number, `true`, `false` or `null`. `NaN` is the end of the text. */
function isInLiteral(code: number): boolean {
  return code > SPACE && code !== COMMA && code !== CLOSE_BRACE && code !== CLOSE_BRACKET;
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

/** The text of an object's member, with its name (`whole`) and without (`value`), without surrounding whitespace. */
export interface Member {
  readonly whole: string;
  readonly value: string;
}

/**
 * Returns the members of the root object in valid JSON text, by name. Empty if the root is not an object.
 *
 * Only the names are parsed: a pass over 4 MiB takes some milliseconds.
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
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth === 1) {
        start = at + 1;
      }
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
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

/** Returns the parsed value of a member, or undefined if there is no member of this name. */
export function valueOf(members: ReadonlyMap<string, Member>, name: string): unknown {
  const member = members.get(name);
  return member && JSON.parse(member.value) as unknown;
}

/** Returns the index of the closing quote of the string that begins at an index. */
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

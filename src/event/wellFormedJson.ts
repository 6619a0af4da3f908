import { InvalidInput } from './InvalidInput';
import { nextTimeSlice } from './timeSlices';

/** Maximum length of JSON text that is parsed in one step, in UTF-16 code units. */
const MAX_SYNCHRONOUS = 16 * 1_024;
/** Number of tokens that are scanned in one time slice. */
const STEP = 8 * 1_024;

/** The tokens that the grammar allows next. */
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

const SPACE = /[ \t\n\r]*/uy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;
const UNICODE = /u[0-9a-fA-F]{4}/uy;
const ESCAPES = '"\\/bfnrt';

/**
 * Checks that text is well-formed JSON. Duplicate keys are well-formed.
 *
 * Long text is scanned in time slices of the event loop and never parsed into a value, so its cost is bounded.
 *
 * @throws {@link InvalidInput} with the position of the error.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-2
 */
export async function assertWellFormedJson(text: string): Promise<void> {
  if (text.length <= MAX_SYNCHRONOUS) {
    try {
      JSON.parse(text);
    } catch (error: unknown) {
      throw new InvalidInput(`The request body is not valid JSON: ${(error as Error).message}`);
    }
    return;
  }
  /** For each enclosing value: whether it is an object; otherwise it is an array. */
  const isObject: boolean[] = [];
  let expected: Expected = 'value';
  let at = endOf(SPACE, text, 0);
  for (let tokens = 1; at < text.length; tokens += 1) {
    const character = text[at];
    const end = endOfToken(text, at);
    const next: Expected | undefined = end < 0 ? undefined : step(character, expected, isObject);
    if (next === undefined) {
      throw new InvalidInput(`The request body is not valid JSON: unexpected token at position ${at}`);
    }
    expected = next;
    at = endOf(SPACE, text, end);
    if (tokens % STEP === 0) {
      await nextTimeSlice();
    }
  }
  if (isObject.length > 0 || expected !== ', or end') {
    throw new InvalidInput('The request body is not valid JSON: it ends too early');
  }
}

/**
 * Returns the tokens allowed after a token, or undefined if the token itself is not allowed here.
 *
 * The first character of a token identifies its kind.
 */
function step(token: string, expected: Expected, isObject: boolean[]): Expected | undefined {
  const isInside = isObject.length > 0;
  const isIn = isObject.at(-1) === true;
  switch (token) {
    case ':':
      return expected === ':' ? 'value' : undefined;
    case ',':
      return expected === ', or end' && isInside ? isIn ? 'key' : 'value' : undefined;
    case '}':
    case ']': {
      const isOpen = isInside && isIn === (token === '}');
      const mayEnd = expected === ', or end' || expected === (isIn ? 'key or }' : 'value or ]');
      if (!isOpen || !mayEnd) {
        return undefined;
      }
      isObject.pop();
      return ', or end';
    }
    default:
  }
  if (expected === 'key' || expected === 'key or }') {
    return token === '"' ? ':' : undefined;
  }
  if (expected !== 'value' && expected !== 'value or ]') {
    return undefined;
  }
  if (token === '{' || token === '[') {
    isObject.push(token === '{');
    return token === '{' ? 'key or }' : 'value or ]';
  }
  return ', or end';
}

/** Returns the end index of the token that begins at an index, or -1 if no token begins there. */
function endOfToken(text: string, at: number): number {
  const character = text[at];
  if ('{}[],:'.includes(character)) {
    return at + 1;
  }
  if (character === '"') {
    return endOfString(text, at + 1);
  }
  const end = endOf(SCALAR, text, at);
  return end > at ? end : -1;
}

function endOfString(text: string, begin: number): number {
  for (let at = begin; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      return at + 1;
    }
    if (code < 0x20) {
      return -1;
    }
    if (code === 0x5C) {
      const end = endOf(UNICODE, text, at + 1);
      if (end === at + 1 && !(at + 1 < text.length && ESCAPES.includes(text[at + 1]))) {
        return -1;
      }
      at = Math.max(end - 1, at + 1);
    }
  }
  return -1;
}

/** Returns the end index of a sticky pattern's match, or the start index if there is no match. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  const matches = pattern.test(text);
  return matches ? pattern.lastIndex : at;
}

import type { Steps } from '../Steps';

const MAX_UNIT = 0xFFFF;
const SPACE = /^\p{White_Space}$/u;

/** Returns the number of UTF-16 code units of the character at an index. */
export function widthAt(text: string, at: number): number {
  return text.codePointAt(at)! > MAX_UNIT ? 2 : 1;
}

/** Returns the number of characters of Unicode in a text. */
export function lengthOf(text: string, steps: Steps): number {
  steps.take(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at += widthAt(text, at)) {
    length += 1;
  }
  return length;
}

/** Returns the characters of a text from one index to another, both from 0. */
export function slice(text: string, start: number, end: number, steps: Steps): string {
  steps.take(text.length);
  const first = offsetOf(text, 0, start);
  return text.slice(first, offsetOf(text, first, end - start));
}

/** Returns the index behind a number of characters. */
function offsetOf(text: string, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0 && at < text.length; left -= 1) {
    at += widthAt(text, at);
  }
  return at;
}

/** Returns a text without whitespace of Unicode at both ends. */
export function trim(text: string, steps: Steps): string {
  steps.take(text.length);
  let [ start, end ] = [ 0, text.length ];
  while (start < end && SPACE.test(text[start])) {
    start += 1;
  }
  while (start < end && SPACE.test(text[end - 1])) {
    end -= 1;
  }
  return text.slice(start, end);
}

/** Returns texts in one, with a delimiter between them. */
export function join(texts: readonly string[], delimiter: string, steps: Steps): string {
  steps.take(texts.reduce((length, text): number => length + text.length + delimiter.length, 0));
  return texts.join(delimiter);
}

/**
 * Returns characters from a position, counted from 1 or, if negative, from the end.
 *
 * @param count - Maximum number of characters. Default: all.
 *
 * @returns `undefined` if the position is beyond the text, or the number is negative.
 */
export function substring(text: string, position: number, steps: Steps, count = Infinity): string | undefined {
  const length = lengthOf(text, steps);
  if (Math.abs(position) > length || count < 0) {
    return undefined;
  }
  const start = position < 0 ? length + position : position - 1;
  return position === 0 ? '' : slice(text, start, start + count, steps);
}

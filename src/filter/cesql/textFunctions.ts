import type { Steps } from '../Steps';

const SPACE = /^\p{White_Space}$/u;

/** Returns the characters of Unicode in a text. Each one is a step. */
export function charactersOf(text: string, steps: Steps): readonly string[] {
  steps.take(text.length);
  return Array.from(text);
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
 * @param length - Maximum number of characters. Default: all.
 *
 * @returns `undefined` if the position is beyond the text, or the length is negative.
 */
export function substring(text: string, position: number, steps: Steps, length = Infinity): string | undefined {
  const characters = charactersOf(text, steps);
  if (Math.abs(position) > characters.length || length < 0) {
    return undefined;
  }
  const start = position < 0 ? characters.length + position : position - 1;
  return position === 0 ? '' : characters.slice(start, start + length).join('');
}

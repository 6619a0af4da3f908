import type { Steps } from '../Steps';
import { widthAt } from './characters';

/** Part of a pattern: a code point, any character, or any number of characters. */
type Part = number | 'one' | 'many';

/**
 * Returns whether a whole text matches a pattern of `LIKE`.
 *
 * `%` matches any number of characters and `_` one character; `\%` and `\_` match these characters. A failed match goes
 * back to the last `%` only, so the work is at most the product of both lengths.
 *
 * @see https://github.com/cloudevents/spec/blob/cesql/v1.0.0/cesql/spec.md#343-like-operator
 */
export function matchesPattern(text: string, pattern: string, steps: Steps): boolean {
  steps.take(pattern.length);
  const parts = partsOf(pattern);
  let [ at, next ] = [ 0, 0 ];
  let [ retryAt, retryNext ] = [ 0, -1 ];
  while (at < text.length) {
    steps.take(1);
    const part = parts[next] as Part | undefined;
    if (part === 'many') {
      next += 1;
      [ retryAt, retryNext ] = [ at, next ];
    } else if (part === 'one' || part === text.codePointAt(at)) {
      at += widthAt(text, at);
      next += 1;
    } else if (retryNext >= 0) {
      retryAt += widthAt(text, retryAt);
      [ at, next ] = [ retryAt, retryNext ];
    } else {
      return false;
    }
  }
  return parts.slice(next).every((part): boolean => part === 'many');
}

function partsOf(pattern: string): readonly Part[] {
  return Array.from(pattern.matchAll(/\\[%_]|[^]/gu), ([ match ]): Part => {
    if (match === '%') {
      return 'many';
    }
    return match === '_' ? 'one' : match.codePointAt(match.startsWith('\\') ? match.length - 1 : 0)!;
  });
}

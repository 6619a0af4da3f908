import { endOfString } from './numbers';

/** The text of each bundled context, by its IRI. */
export type BundledContexts = Readonly<Record<string, string>>;

/** Maximum size, in characters, of what inlining adds to one document. */
const MAX_INLINED = 256 * 1_024;

interface Level {
  readonly isObject: boolean;
  readonly isContext: boolean;
  /** The last key read. */
  key?: string;
  /** Whether the next string is a key. */
  isKeyNext: boolean;
}

/**
 * Replaces each context that JSON-LD text names by its text, so that nothing is fetched to read it.
 * All other text stays as it is.
 *
 * @param text - Valid JSON.
 * @param contexts - The contexts that may be named.
 *
 * @throws An error that names a context which is not bundled, or says that they are too large in sum.
 *
 * @see https://www.w3.org/TR/json-ld11/#the-context
 */
export function inlineContexts(text: string, contexts: BundledContexts): string {
  const parts: string[] = [];
  let [ end, inlined, hasJsonType ] = [ 0, 0, false ];
  walkStrings(text, (start, stop, level): void => {
    const token = text.slice(start, stop);
    const isContext = level?.isContext === true || (level?.isObject === true && level.key === '@context');
    if (level?.key === '@import' || isContext) {
      const iri = JSON.parse(token) as string;
      if (!Object.hasOwn(contexts, iri) || !isContext) {
        const known = Object.keys(contexts).join(', ') || '(none)';
        throw new Error(isContext ?
          `the context ${iri} is not bundled with this server, and remote contexts are never fetched; use an inline ` +
          `context or one of ${known}` :
          `it imports the context ${iri}, and remote contexts are never fetched`);
      }
      const context = contexts[iri];
      inlined += context.length;
      if (inlined > MAX_INLINED) {
        throw new Error(`the contexts that it names are more than ${MAX_INLINED / 1_024} KiB; name each once`);
      }
      // A list in a list is no context.
      const isList = level.isContext && context.startsWith('[');
      parts.push(text.slice(end, start), isList ? context.slice(1, -1) : context);
      end = stop;
    } else {
      hasJsonType ||= token === '"@json"' || (token.length <= 64 && token.includes('\\') && JSON.parse(token) === '@json');
    }
  });
  if (hasJsonType && parts.length > 0) {
    // What looks like a context in a JSON literal is none.
    throw new Error('it names a context and has a JSON literal (@json); use an inline context');
  }
  parts.push(text.slice(end));
  return parts.join('');
}

/** Calls back for each string of a JSON text that is no key, with its place and the array or object it is in. */
function walkStrings(text: string, onString: (start: number, stop: number, level: Level | undefined) => void): void {
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const level = levels.at(-1);
    switch (text[at]) {
      case '"': {
        const stop = endOfString(text, at) + 1;
        if (level?.isKeyNext) {
          level.key = keyOf(text.slice(at, stop));
          level.isKeyNext = false;
        } else {
          onString(at, stop, level);
        }
        at = stop - 1;
        break;
      }
      case '{':
        levels.push({ isObject: true, isContext: false, isKeyNext: true });
        break;
      case '[':
        levels.push({ isObject: false, isContext: level?.isObject === true && level.key === '@context', isKeyNext: false });
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',':
        if (level?.isObject) {
          level.isKeyNext = true;
        }
        break;
      default:
    }
  }
}

/** A key, if it may be a keyword; others do not matter here. */
function keyOf(token: string): string {
  return token.length > 64 ? '' : token.includes('\\') ? JSON.parse(token) as string : token.slice(1, -1);
}

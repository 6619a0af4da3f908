import { endOfString } from './numbers';

/** The text of each bundled context, by its IRI. */
export type BundledContexts = Readonly<Record<string, string>>;

/** Maximum size that inlining adds to one document, in characters. */
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
 * Replaces each context IRI in a JSON-LD text by the text of the context, so that reading it needs no fetch.
 *
 * All other text stays unchanged.
 *
 * @param text - Valid JSON.
 * @param contexts - The contexts that may be named.
 *
 * @throws An error that names a context that is not bundled, or states that the inlined contexts are too large in sum.
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
      // A context cannot contain a list within a list.
      const isList = level.isContext && context.startsWith('[');
      parts.push(text.slice(end, start), isList ? context.slice(1, -1) : context);
      end = stop;
    } else {
      hasJsonType ||= token === '"@json"' || (token.length <= 64 && token.includes('\\') && JSON.parse(token) === '@json');
    }
  });
  if (hasJsonType && parts.length > 0) {
    // Text in a JSON literal can look like a context without being one.
    throw new Error('it names a context and has a JSON literal (@json); use an inline context');
  }
  parts.push(text.slice(end));
  return parts.join('');
}

/** Calls back for each string value of a JSON text, with its position and its enclosing array or object. */
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

/** Returns a key that may be a JSON-LD keyword, otherwise an empty string. */
function keyOf(token: string): string {
  return token.length > 64 ? '' : token.includes('\\') ? JSON.parse(token) as string : token.slice(1, -1);
}

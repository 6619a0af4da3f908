import { Parser } from 'n3';
import { InvalidInput } from './InvalidInput';
import { nextTimeSlice } from './timeSlices';

/** Minimum length of text that is parsed in one time slice, in UTF-16 code units. */
const STEP = 8 * 1_024;

/** Maximum length of a token, and the first characters of tokens that may be longer: literals and comments. */
const MAX_TOKEN = 64 * 1_024;
const LONG = new Set([ '"', '\'', '#', ' ', '\t', '\n', '\r' ]);

/** Media types that {@link assertWellFormedRdf} supports. */
export const N3_TYPES: readonly string[] = [
  'text/turtle', 'application/n-triples', 'application/n-quads', 'application/trig', 'text/n3',
];

/**
 * Checks that text is valid in an RDF syntax, by its strict grammar.
 *
 * Long text is parsed in time slices of the event loop. The result of parsing is discarded.
 *
 * @param text - The document.
 * @param type - Its media type, one of {@link N3_TYPES}.
 * @param baseIRI - Base of relative IRIs.
 *
 * @throws {@link InvalidInput} with the position of the error.
 */
export async function assertWellFormedRdf(text: string, type: string, baseIRI: string): Promise<void> {
  // N3's types exclude a base IRI for line-based formats, which have no relative IRIs.
  const isLineBased = type.startsWith('application/n-');
  const parser = new Parser({ format: type, ...!isLineBased && { baseIRI }});
  const listeners: Record<string, ((data?: string) => void) | undefined> = {};
  let fault: Error | undefined;
  const input = { on: (event: string, listener: (data?: string) => void): unknown => listeners[event] = listener };
  parser.parse(input as unknown as string, (error: Error | null): void => {
    fault ??= error ?? undefined;
  });
  // The lexer keeps an incomplete token and scans it again with each chunk.
  const { _lexer: lexer } = parser as unknown as { _lexer?: { _input?: string | null } };
  for (let at = 0; at < text.length && !fault;) {
    const end = at + Math.max(STEP, lexer?._input?.length ?? 0);
    listeners.data!(text.slice(at, end));
    at = end;
    const kept = lexer?._input ?? '';
    if (kept.length > MAX_TOKEN && !LONG.has(kept[0])) {
      throw new InvalidInput(`The notification is not valid ${type}: it has a token of more than ${MAX_TOKEN} characters`);
    }
    if (at < text.length) {
      await nextTimeSlice();
    }
  }
  if (!fault) {
    listeners.end!();
  }
  if (fault) {
    throw new InvalidInput(`The notification is not valid ${type}: ${fault.message.slice(0, 300)}`);
  }
}

import { Parser } from 'n3';
import { InvalidInput } from './InvalidInput';
import { nextTimeSlice } from './timeSlices';

/** How much of a document is parsed in one turn of the event loop, in UTF-16 code units. */
const STEP = 8 * 1_024;

/** Maximum length of a token, and how tokens begin that may be longer: literals and comments. */
const MAX_TOKEN = 64 * 1_024;
const LONG = new Set([ '"', '\'', '#', ' ', '\t', '\n', '\r' ]);

/** The syntaxes that {@link assertWellFormedRdf} knows. */
export const N3_TYPES: readonly string[] = [
  'text/turtle', 'application/n-triples', 'application/n-quads', 'application/trig', 'text/n3',
];

/**
 * Checks that text parses in an RDF syntax, by its strict grammar. Long text is parsed in steps, between which the
 * event loop turns. What is parsed is not kept.
 *
 * @param text - The document.
 * @param type - Its media type, one of {@link N3_TYPES}.
 * @param baseIRI - What relative IRIs are relative to.
 *
 * @throws {@link InvalidInput} that says where it does not parse.
 */
export async function assertWellFormedRdf(text: string, type: string, baseIRI: string): Promise<void> {
  // N3's types leave out the IRI base of line-based formats, in which there are no relative IRIs.
  const isLineBased = type.startsWith('application/n-');
  const parser = new Parser({ format: type, ...!isLineBased && { baseIRI }});
  const listeners: Record<string, ((data?: string) => void) | undefined> = {};
  let fault: Error | undefined;
  const input = { on: (event: string, listener: (data?: string) => void): unknown => listeners[event] = listener };
  parser.parse(input as unknown as string, (error: Error | null): void => {
    fault ??= error ?? undefined;
  });
  // What the lexer keeps is a token that has not ended, which it reads anew with each step.
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

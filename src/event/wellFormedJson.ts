import { createScanner, ScanError, SyntaxKind } from 'jsonc-parser';
import { InvalidInput } from './InvalidInput';
import { nextTurn } from './turns';

/** JSON text up to this length is parsed at once. */
const SHORT = 16 * 1_024;
/** How much text is scanned in one turn of the event loop. */
const STEP = 32 * 1_024;

/** What may come next. */
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

const VALUES = new Set([
  SyntaxKind.StringLiteral,
  SyntaxKind.NumericLiteral,
  SyntaxKind.TrueKeyword,
  SyntaxKind.FalseKeyword,
  SyntaxKind.NullKeyword,
]);

/**
 * Checks that text is well-formed JSON. Long text is scanned in steps, between which the event loop turns, and never
 * becomes a value, so that its cost is bounded.
 *
 * Duplicate keys are well-formed.
 *
 * @throws {@link InvalidInput} that says where it is not.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-2
 */
export async function assertWellFormedJson(text: string): Promise<void> {
  if (text.length <= SHORT) {
    try {
      JSON.parse(text);
    } catch (error: unknown) {
      throw new InvalidInput(`The request body is not valid JSON: ${(error as Error).message}`);
    }
    return;
  }
  const scanner = createScanner(text, true);
  /** The closing tokens of the objects and arrays around. */
  const closing: SyntaxKind[] = [];
  let expected: Expected = 'value';
  let isComplete = false;
  let pause = STEP;
  for (let token = scanner.scan(); token !== SyntaxKind.EOF; token = scanner.scan()) {
    const next: Expected | undefined = scanner.getTokenError() === ScanError.None && !isComplete ?
      step(token, expected, closing) :
      undefined;
    if (next === undefined) {
      throw new InvalidInput(`The request body is not valid JSON: unexpected token at position ${scanner.getTokenOffset()}`);
    }
    expected = next;
    isComplete = closing.length === 0 && expected === ', or end';
    if (scanner.getPosition() > pause) {
      pause = scanner.getPosition() + STEP;
      await nextTurn();
    }
  }
  if (!isComplete) {
    throw new InvalidInput('The request body is not valid JSON: it ends too early');
  }
}

/** What may come behind a token, or `undefined` if the token may not come here. */
function step(token: SyntaxKind, expected: Expected, closing: SyntaxKind[]): Expected | undefined {
  const isValue = expected === 'value' || expected === 'value or ]';
  const isKey = expected === 'key' || expected === 'key or }';
  if (token === SyntaxKind.StringLiteral && isKey) {
    return ':';
  }
  if (VALUES.has(token) && isValue) {
    return ', or end';
  }
  if (token === SyntaxKind.OpenBraceToken && isValue) {
    closing.push(SyntaxKind.CloseBraceToken);
    return 'key or }';
  }
  if (token === SyntaxKind.OpenBracketToken && isValue) {
    closing.push(SyntaxKind.CloseBracketToken);
    return 'value or ]';
  }
  if (token === SyntaxKind.ColonToken && expected === ':') {
    return 'value';
  }
  const isObject = closing.at(-1) === SyntaxKind.CloseBraceToken;
  if (token === SyntaxKind.CommaToken && expected === ', or end') {
    return isObject ? 'key' : 'value';
  }
  const mayClose = expected === ', or end' || expected === (isObject ? 'key or }' : 'value or ]');
  if (token === closing.at(-1) && mayClose) {
    closing.pop();
    return ', or end';
  }
}

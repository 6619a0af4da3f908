import type { FilterPlace } from '../FilterPlace';
import { isInt32 } from './casts';
import type { Binary, BinaryOperator, Expression, Like } from './Expression';
import type { Token } from './Tokens';
import { Tokens } from './Tokens';

/** Operators with two operands, by precedence from low to high. Operators of one level are left-associative. */
const LEVELS: readonly (readonly string[])[] = [
  [ 'AND', 'OR', 'XOR' ],
  [ '=', '!=', '<>', '>=', '<=', '>', '<' ],
  [ '+', '-' ],
  [ '*', '/', '%' ],
];

const KEYWORDS: ReadonlySet<string> = new Set([ 'AND', 'OR', 'XOR', 'NOT', 'LIKE', 'EXISTS', 'IN', 'TRUE', 'FALSE' ]);
const ATTRIBUTE = /^[a-z0-9]+$/iu;
const FUNCTION = /^[a-z][a-z_]*$/iu;
/** Maximum length of a token in a message. */
const MAX_SHOWN = 32;

/**
 * Parses a CESQL 1.0 expression.
 *
 * Keywords, functions and attributes are not case-sensitive. Every operator and operand is a node of the filter.
 * Parentheses, prefix operators, arguments and sets nest.
 *
 * @param text - The expression.
 * @param place - Position of the expression in the filters, with their limits.
 *
 * @throws {@link InvalidInput} that names the position in the filters, the line and the column.
 *
 * @see https://github.com/cloudevents/spec/blob/cesql/v1.0.0/cesql/spec.md#2-language-syntax
 */
export function parseExpression(text: string, place: FilterPlace): Expression {
  return new Parser(text, place).parse();
}

class Parser {
  private readonly tokens: Tokens;
  private levels = 0;

  public constructor(private readonly text: string, private readonly place: FilterPlace) {
    this.tokens = new Tokens(text);
  }

  public parse(): Expression {
    const expression = this.operation(0);
    if (this.tokens.next.kind !== 'end') {
      throw this.unexpected('an operator or the end');
    }
    return expression;
  }

  private operation(level: number): Expression {
    if (level === LEVELS.length) {
      return this.postfix();
    }
    let left = this.operation(level + 1);
    for (let operator = this.operator(level); operator; operator = this.operator(level)) {
      left = this.node<Binary>({ kind: 'binary', operator, left, right: this.operation(level + 1) });
    }
    return left;
  }

  private operator(level: number): BinaryOperator | undefined {
    const found = LEVELS[level].find((operator): boolean => this.tokens.skip(operator));
    return (found === '<>' ? '!=' : found) as BinaryOperator | undefined;
  }

  private postfix(): Expression {
    let operand = this.prefix();
    for (;;) {
      const isNegated = this.tokens.skip('NOT');
      if (this.tokens.skip('LIKE')) {
        operand = this.node<Like>({ kind: 'like', isNegated, operand, pattern: this.pattern() });
      } else if (this.tokens.skip('IN')) {
        operand = this.node({ kind: 'in', isNegated, operand, elements: this.set() });
      } else if (isNegated) {
        throw this.unexpected('LIKE or IN');
      } else {
        return operand;
      }
    }
  }

  private prefix(): Expression {
    if (this.tokens.skip('NOT')) {
      return this.node({ kind: 'unary', operator: 'NOT', operand: this.nested((): Expression => this.prefix()) });
    }
    if (this.tokens.is('-') || this.tokens.is('+')) {
      const sign = this.tokens.take();
      const { kind, start } = this.tokens.next;
      if (kind === 'digits' && start === sign.start + 1) {
        return this.integer(sign, this.tokens.take());
      }
      if (sign.text === '+') {
        throw this.unexpected('digits directly behind the sign');
      }
      return this.node({ kind: 'unary', operator: '-', operand: this.nested((): Expression => this.prefix()) });
    }
    return this.primary();
  }

  private primary(): Expression {
    if (this.tokens.skip('(')) {
      const expression = this.nested((): Expression => this.operation(0));
      this.expect(')');
      return expression;
    }
    if (this.tokens.skip('EXISTS')) {
      return this.node({ kind: 'exists', name: this.attribute() });
    }
    const { kind, text } = this.tokens.next;
    if (kind === 'text') {
      return this.node({ kind: 'literal', value: this.quoted() });
    }
    if (kind === 'digits') {
      return this.integer(this.tokens.next, this.tokens.take());
    }
    const keyword = text.toUpperCase();
    if (keyword === 'TRUE' || keyword === 'FALSE') {
      this.tokens.take();
      return this.node({ kind: 'literal', value: keyword === 'TRUE' });
    }
    if (kind !== 'word' || KEYWORDS.has(keyword)) {
      throw this.unexpected('a value, an attribute, a function or "("');
    }
    return this.attributeOrCall();
  }

  private attributeOrCall(): Expression {
    const word = this.tokens.take();
    if (!this.tokens.is('(')) {
      return this.node({ kind: 'attribute', name: this.attributeName(word) });
    }
    if (!FUNCTION.test(word.text)) {
      throw this.unexpected('the name of a function, with letters and underscores', word);
    }
    this.tokens.take();
    const args = this.tokens.is(')') ? [] : this.list();
    this.expect(')');
    return this.node({ kind: 'call', name: word.text.toUpperCase(), args });
  }

  private set(): readonly Expression[] {
    this.expect('(');
    const elements = this.list();
    this.expect(')');
    return elements;
  }

  private list(): readonly Expression[] {
    return this.nested((): Expression[] => {
      const list = [ this.operation(0) ];
      while (this.tokens.skip(',')) {
        list.push(this.operation(0));
      }
      return list;
    });
  }

  private attribute(): string {
    return this.attributeName(this.tokens.take());
  }

  private attributeName(token: Token): string {
    const isName = token.kind === 'word' || token.kind === 'digits';
    if (!isName || !ATTRIBUTE.test(token.text) || KEYWORDS.has(token.text.toUpperCase())) {
      throw this.unexpected('the name of an attribute, with letters and digits', token);
    }
    return token.text.toLowerCase();
  }

  private pattern(): string {
    if (this.tokens.next.kind !== 'text') {
      throw this.unexpected('a pattern in quotes');
    }
    return this.quoted();
  }

  /** Returns the value of the next token, a quoted text. Only its own quote is escaped by `\`. */
  private quoted(): string {
    const { text } = this.tokens.take();
    const quote = text[0];
    return text.slice(1, -1).replaceAll(/\\[^]/gu, (pair): string => pair[1] === quote ? quote : pair);
  }

  private integer(first: Token, digits: Token): Expression {
    const value = Number(digits.text) * (first.text === '-' ? -1 : 1) + 0;
    if (!isInt32(value)) {
      throw this.unexpected('an integer of 32 bits', first);
    }
    return this.node({ kind: 'literal', value });
  }

  private expect(symbol: string): void {
    if (!this.tokens.skip(symbol)) {
      throw this.unexpected(`"${symbol}"`);
    }
  }

  private nested<T>(parse: () => T): T {
    this.levels += 1;
    this.place.checkDepth(this.levels);
    const parsed = parse();
    this.levels -= 1;
    return parsed;
  }

  private node<T extends Expression>(expression: T): T {
    this.place.countNode();
    return expression;
  }

  private unexpected(expected: string, token = this.tokens.next): Error {
    const lines = this.text.slice(0, token.start).split('\n');
    const found = token.kind === 'end' ? 'the end' : JSON.stringify(token.text.slice(0, MAX_SHOWN));
    return this.place.invalid(
      `expected ${expected} at line ${lines.length}, column ${lines.at(-1)!.length + 1}, got ${found}`,
    );
  }
}

/** Kind of a token. A word is a keyword, an attribute or a function. */
export type TokenKind = 'word' | 'digits' | 'text' | 'symbol' | 'end' | 'invalid';

/** Smallest part of an expression. */
export interface Token {
  readonly kind: TokenKind;
  /** Text of the token in the expression. */
  readonly text: string;
  /** Index of the first character. */
  readonly start: number;
}

const SPACE = /[ \t\r\n]*/uy;
const WORD = /\w+/uy;
const SYMBOL = /<=|>=|<>|!=|[-+*/%=<>(),]/uy;
const DIGITS = /^\d+$/u;

/**
 * Reads the tokens of a CESQL expression, one at a time.
 *
 * @see https://github.com/cloudevents/spec/blob/cesql/v1.0.0/cesql/spec.md#2-language-syntax
 */
export class Tokens {
  private at = 0;
  /** The next token. */
  public next: Token;

  public constructor(private readonly expression: string) {
    this.next = this.read();
  }

  /** Returns the next token and moves behind it. */
  public take(): Token {
    const token = this.next;
    this.next = this.read();
    return token;
  }

  /** Returns whether the next token is a symbol, or a keyword in any case. */
  public is(text: string): boolean {
    const { kind, text: found } = this.next;
    return (kind === 'symbol' && found === text) || (kind === 'word' && found.toUpperCase() === text);
  }

  /** Moves behind the next token if it is a symbol or keyword, and returns whether it is. */
  public skip(text: string): boolean {
    const isNext = this.is(text);
    if (isNext) {
      this.take();
    }
    return isNext;
  }

  private read(): Token {
    this.at = endOf(SPACE, this.expression, this.at);
    const start = this.at;
    const [ kind, end ] = this.find(start);
    this.at = end;
    return { kind, text: this.expression.slice(start, end), start };
  }

  private find(start: number): readonly [ TokenKind, number ] {
    if (start === this.expression.length) {
      return [ 'end', start ];
    }
    const first = this.expression[start];
    if (first === '\'' || first === '"') {
      const end = endOfText(this.expression, start);
      return end === undefined ? [ 'invalid', start + 1 ] : [ 'text', end ];
    }
    const word = endOf(WORD, this.expression, start);
    if (word > start) {
      return [ DIGITS.test(this.expression.slice(start, word)) ? 'digits' : 'word', word ];
    }
    const symbol = endOf(SYMBOL, this.expression, start);
    return symbol > start ? [ 'symbol', symbol ] : [ 'invalid', start + 1 ];
  }
}

/** Returns the index behind a match, or the start if there is none. */
function endOf(pattern: RegExp, expression: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(expression) ? pattern.lastIndex : start;
}

/** Returns the index behind a text that is quoted from `start`, or undefined if its end is missing. */
function endOfText(expression: string, start: number): number | undefined {
  for (let at = start + 1; at < expression.length; at += 1) {
    if (expression[at] === expression[start]) {
      return at + 1;
    }
    at += expression[at] === '\\' ? 1 : 0;
  }
  return undefined;
}

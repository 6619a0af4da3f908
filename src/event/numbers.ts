import { XSD } from './vocabulary';

/**
 * A parsed JSON text, with the digits that its numbers lose as doubles.
 */
export interface ExactJson {
  readonly value: unknown;
  /**
   * Literals of the numbers that a double cannot represent exactly.
   *
   * The keys are placeholders in `value`, which occur nowhere else.
   */
  readonly exact: ReadonlyMap<number, NumberLiteral>;
  /** Whether a number exceeds the range of doubles, so that a JSON-LD processor cannot read it from JSON. */
  readonly isOutOfRange: boolean;
  /** Whether numbers outside the range of doubles have too many digits to be written in full. */
  readonly isUnbounded: boolean;
}

/** Lexical form and datatype of a number, and its JSON text. */
export interface NumberLiteral {
  readonly lexical: string;
  readonly datatype: string;
  readonly text: string;
}

/** Only numbers with at least 16 characters or an exponent can differ from the literal of their double. */
const SUSPECT = /(?:^|[\s,:[])-?(?:\d[\d.]{14}|\d+(?:\.\d+)?[eE])/u;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
/** Maximum number of digits of all numbers outside the range of doubles in one document. */
const MAX_DIGITS = 16 * 1_024;
const MAX_EXPONENT = 1_024;

/**
 * Parses valid JSON text, and keeps the digits of numbers that a double cannot represent exactly.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-6
 */
export function parseExact(text: string): ExactJson {
  const exact = new Map<number, NumberLiteral>();
  if (!SUSPECT.test(text)) {
    return { value: JSON.parse(text) as unknown, exact, isOutOfRange: false, isUnbounded: false };
  }
  const tokens = suspectsIn(text);
  const used = new Set(tokens.map(([ , token ]): number => Number(token)));
  const placeholders = new Map<string, { readonly text: string; readonly literal: NumberLiteral }>();
  let [ isOutOfRange, digits, end, next ] = [ false, 0, 0, 0 ];
  const parts: string[] = [];
  for (const [ start, token ] of tokens.filter(([ , each ]): boolean => !isExact(each))) {
    let placeholder = placeholders.get(token);
    if (!placeholder) {
      let number = '';
      do {
        number = `7.${String(next).padStart(9, '0')}1e307`;
        next += 1;
      } while (used.has(Number(number)));
      placeholder = { text: number, literal: exactLiteral(token) };
      placeholders.set(token, placeholder);
      exact.set(Number(number), placeholder.literal);
    }
    if (!isInRange(token)) {
      isOutOfRange ||= !Number.isFinite(Number(token));
      digits += placeholder.literal.lexical.length || Infinity;
    }
    parts.push(text.slice(end, start), placeholder.text);
    end = start + token.length;
  }
  parts.push(text.slice(end));
  return { value: JSON.parse(parts.join('')) as unknown, exact, isOutOfRange, isUnbounded: digits > MAX_DIGITS };
}

/** Returns the lexical form and datatype of a number, as JSON-LD defines them for doubles. */
export function numberLiteral(value: number, exact?: ReadonlyMap<number, NumberLiteral>): NumberLiteral {
  const known = exact?.get(value);
  if (known) {
    return known;
  }
  const text = JSON.stringify(value);
  return Number.isInteger(value) && Math.abs(value) < 1e21 ?
      { lexical: value.toFixed(0), datatype: `${XSD}integer`, text } :
      { lexical: canonicalDouble(value), datatype: `${XSD}double`, text };
}

/**
 * Returns the canonical lexical form of a double, with the fewest digits that identify it.
 *
 * @see https://www.w3.org/TR/xmlschema11-2/#f-doubleCanmap
 */
export function canonicalDouble(value: number): string {
  return value.toExponential().replace(/^(-?\d)e/u, '$1.0e').replace(/e\+?/u, 'E');
}

/**
 * Returns the lexical form of a JSON number as `xsd:double`, with all its digits.
 *
 * @param token - The text of the number.
 *
 * @returns `undefined` if the number is beyond the range of doubles.
 */
export function doubleLexical(token: string): string | undefined {
  if (!isInRange(token)) {
    return undefined;
  }
  const { sign, digits, exponent } = toDecimal(token);
  return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent + digits.length - 1}`;
}

/** Returns the numbers of a JSON text that can differ from the literal of their double, with their positions. */
function suspectsIn(text: string): [ start: number, token: string ][] {
  const tokens: [ number, string ][] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      NUMBER.lastIndex = at;
      const [ token ] = NUMBER.exec(text)!;
      if (token.length > 15 || /[eE]/u.test(token)) {
        tokens.push([ at, token ]);
      }
      at += token.length - 1;
    }
  }
  return tokens;
}

/** Returns the index of the closing quote of the string that begins at an index. */
export function endOfString(text: string, begin: number): number {
  for (let at = begin + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      return at;
    }
    at += code === 0x5c ? 1 : 0;
  }
  return text.length;
}

interface Decimal { readonly sign: string; readonly digits: string; readonly exponent: number }

/** Returns the significant digits of a decimal number, and the power of ten of the last digit. */
function toDecimal(token: string): Decimal {
  const [ , sign, whole, fraction = '', exponent = '0' ] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/u.exec(token)!;
  const all = (whole + fraction).replace(/^0+/u, '');
  let end = all.length;
  while (end > 0 && all[end - 1] === '0') {
    end -= 1;
  }
  return end === 0 ?
      { sign: '', digits: '0', exponent: 0 } :
      { sign, digits: all.slice(0, end), exponent: Number(exponent) - fraction.length + all.length - end };
}

function isInRange(token: string): boolean {
  const value = Number(token);
  return Number.isFinite(value) && (value !== 0 || toDecimal(token).digits === '0');
}

/** Returns whether the literal of a number's double denotes the number itself. */
function isExact(token: string): boolean {
  const value = Number(token);
  if (!Number.isFinite(value)) {
    return false;
  }
  const [ one, other ] = [ toDecimal(token), toDecimal(numberLiteral(value).lexical) ];
  return one.digits === other.digits && one.exponent === other.exponent && one.sign === other.sign;
}

/** Returns the literal with all digits of a number. Its lexical form is empty if there are too many digits. */
function exactLiteral(token: string): NumberLiteral {
  const { sign, digits, exponent } = toDecimal(token);
  if (!/[.eE]/u.test(token)) {
    return { lexical: token, datatype: `${XSD}integer`, text: token };
  }
  if (isInRange(token)) {
    return { lexical: doubleLexical(token)!, datatype: `${XSD}double`, text: token };
  }
  if (Math.abs(exponent) > MAX_EXPONENT) {
    return { lexical: '', datatype: `${XSD}decimal`, text: token };
  }
  if (exponent >= 0) {
    return { lexical: `${sign}${digits}${'0'.repeat(exponent)}`, datatype: `${XSD}integer`, text: token };
  }
  const padded = digits.padStart(1 - exponent, '0');
  const lexical = `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
  return { lexical, datatype: `${XSD}decimal`, text: token };
}

import fc from 'fast-check';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import type { Expression } from '../../../../src/filter/cesql/Expression';
import { operandsOf } from '../../../../src/filter/cesql/Expression';
import { matchesPattern } from '../../../../src/filter/cesql/matchesPattern';
import { parseFilters } from '../../../../src/filter/parseFilters';
import { Steps } from '../../../../src/filter/Steps';
import { arbitraryExpression, attributeName, value } from './arbitraryExpression';
import { evaluate, parse } from './evaluate';
import { printExpression } from './printExpression';

const nodesIn = (expression: Expression): number =>
  1 + operandsOf(expression).reduce((nodes, operand): number => nodes + nodesIn(operand), 0);
const expressions = arbitraryExpression.filter((expression): boolean => nodesIn(expression) < 64);
const attributes = fc.dictionary(attributeName, value, { maxKeys: 4 });
const KINDS = [ 'math', 'cast', 'missingAttribute', 'missingFunction', 'functionEvaluation' ];

/** The value or error of a call, for comparisons with a model. */
function outcome<T>(call: () => T): T | string {
  try {
    return call();
  } catch (error: unknown) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as Error).message;
  }
}

describe('Each CESQL expression', (): void => {
  it('is parsed from its text.', (): void => {
    fc.assert(fc.property(expressions, (expression): void => {
      expect(parse(printExpression(expression))).toEqual(expression);
    }), { numRuns: 500 });
  });

  it('has a value of a type of the language and at most one defined error, and always the same.', (): void => {
    fc.assert(fc.property(expressions, attributes, fc.jsonValue({ maxDepth: 3 }), (expression, given, data): void => {
      const result = evaluate(expression, given, data);
      expect(result.errors.length).toBeLessThanOrEqual(1);
      expect(result.errors.every((kind): boolean => KINDS.includes(kind))).toBe(true);
      if (typeof result.value === 'number') {
        expect(Object.is(result.value, result.value | 0)).toBe(true);
      } else {
        expect(typeof result.value).toMatch(/^(?:string|boolean)$/u);
      }
      expect(evaluate(printExpression(expression), given, data)).toEqual(result);
    }), { numRuns: 1_000 });
  });

  it('can be a filter, which returns a boolean.', (): void => {
    fc.assert(fc.property(expressions, attributes, fc.jsonValue({ maxDepth: 3 }), (expression, given, data): void => {
      const sql = printExpression(expression);
      const filters = outcome((): unknown => parseFilters([{ sql }]).matches({ attributes: given, data }));
      expect(typeof filters === 'string' ? filters : typeof filters).toMatch(/^boolean$|^Invalid filters(?:\/0\/sql)?: (?:unknown function|expected a JSON pointer|expected at most)/u);
    }), { numRuns: 500 });
  });
});

describe('Any text', (): void => {
  const tokens = fc.array(fc.oneof(
    fc.constantFrom(
      '(', ')', ',', '+', '-', '*', '/', '%', '=', '<', '>', '!=', '!', 'NOT', 'not', 'LIKE', 'IN', 'EXISTS', 'AND', 'OR', 'XOR', 'TRUE',
      '1', '+2', '99999999999', '\'a\'', '"b"', '\'', '"', '\\', 'id', 'a_b', 'ABS', 'ABS(', '.', ';', '--', '/*', '#', 'é', '\u0000', '\n',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  ), { maxLength: 12 });

  it.each([
    [ 'characters', fc.string({ unit: 'binary', maxLength: 40 }) ],
    [ 'UTF-16 code units', fc.string({ unit: fc.integer({ min: 0, max: 0xFFFF }).map((unit): string => String.fromCharCode(unit)), maxLength: 40 }) ],
    [ 'tokens', tokens.map((list): string => list.join(' ')) ],
    [ 'tokens without spaces', tokens.map((list): string => list.join('')) ],
  ])('of %s is an expression or invalid input with a position.', (_kind, texts): void => {
    fc.assert(fc.property(texts, (text): void => {
      const parsed = outcome((): Expression => parse(text));
      if (typeof parsed === 'string') {
        expect(parsed).toMatch(/^Invalid filters\/0\/sql: expected (?:.* at line \d+, column \d+, got .+|at most .*)$/u);
      } else {
        expect(KINDS).toEqual(expect.arrayContaining(evaluate(parsed).errors));
      }
    }), { numRuns: 1_000 });
  });
});

describe('The operators and functions agree with a model', (): void => {
  const characters = fc.string({ unit: fc.constantFrom('a', 'b', '%', '_', '\\', '😀', '.', '\n'), maxLength: 8 });
  const steps = (): Steps => new Steps(100_000);

  it('LIKE: a regular expression.', (): void => {
    fc.assert(fc.property(characters, characters, (text, pattern): void => {
      const source = [ ...pattern.matchAll(/\\[%_]|[^]/gu) ].map(([ part ]): string =>
        part === '%' ? '[^]*' : part === '_' ? '[^]' : part.slice(part.length > 1 && part.startsWith('\\') ? 1 : 0).replace(/[\\.]/u, String.raw`\$&`));
      expect(matchesPattern(text, pattern, steps())).toBe(new RegExp(`^${source.join('')}$`, 'u').test(text));
    }), { numRuns: 2_000 });
  });

  it('arithmetic: integers of any size.', (): void => {
    const integer = fc.oneof(fc.integer(), fc.integer({ min: -3, max: 3 }), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1));
    const model = new Map<string, (x: bigint, y: bigint) => bigint>([
      [ '+', (x, y): bigint => x + y ], [ '-', (x, y): bigint => x - y ], [ '*', (x, y): bigint => x * y ], [ '/', (x, y): bigint => x / y ], [ '%', (x, y): bigint => x % y ],
    ]);
    fc.assert(fc.property(integer, integer, fc.constantFrom(...model.keys()), (x, y, operator): void => {
      const isZero = y === 0 && '/%'.includes(operator);
      const expected = isZero ? undefined : Number(model.get(operator)!(BigInt(x), BigInt(y)));
      expect(evaluate(`${x} ${operator} ${y}`)).toEqual(expected !== undefined && Math.abs(expected + 0.5) < 2 ** 31 ?
          { value: expected, errors: []} :
          { value: 0, errors: [ 'math' ]});
    }), { numRuns: 1_000 });
  });

  it('SUBSTRING, LEFT, RIGHT and LENGTH: arrays of characters.', (): void => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 6 }), fc.integer({ min: -8, max: 8 }), fc.integer({ min: -2, max: 8 }), (text, position, length): void => {
      const list = [ ...text ];
      const run = (call: string): unknown => evaluate(call, { text });
      const isInvalid = position > list.length || -position > list.length || length < 0;
      const from = position > 0 ? list.slice(position - 1) : list.slice(list.length + position);
      expect(run(`SUBSTRING(text, ${position}, ${length})`)).toEqual(isInvalid ?
          { value: '', errors: [ 'functionEvaluation' ]} :
          { value: position === 0 ? '' : from.slice(0, length).join(''), errors: []});
      const errors = length < 0 ? [ 'functionEvaluation' ] : [];
      expect(run(`LEFT(text, ${length})`)).toEqual({ value: length < 0 ? text : list.slice(0, length).join(''), errors });
      expect(run(`RIGHT(text, ${length})`)).toEqual({ value: length < 0 ? text : list.reverse().slice(0, length).reverse().join(''), errors });
      expect(run('LENGTH(text)')).toEqual({ value: list.length, errors: []});
    }), { numRuns: 500 });
  });
});

import { InvalidInput } from '../../../../src/event/InvalidInput';
import { evaluate, parse } from './evaluate';
import { printExpression } from './printExpression';

/** The text of a parsed expression with all parentheses. */
const grouped = (text: string): string => printExpression(parse(text));

function problem(text: string): string {
  try {
    parse(text);
  } catch (error: unknown) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as Error).message;
  }
  throw new Error('The expression is valid.');
}

describe('A CESQL expression', (): void => {
  it.each([
    [ 'NOT a = b', '(NOT a) = b' ],
    [ 'NOT -a', 'NOT (- a)' ],
    [ '-NOT a', '- (NOT a)' ],
    [ `NOT a LIKE 'x'`, `(NOT a) LIKE 'x'` ],
    [ 'NOT EXISTS a AND b', '(NOT (EXISTS a)) AND b' ],
    [ `a LIKE 'x' IN (TRUE, FALSE)`, `(a LIKE 'x') IN (TRUE, FALSE)` ],
    [ `a NOT IN (1) NOT LIKE 'f%'`, `(a NOT IN (1)) NOT LIKE 'f%'` ],
    [ '-a IN (1)', '(- a) IN (1)' ],
    [ 'a + b IN (1)', 'a + (b IN (1))' ],
    [ 'a + b * c - d / e % f', '(a + (b * c)) - ((d / e) % f)' ],
    [ 'a - b - c', '(a - b) - c' ],
    [ 'a < b + 1', 'a < (b + 1)' ],
    [ 'a = b = c', '(a = b) = c' ],
    [ 'a < b = TRUE', '(a < b) = TRUE' ],
    [ 'a = b AND c <> d', '(a = b) AND (c != d)' ],
    [ 'a OR b AND c', '(a OR b) AND c' ],
    [ 'a AND b OR c XOR d', '((a AND b) OR c) XOR d' ],
    [ '((a))', 'a' ],
    [ 'ABS(-a) + 1', 'ABS(- a) + 1' ],
  ])('%s is %s.', (text, expected): void => {
    expect(grouped(text)).toBe(expected);
    expect(grouped(expected)).toBe(expected);
  });

  it.each([
    [ 'TRUE OR FALSE AND FALSE', false ], [ 'FALSE AND FALSE OR TRUE', true ], [ '10 - 4 - 3', 3 ], [ '8 / 4 / 2', 1 ], [ '2 + 3 * 4', 14 ],
    [ '4-1', 3 ], [ '4 -1', 3 ], [ '4+1', 5 ], [ '4 - -1', 5 ], [ '4--1', 5 ], [ '+5', 5 ], [ '- 5', -5 ], [ '-2147483648', -2_147_483_648 ], [ '007', 7 ],
    [ '-0', 0 ],
  ])('%s has the value %j.', (text, value): void => expect(evaluate(text)).toEqual({ value, errors: []}));

  it('has keywords, functions and attributes in any case.', (): void => {
    expect(parse('Not Exists MyExt aNd LeNgTh(ID) > 2 xOr iD lIkE \'X\' oR tRuE')).toEqual(parse('NOT EXISTS myext AND LENGTH(id) > 2 XOR id LIKE \'X\' OR TRUE'));
  });

  it('can have space, tabs and line breaks between tokens, or nothing.', (): void => {
    expect(parse('\t id\r\n=\n \'a b\'  ')).toEqual(parse('id=\'a b\''));
    expect(parse('1<2')).toEqual(parse('1 < 2'));
    expect(parse('LEFT  ( id ,2 )')).toEqual(parse('LEFT(id, 2)'));
  });

  it('can have attributes that begin with a digit.', (): void => {
    expect(evaluate('2fa = \'x\' AND EXISTS 3', { '2fa': 'x', 3: 'y' })).toEqual({ value: true, errors: []});
  });

  it.each([
    [ String.raw`'it\'s'`, 'it\'s' ],
    [ String.raw`"say \"a\""`, 'say "a"' ],
    [ String.raw`'a\"b'`, String.raw`a\"b` ],
    [ String.raw`"a\'b"`, String.raw`a\'b` ],
    [ String.raw`'a\\'`, String.raw`a\\` ],
    [ String.raw`'a\n'`, String.raw`a\n` ],
    [ '"it\'s"', 'it\'s' ],
    [ '\'\n\t😀\'', '\n\t😀' ],
    [ '\'\'', '' ],
  ])('has the text %s.', (text, value): void => expect(evaluate(text)).toEqual({ value, errors: []}));

  it.each([
    [ '', 'expected a value, an attribute, a function or "(" at line 1, column 1, got the end' ],
    [ '   ', 'expected a value, an attribute, a function or "(" at line 1, column 4, got the end' ],
    [ 'id =', 'expected a value, an attribute, a function or "(" at line 1, column 5, got the end' ],
    [ 'id = = 1', 'expected a value, an attribute, a function or "(" at line 1, column 6, got "="' ],
    [ 'id\n=\n  1 1', 'expected an operator or the end at line 3, column 5, got "1"' ],
    [ '(id = 1', 'expected ")" at line 1, column 8, got the end' ],
    [ 'id = 1)', 'expected an operator or the end at line 1, column 7, got ")"' ],
    [ 'id == 1', 'expected a value, an attribute, a function or "(" at line 1, column 5, got "="' ],
    [ 'id ! = 1', 'expected an operator or the end at line 1, column 4, got "!"' ],
    [ '\'abc', 'expected a value, an attribute, a function or "(" at line 1, column 1, got "\'"' ],
    [ String.raw`'abc\'`, 'expected a value, an attribute, a function or "(" at line 1, column 1, got "\'"' ],
    [ `'it''s'`, `expected an operator or the end at line 1, column 5, got "'s'"` ],
    [ 'id LIKE type', 'expected a pattern in quotes at line 1, column 9, got "type"' ],
    [ 'id LIKE', 'expected a pattern in quotes at line 1, column 8, got the end' ],
    [ 'id NOT', 'expected LIKE or IN at line 1, column 7, got the end' ],
    [ 'id NOT = 1', 'expected LIKE or IN at line 1, column 8, got "="' ],
    [ 'id IN ()', 'expected a value, an attribute, a function or "(" at line 1, column 8, got ")"' ],
    [ 'id IN 1', 'expected "(" at line 1, column 7, got "1"' ],
    [ 'id IN (1,)', 'expected a value, an attribute, a function or "(" at line 1, column 10, got ")"' ],
    [ 'EXISTS', 'expected the name of an attribute, with letters and digits at line 1, column 7, got the end' ],
    [ 'EXISTS \'id\'', 'expected the name of an attribute, with letters and digits at line 1, column 8, got "\'id\'"' ],
    [ 'EXISTS and', 'expected the name of an attribute, with letters and digits at line 1, column 8, got "and"' ],
    [ 'EXISTS a_b', 'expected the name of an attribute, with letters and digits at line 1, column 8, got "a_b"' ],
    [ 'in = 1', 'expected a value, an attribute, a function or "(" at line 1, column 1, got "in"' ],
    [ '__proto__ = 1', 'expected the name of an attribute, with letters and digits at line 1, column 1, got "__proto__"' ],
    [ 'my_ext = 1', 'expected the name of an attribute, with letters and digits at line 1, column 1, got "my_ext"' ],
    [ 'data.name = 1', 'expected an operator or the end at line 1, column 5, got "."' ],
    [ 'F1(1)', 'expected the name of a function, with letters and underscores at line 1, column 1, got "F1"' ],
    [ '_F(1)', 'expected the name of a function, with letters and underscores at line 1, column 1, got "_F"' ],
    [ 'TRUE(1)', 'expected an operator or the end at line 1, column 5, got "("' ],
    [ 'ABS(1', 'expected ")" at line 1, column 6, got the end' ],
    [ 'ABS(1 2)', 'expected ")" at line 1, column 7, got "2"' ],
    [ '2147483648', 'expected an integer of 32 bits at line 1, column 1, got "2147483648"' ],
    [ '-2147483649', 'expected an integer of 32 bits at line 1, column 1, got "-"' ],
    [ '- 2147483648', 'expected an integer of 32 bits at line 1, column 3, got "2147483648"' ],
    [ '1.5', 'expected an operator or the end at line 1, column 2, got "."' ],
    [ '+ 5', 'expected digits directly behind the sign at line 1, column 3, got "5"' ],
    [ '+id', 'expected digits directly behind the sign at line 1, column 2, got "id"' ],
    [ `id = 'a' -- a comment`, 'expected an operator or the end at line 1, column 15, got "comment"' ],
    [ 'id = \'a\'; id', 'expected an operator or the end at line 1, column 9, got ";"' ],
    [ 'ſ = 1', 'expected a value, an attribute, a function or "(" at line 1, column 1, got "ſ"' ],
    [ 'id\u00A0= 1', 'expected an operator or the end at line 1, column 3, got "\u00A0"' ],
  ])('rejects %j.', (text, message): void => {
    expect(problem(text)).toBe(`Invalid filters/0/sql: ${message}`);
  });

  it('has at most 8 levels of parentheses, prefix operators, arguments and sets, with those of filters.', (): void => {
    const message = 'Invalid filters/0/sql: expected at most 8 levels of nested filters and expressions';
    for (const [ open, close ] of [[ '(', ')' ], [ 'NOT ', '' ], [ '-', '' ], [ 'ABS(', ')' ], [ '1 IN (', ')' ]]) {
      const nest = (levels: number): string => `${open.repeat(levels)}id${close.repeat(levels)}`;
      expect(parse(nest(7))).toBeDefined();
      expect(problem(nest(8))).toBe(message);
      expect(problem(nest(60_000))).toBe(message);
      expect(problem(open.repeat(60_000))).toBe(message);
    }
  });

  it('has at most 63 operators and operands, beside the filter itself.', (): void => {
    const message = 'Invalid filters/0/sql: expected at most 64 filters, compared attributes, operators and operands';
    const chain = (operands: number): string => Array.from({ length: operands }, (): string => 'id').join(' AND ');
    expect(parse(chain(32))).toBeDefined();
    expect(problem(chain(33))).toBe(message);
    expect(problem(chain(30_000))).toBe(message);
    expect(problem(`id IN (${Array.from({ length: 30_000 }, (): string => '1').join(',')})`)).toBe(message);
  });

  it('is read in one pass, however long.', (): void => {
    expect(problem(`'${'\\\''.repeat(500_000)}`).length).toBeLessThan(200);
    expect(problem('\''.repeat(1_000_001)).length).toBeLessThan(200);
    expect(problem('1'.repeat(1_000_000)).length).toBeLessThan(200);
    expect(problem(`${' '.repeat(1_000_000)}.`)).toContain('column 1000001');
    expect(evaluate(`LENGTH('${'x'.repeat(100_000)}')`)).toEqual({ value: 100_000, errors: []});
  });
});

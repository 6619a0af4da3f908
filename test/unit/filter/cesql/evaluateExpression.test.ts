import { evaluate } from './evaluate';

const failed = (value: unknown, error: string): unknown => ({ value, errors: [ error ]});

describe('The value of a CESQL expression', (): void => {
  it.each([
    [ '2147483647 + 1', 0 ], [ '-2147483648 - 1', 0 ], [ '65536 * 65536', 0 ], [ '-2147483648 / -1', 0 ], [ '-(-2147483648)', 0 ],
    [ '2147483647 * 2147483647', 0 ], [ 'ABS(-2147483648)', 2_147_483_647 ], [ '1 % 0', 0 ], [ '0 / 0', 0 ],
  ])('%s is %j with a math error.', (text, value): void => expect(evaluate(text)).toEqual(failed(value, 'math')));

  it.each([
    [ '-7 / 2', -3 ], [ '7 / -2', -3 ], [ '-7 % 2', -1 ], [ '7 % -2', 1 ], [ '-4 % 2', 0 ], [ '-1 / 2', 0 ], [ '0 * -1', 0 ], [ '-2147483648 % -1', 0 ],
    [ '2147483647 + 0', 2_147_483_647 ], [ '-2147483648', -2_147_483_648 ],
  ])('%s is %j.', (text, value): void => {
    expect(Object.is(evaluate(text).value, value)).toBe(true);
    expect(evaluate(text).errors).toEqual([]);
  });

  it.each([
    [ `'+7' + 0`, 7 ], [ `'-0' + 0`, 0 ], [ `'0000000000000007' + 0`, 7 ], [ 'TRUE + TRUE', 2 ], [ `NOT 'False'`, true ], [ `'tRuE' AND 5`, true ],
    [ `0 OR '0' = 0`, true ], [ `1 = TRUE`, true ], [ `5 = TRUE`, true ], [ `TRUE = 5`, false ], [ `TRUE = 1`, true ], [ `1 = '01'`, false ],
    [ `'01' = 1`, true ], [ `-5 = '-5'`, true ], [ 'TRUE = "true" AND FALSE = "false"', true ], [ 'TRUE = "TRUE" OR FALSE = "FALSE"', false ],
    [ `TRUE < 2`, true ], [ `'10' > '9'`, true ], [ `'a' = 'A'`, false ], [ `'a' IN ('b', 'A')`, false ], [ `1 IN (TRUE)`, true ], [ `TRUE IN (7)`, true ],
    [ `7 IN (TRUE)`, false ], [ `'a' NOT IN ('b')`, true ], [ 'FALSE XOR 3', true ],
  ])('%s casts its operands and is %j.', (text, value): void => expect(evaluate(text)).toEqual({ value, errors: []}));

  it.each([
    [ `'abc' + 1`, 0 ], [ `1 + ''`, 0 ], [ `' 1' + 1`, 0 ], [ `'1.0' + 1`, 0 ], [ `'1e3' + 1`, 0 ], [ `'0x10' + 1`, 0 ], [ `'2147483648' + 1`, 0 ], [ `'١' + 1`, 0 ],
    [ `'${'9'.repeat(400)}' + 1`, 0 ], [ `NOT 'yes'`, false ], [ `NOT ''`, false ], [ `TRUE AND '1'`, false ], [ `TRUE XOR 'x'`, false ], [ `'x' = 1`, false ],
    [ `'x' != 1`, false ], [ `'x' = TRUE`, false ], [ `1 IN ('x')`, false ], [ `1 NOT IN ('x')`, false ], [ `'a' < 'b'`, false ], [ `-'x'`, 0 ], [ `LEFT('abc', 'x')`, '' ],
    [ `LENGTH(LEFT('abc', 'x'))`, 0 ], [ `BOOL('x') = FALSE`, false ],
  ])('%s is %j with a cast error.', (text, value): void => expect(evaluate(text)).toEqual(failed(value, 'cast')));

  it.each([
    [ 'missing', false ], [ 'missing = \'\'', false ], [ 'missing != \'\'', false ], [ 'NOT (missing = 1)', false ], [ 'missing * 5', 0 ], [ '1 / missing', 0 ],
    [ 'LENGTH(missing)', 0 ], [ 'LOWER(missing)', '' ], [ 'missing LIKE \'%\'', false ], [ 'missing IN (1)', false ], [ '1 IN (missing)', false ],
    [ 'TRUE AND missing', false ], [ 'FALSE OR missing', false ], [ 'missing OR TRUE', false ], [ 'missing AND FALSE', false ], [ 'constructor', false ],
    [ 'tostring', false ], [ 'hasownproperty', false ], [ 'valueof = 1', false ], [ 'data', false ], [ 'DATA(\'/a\')', false ],
  ])('%s is %j with a missing attribute.', (text, value): void => expect(evaluate(text)).toEqual(failed(value, 'missingAttribute')));

  it.each([
    [ 'FALSE AND missing', false ], [ 'TRUE OR missing', true ], [ 'EXISTS missing AND missing > 1', false ], [ 'NOT EXISTS missing OR missing > 1', true ],
    [ '1 IN (1, missing)', true ], [ 'EXISTS constructor', false ], [ 'EXISTS tostring', false ],
  ])('%s is %j, since the rest is not evaluated.', (text, value): void => expect(evaluate(text)).toEqual({ value, errors: []}));

  it('ends at the first error, from left to right.', (): void => {
    expect(evaluate('1 / 0 + missing')).toEqual(failed(0, 'math'));
    expect(evaluate('missing + 1 / 0')).toEqual(failed(0, 'missingAttribute'));
    expect(evaluate('CONCAT(missing, NOPE())')).toEqual(failed('', 'missingAttribute'));
    expect(evaluate('NOPE(missing)')).toEqual(failed(false, 'missingFunction'));
    expect(evaluate('LENGTH(LEFT(\'abc\', -1))')).toEqual(failed(0, 'functionEvaluation'));
    expect(evaluate('ABS(-2147483648) = 2147483647')).toEqual(failed(false, 'math'));
  });

  it.each([ 'ABS()', 'ABS(1, 2)', 'SUBSTRING(\'a\')', 'SUBSTRING(\'a\', 1, 1, 1)', 'IS_STRING(1)', 'INT()', 'CONSTRUCTOR(1)', 'EVAL(\'1\')' ])(
    '%s is false without such a function.',
    (text): void => expect(evaluate(text)).toEqual(failed(false, 'missingFunction')),
  );

  it.each([
    [ `LENGTH('a😀é')`, 3 ], [ `LEFT('😀😀b', 1)`, '😀' ], [ `RIGHT('a😀', 1)`, '😀' ], [ `SUBSTRING('a😀b', 2, 1)`, '😀' ], [ `RIGHT('abc', 0)`, '' ],
    [ `UPPER('straße')`, 'STRASSE' ], [ `LOWER('ÄÖ')`, 'äö' ], [ `TRIM('\u00A0\u2003\t\n\u0085x y\u3000')`, 'x y' ], [ `TRIM('\uFEFFx\u200B\u0000')`, '\uFEFFx\u200B\u0000' ],
    [ `TRIM('   ')`, '' ], [ `CONCAT(1, TRUE, 'x')`, '1truex' ], [ `CONCAT_WS(0, 1, 2)`, '102' ], [ `SUBSTRING('abc', -3)`, 'abc' ], [ `SUBSTRING('abc', 3)`, 'c' ],
    [ `SUBSTRING('', 0)`, '' ], [ `SUBSTRING('abc', 2, 0)`, '' ], [ `SUBSTRING('abc', 2, 2147483647)`, 'bc' ],
    [ `'😀' LIKE '_'`, true ], [ `'😀' LIKE '__'`, false ], [ `'a😀b' LIKE '%_b'`, true ], [ `'é' LIKE 'É'`, false ], [ `'a\nb' LIKE 'a%b'`, true ],
    [ `'' LIKE ''`, true ], [ `'' LIKE '%%'`, true ], [ `'' LIKE '_'`, false ], [ `'a.c' LIKE 'abc'`, false ], [ `'abc' LIKE 'a.c'`, false ], [ `'a*' LIKE 'a*'`, true ],
    [ String.raw`'100%' LIKE '%\%'`, true ], [ String.raw`'100' LIKE '%\%'`, false ],
    [ String.raw`'a\\%' LIKE 'a\\%'`, false ], [ String.raw`'a\%' LIKE 'a\\%'`, true ], [ String.raw`'a\x' LIKE 'a\\%'`, false ],
  ])('%s counts characters of Unicode and is %j.', (text, value): void => expect(evaluate(text)).toEqual({ value, errors: []}));

  it.each([
    [ `SUBSTRING('abc', 4)` ], [ `SUBSTRING('', 1)` ], [ `SUBSTRING('abc', 0, -1)` ], [ `SUBSTRING('abc', 1, -1)` ], [ `SUBSTRING('😀', 2)` ],
  ])('%s is empty with an error of the function.', (text): void => expect(evaluate(text)).toEqual(failed('', 'functionEvaluation')));

  it('has the types of the attributes.', (): void => {
    expect(evaluate('hops > 3 AND urgent AND version = 2', { hops: 4, urgent: true, version: '2' })).toEqual({ value: true, errors: []});
    expect(evaluate('hops + 1', { hops: 2_147_483_647 })).toEqual(failed(0, 'math'));
  });
});

describe('The functions of data', (): void => {
  const data = {
    name: 'Ada', age: 36, admin: false, zero: -0, one: 1.0, rate: 0.5, big: 2_147_483_648, huge: 1e300, nothing: null, list: [ 'a', [ 'b' ]],
    address: { city: 'Köln' }, 'a/b': 1, 'm~n': 2, '': 'empty', ' ': 'space', ['constructor']: 'own',
  };

  it.each([
    [ `DATA('/name')`, 'Ada' ], [ `data("/name")`, 'Ada' ], [ `DATA('/age') + 1`, 37 ], [ `DATA('/admin')`, false ], [ `DATA('/zero')`, 0 ], [ `DATA('/one')`, 1 ],
    [ `DATA('/list/0')`, 'a' ], [ `DATA('/list/1/0')`, 'b' ], [ `DATA('/address/city') LIKE 'K%'`, true ], [ `DATA('/a~1b')`, 1 ], [ `DATA('/m~0n')`, 2 ],
    [ `DATA('/')`, 'empty' ], [ `DATA('/ ')`, 'space' ], [ `DATA('/constructor')`, 'own' ], [ `DATA(CONCAT('/', id))`, 'Ada' ],
    [ `HAS_DATA('/name')`, true ], [ `HAS_DATA('/admin')`, true ], [ `HAS_DATA('/missing')`, false ], [ `HAS_DATA('/nothing')`, false ], [ `HAS_DATA('/list')`, false ],
    [ `HAS_DATA('/rate') AND DATA('/rate') > 0`, false ], [ `HAS_DATA('')`, false ],
  ])('return a member: %s is %j.', (text, value): void => {
    expect(evaluate(text, { id: 'name' }, data)).toEqual({ value, errors: []});
  });

  it.each([
    '/missing', '/name/0', '/name/length', '/list/2', '/list/-', '/list/-1', '/list/00', '/list/01', '/list/length', '/list/constructor', '/address/city/0', '/__proto__',
    '/__proto__/constructor', '/toString', '/nothing/a', '/age/a', '/address/constructor', '/Name',
  ])('have no member %s.', (pointer): void => {
    expect(evaluate(`DATA('${pointer}')`, {}, data)).toEqual(failed(false, 'missingAttribute'));
    expect(evaluate(`HAS_DATA('${pointer}')`, {}, data)).toEqual({ value: false, errors: []});
  });

  it.each([ '/rate', '/big', '/huge', '/nothing', '/list', '/address', '' ])('do not return other types: %s.', (pointer): void => {
    expect(evaluate(`DATA('${pointer}')`, {}, data)).toEqual(failed(false, 'cast'));
  });

  it.each([ 'name', '/a~', '/a~2', 'a/b', '#/name', '/a'.repeat(65) ])('have an error for %j, which is no JSON pointer.', (pointer): void => {
    expect(evaluate(`DATA('${pointer}')`, {}, data)).toEqual(failed(false, 'functionEvaluation'));
    expect(evaluate(`HAS_DATA('${pointer}')`, {}, data)).toEqual(failed(false, 'functionEvaluation'));
  });

  it.each([[ 'text', 'text' ], [ 5, 5 ], [ true, true ]])('return the data itself if it is %j.', (root, value): void => {
    expect(evaluate(`DATA('')`, {}, root)).toEqual({ value, errors: []});
  });

  it('have no member of an event without data.', (): void => {
    expect(evaluate(`DATA('/a')`)).toEqual(failed(false, 'missingAttribute'));
    expect(evaluate(`HAS_DATA('')`)).toEqual({ value: false, errors: []});
  });
});

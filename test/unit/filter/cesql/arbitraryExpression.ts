import fc from 'fast-check';
import type { BinaryOperator, Expression } from '../../../../src/filter/cesql/Expression';

const KEYWORD = /^(?:and|or|xor|not|like|exists|in|true|false)$/iu;
const OPERATORS: readonly BinaryOperator[] = [ '*', '/', '%', '+', '-', '=', '!=', '<', '<=', '>', '>=', 'AND', 'OR', 'XOR' ];
const FUNCTIONS = [
  'INT', 'BOOL', 'STRING', 'IS_INT', 'IS_BOOL', 'ABS', 'LENGTH', 'CONCAT', 'CONCAT_WS', 'LOWER', 'UPPER', 'TRIM', 'LEFT', 'RIGHT',
  'SUBSTRING', 'DATA', 'HAS_DATA', 'MISSING_FUNCTION',
];

/** Texts that a literal in single quotes can have: no odd number of backslashes before a quote or the end. */
const text = fc.oneof(
  fc.constantFrom('', 'true', 'FALSE', '1', '-5', '2147483648', ' 3', '/a', '/b/0', '%', '_a%', String.raw`a\%b\_`, 'é😀', 'it\'s'),
  fc.string({ unit: 'binary', maxLength: 6 }).map((each): string => each.replaceAll(/\\+(?=['"\\]|$)/gu, '')),
);
const integer = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

/** Names of attributes, some of which events of the tests have. */
export const attributeName = fc.oneof(
  fc.constantFrom('id', 'type', 'flag', 'count', 'missing', 'constructor', 'tostring', 'proto'),
  fc.stringMatching(/^[a-z0-9]{0,5}[a-z][a-z0-9]{0,5}$/u).filter((name): boolean => !KEYWORD.test(name)),
);

/** Values of literals and attributes. */
export const value = fc.oneof(text, integer, fc.boolean());

const few = (expression: fc.Arbitrary<Expression>): fc.Arbitrary<Expression[]> => fc.array(expression, { maxLength: 3 });

/** Expressions within the limits of filters. */
export const arbitraryExpression = fc.letrec<{ expression: Expression; leaf: Expression; branch: Expression }>((tie): any => ({
  leaf: fc.oneof(
    fc.record({ kind: fc.constant('literal'), value }),
    fc.record({ kind: fc.constant('attribute'), name: attributeName }),
    fc.record({ kind: fc.constant('exists'), name: attributeName }),
  ),
  branch: fc.oneof(
    fc.record({ kind: fc.constant('unary'), operator: fc.constantFrom('NOT', '-'), operand: tie('expression') }),
    fc.record({ kind: fc.constant('binary'), operator: fc.constantFrom(...OPERATORS), left: tie('expression'), right: tie('expression') }),
    fc.record({ kind: fc.constant('like'), isNegated: fc.boolean(), operand: tie('expression'), pattern: text }),
    fc.record({
      kind: fc.constant('in'),
      isNegated: fc.boolean(),
      operand: tie('expression'),
      elements: few(tie('expression')).filter((list): boolean => list.length > 0),
    }),
    fc.record({ kind: fc.constant('call'), name: fc.constantFrom(...FUNCTIONS), args: few(tie('expression')) }),
  ),
  expression: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('branch')),
})).expression;

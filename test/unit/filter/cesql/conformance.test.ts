import { InvalidInput } from '../../../../src/event/InvalidInput';
import { ARITHMETIC, INTEGER_FUNCTIONS, NEGATION, PARENTHESES } from './cases/arithmetic';
import { ATTRIBUTES, EXISTENCE } from './cases/attributes';
import { CASTS, TYPE_TESTS } from './cases/casts';
import { COMPARISON } from './cases/comparison';
import type { ConformanceCase } from './cases/ConformanceCase';
import { EXAMPLES } from './cases/examples';
import { CASE, LITERALS, PARSE_ERRORS } from './cases/literals';
import { LOGIC, NOT } from './cases/logic';
import { PATTERNS } from './cases/patterns';
import { SETS } from './cases/sets';
import { SUBSCRIPTIONS } from './cases/subscriptions';
import { TEXT_FUNCTIONS } from './cases/textFunctions';
import { evaluate, parse } from './evaluate';

const AREAS: Readonly<Record<string, readonly ConformanceCase[]>> = {
  binary_comparison_operators: COMPARISON,
  binary_logical_operators: LOGIC,
  binary_math_operators: ARITHMETIC,
  case_sensitivity: CASE,
  casting_functions: CASTS,
  'casting_functions of the draft': TYPE_TESTS,
  context_attributes_access: ATTRIBUTES,
  exists_expression: EXISTENCE,
  in_expression: SETS,
  integer_builtin_functions: INTEGER_FUNCTIONS,
  like_expression: PATTERNS,
  literals: LITERALS,
  negate_operator: NEGATION,
  not_operator: NOT,
  parse_errors: PARSE_ERRORS,
  spec_examples: EXAMPLES,
  string_builtin_functions: TEXT_FUNCTIONS,
  sub_expression: PARENTHESES,
  subscriptions_api_recreations: SUBSCRIPTIONS,
};

describe.each(Object.entries(AREAS))('CESQL %s', (_area, cases): void => {
  it.each(cases.map((each): [ string, ConformanceCase ] => [ each[0], each ]))('%s', (_name, [ expression, value, error, attributes ]): void => {
    if (error === 'parse') {
      expect((): unknown => parse(expression)).toThrow(InvalidInput);
    } else {
      expect(evaluate(expression, attributes)).toEqual({ value, errors: error ? [ error ] : []});
    }
  });
});

describe('The cases of CESQL', (): void => {
  it('are complete.', (): void => {
    const cases = Object.values(AREAS).flat();
    expect(cases.length).toBe(285);
    expect(cases.length - TYPE_TESTS.length).toBe(276);
  });
});

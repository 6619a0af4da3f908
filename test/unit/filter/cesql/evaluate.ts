import type { AttributeValue } from '../../../../src/event/cloudEvents';
import { evaluateExpression } from '../../../../src/filter/cesql/evaluateExpression';
import type { Expression, Value } from '../../../../src/filter/cesql/Expression';
import { parseExpression } from '../../../../src/filter/cesql/parseExpression';
import { FilterPlace } from '../../../../src/filter/FilterPlace';
import { FILTER_LIMITS } from '../../../../src/filter/limits';
import { Steps } from '../../../../src/filter/Steps';

const REQUIRED = { specversion: '1.0', id: 'myId', source: 'localhost.localdomain', type: 'myType' };

/** Parses an expression like that of a first filter. */
export function parse(text: string): Expression {
  return parseExpression(text, FilterPlace.root().at(0).nested().at('sql'));
}

/** Evaluates an expression for an event with the required attributes, and returns its value and kinds of errors. */
export function evaluate(
  expression: Expression | string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  data?: unknown,
): { value: Value; errors: string[] } {
  const { value, errors } = evaluateExpression(
    typeof expression === 'string' ? parse(expression) : expression,
    { event: { attributes: { ...REQUIRED, ...attributes }, data }, steps: new Steps(FILTER_LIMITS.steps) },
  );
  return { value, errors: errors.map(({ kind }): string => kind) };
}

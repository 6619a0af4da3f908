import type { Call, Expression } from './cesql/Expression';
import { callsIn } from './cesql/Expression';
import { pointerKeys } from './cesql/dataMember';
import { evaluateExpression } from './cesql/evaluateExpression';
import { DATA_FUNCTIONS, findFunction } from './cesql/functions';
import { parseExpression } from './cesql/parseExpression';
import type { Filter } from './Filter';
import type { FilterPlace } from './FilterPlace';

/**
 * Parses a filter of the dialect `sql`: a CESQL 1.0 expression.
 *
 * An event matches if the value is `TRUE` and no error occurs.
 *
 * @throws {@link InvalidInput} if the expression is invalid, or has an unknown function or an invalid JSON pointer.
 *
 * @see https://github.com/cloudevents/spec/blob/main/subscriptions/spec.md#32412-optional-filter-dialects
 */
export function parseSqlFilter(value: unknown, place: FilterPlace): Filter {
  if (typeof value !== 'string') {
    throw place.invalid('expected a text with a CESQL expression');
  }
  const expression = parseExpression(value, place);
  const calls = callsIn(expression);
  calls.forEach((call): void => checkCall(call, place));
  return {
    document: { sql: value },
    readsData: calls.some(({ name }): boolean => DATA_FUNCTIONS.has(name)),
    matches: (event, steps): boolean => {
      const { value: result, errors } = evaluateExpression(expression, { event, steps });
      return result === true && errors.length === 0;
    },
  };
}

function checkCall(call: Call, place: FilterPlace): void {
  if (!findFunction(call)) {
    throw place.invalid(`unknown function ${call.name.slice(0, 32)} with ${call.args.length} arguments`);
  }
  if (DATA_FUNCTIONS.has(call.name) && !mayBePointer(call.args[0])) {
    throw place.invalid(`expected a JSON pointer as the argument of ${call.name}, such as '/address/city'`);
  }
}

/** Returns whether an argument can be a JSON pointer. Only literals are known before the evaluation. */
function mayBePointer(argument: Expression): boolean {
  return argument.kind !== 'literal' || pointerKeys(String(argument.value)) !== undefined;
}

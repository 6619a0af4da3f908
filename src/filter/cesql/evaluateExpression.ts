import type { ValueType } from './casts';
import { cast, isInt32 } from './casts';
import type { ErrorKind } from './EvaluationError';
import { EvaluationError } from './EvaluationError';
import type { Binary, Call, Expression, In, Like, Unary, Value } from './Expression';
import { findFunction } from './functions';
import { matchesPattern } from './matchesPattern';
import type { Scope } from './Scope';

/** Result of an evaluation. */
export interface Evaluation {
  readonly value: Value;
  /** Errors of the evaluation. It ends at the first one. */
  readonly errors: readonly EvaluationError[];
}

const ZERO = { string: '', number: 0, boolean: false } as const satisfies Record<ValueType, Value>;

/**
 * Evaluates a CESQL expression in fail-fast mode.
 *
 * After an error, the value is the zero value of the expression's type. A function that raises the error itself has the
 * value that the specification defines.
 *
 * @throws `OutOfSteps` if the work exceeds its limit, and nothing else.
 *
 * @see https://github.com/cloudevents/spec/blob/cesql/v1.0.0/cesql/spec.md#41-error-handling
 */
export function evaluateExpression(expression: Expression, scope: Scope): Evaluation {
  try {
    return { value: valueOf(expression, scope), errors: [] };
  } catch (error: unknown) {
    if (error instanceof EvaluationError) {
      const value = error.failed?.source === expression ? error.failed.value : zeroOf(expression);
      return { value, errors: [ error ] };
    }
    throw error;
  }
}

/** Returns the zero value of an expression's type. If the type depends on the event, it counts as boolean. */
function zeroOf(expression: Expression): Value {
  if (expression.kind === 'call') {
    const type = findFunction(expression)?.result ?? 'any';
    return ZERO[type === 'any' ? 'boolean' : type];
  }
  const isNumber = (expression.kind === 'unary' || expression.kind === 'binary') && '-+*/%'.includes(expression.operator);
  return ZERO[isNumber ? 'number' : 'boolean'];
}

function valueOf(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'attribute':
      return attribute(expression.name, scope);
    case 'exists':
      return Object.hasOwn(scope.event.attributes, expression.name);
    case 'unary':
      return unary(expression, scope);
    case 'binary':
      return binary(expression, scope);
    case 'like':
      return like(expression, scope);
    case 'in':
      return isIn(expression, scope);
    case 'call':
      return call(expression, scope);
  }
}

function attribute(name: string, { event: { attributes }}: Scope): Value {
  if (!Object.hasOwn(attributes, name)) {
    throw new EvaluationError('missingAttribute', `The event has no attribute ${name}`);
  }
  return attributes[name];
}

function unary({ operator, operand }: Unary, scope: Scope): Value {
  const value = valueOf(operand, scope);
  return operator === 'NOT' ? !cast(value, 'boolean', scope.steps) : integer(0 - cast(value, 'number', scope.steps));
}

function binary(expression: Binary, scope: Scope): Value {
  switch (expression.operator) {
    case 'AND':
      return booleanOf(expression.left, scope) && booleanOf(expression.right, scope);
    case 'OR':
      return booleanOf(expression.left, scope) || booleanOf(expression.right, scope);
    case 'XOR':
      return booleanOf(expression.left, scope) !== booleanOf(expression.right, scope);
    case '=':
      return areEqual(expression, scope);
    case '!=':
      return !areEqual(expression, scope);
    default:
      return arithmetic(expression, scope);
  }
}

function booleanOf(expression: Expression, scope: Scope): boolean {
  return cast(valueOf(expression, scope), 'boolean', scope.steps);
}

/** Returns whether the left operand equals the right one, in the type of the right one. */
function areEqual({ left, right }: Binary, scope: Scope): boolean {
  const [ one, other ] = [ valueOf(left, scope), valueOf(right, scope) ];
  return isSame(cast(one, typeof other as ValueType, scope.steps), other, scope);
}

function isSame(one: Value, other: Value, { steps }: Scope): boolean {
  steps.take(typeof one === 'string' && one.length === String(other).length ? one.length : 1);
  return one === other;
}

function arithmetic({ operator, left, right }: Binary, scope: Scope): Value {
  const operands = [ valueOf(left, scope), valueOf(right, scope) ];
  const [ x, y ] = operands.map((value): number => cast(value, 'number', scope.steps));
  switch (operator) {
    case '<':
      return x < y;
    case '<=':
      return x <= y;
    case '>':
      return x > y;
    case '>=':
      return x >= y;
    case '+':
      return integer(x + y);
    case '-':
      return integer(x - y);
    case '*':
      return integer(x * y);
    case '/':
      return integer(Math.trunc(x / divisor(y)));
    default:
      return integer(x % divisor(y));
  }
}

function divisor(value: number): number {
  if (value === 0) {
    throw new EvaluationError('math', 'Division by 0');
  }
  return value;
}

/** Returns an integer without a sign of zero. */
function integer(value: number): number {
  if (!isInt32(value)) {
    throw new EvaluationError('math', 'The result exceeds 32 bits');
  }
  return value + 0;
}

function like({ operand, pattern, isNegated }: Like, scope: Scope): boolean {
  const text = cast(valueOf(operand, scope), 'string', scope.steps);
  return matchesPattern(text, pattern, scope.steps) !== isNegated;
}

/** Returns whether the set has the operand, in the type of the operand. */
function isIn({ operand, elements, isNegated }: In, scope: Scope): boolean {
  const value = valueOf(operand, scope);
  const isElement = elements.some((element): boolean =>
    isSame(cast(valueOf(element, scope), typeof value as ValueType, scope.steps), value, scope));
  return isElement !== isNegated;
}

function call(expression: Call, scope: Scope): Value {
  const found = findFunction(expression);
  if (!found) {
    throw new EvaluationError('missingFunction', `No function ${expression.name} with ${expression.args.length} arguments`);
  }
  const args = expression.args.map((argument, index): Value => {
    const value = valueOf(argument, scope);
    const type = found.parameters[index] ?? found.rest;
    return type === 'any' ? value : cast(value, type, scope.steps);
  });
  return found.apply(args, scope, (kind: ErrorKind, message: string, value: Value): never => {
    throw new EvaluationError(kind, message, { source: expression, value });
  });
}

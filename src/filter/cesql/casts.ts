import type { Steps } from '../Steps';
import { EvaluationError } from './EvaluationError';
import type { Value } from './Expression';

/** Type of a value. */
export type ValueType = 'string' | 'number' | 'boolean';

const MIN = -(2 ** 31);
const MAX = 2 ** 31 - 1;
const INTEGER = /^[+-]?\d+$/u;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([[ 'true', true ], [ 'false', false ]]);

/** Returns whether a number is an integer of 32 bits. */
export function isInt32(value: number): boolean {
  return Number.isInteger(value) && value >= MIN && value <= MAX;
}

/** Returns the integer that a value can be cast to, or undefined if there is none. */
export function integerOf(value: Value, steps: Steps): number | undefined {
  if (typeof value !== 'string') {
    return Number(value);
  }
  steps.take(value.length);
  const integer = INTEGER.test(value) ? Number(value) + 0 : NaN;
  return isInt32(integer) ? integer : undefined;
}

/** Returns the boolean that a value can be cast to, or undefined if there is none. */
export function booleanOf(value: Value): boolean | undefined {
  if (typeof value !== 'string') {
    return Boolean(value);
  }
  return value.length > 'false'.length ? undefined : BOOLEANS.get(value.toLowerCase());
}

/**
 * Casts a value to a type.
 *
 * @throws {@link EvaluationError} of the kind `cast` if the value has no form of this type.
 *
 * @see https://github.com/cloudevents/spec/blob/cesql/v1.0.0/cesql/spec.md#37-type-casting
 */
export function cast(value: Value, type: 'string', steps: Steps): string;
export function cast(value: Value, type: 'number', steps: Steps): number;
export function cast(value: Value, type: 'boolean', steps: Steps): boolean;
export function cast(value: Value, type: ValueType, steps: Steps): Value;
export function cast(value: Value, type: ValueType, steps: Steps): Value {
  if (type === 'string') {
    return String(value);
  }
  const result = type === 'number' ? integerOf(value, steps) : booleanOf(value);
  if (result === undefined) {
    throw new EvaluationError('cast', `The text is no ${type === 'number' ? 'integer of 32 bits' : 'boolean'}`);
  }
  return result;
}

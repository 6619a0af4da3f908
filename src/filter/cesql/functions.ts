import type { ValueType } from './casts';
import { booleanOf, integerOf, isInt32 } from './casts';
import { join, lengthOf, slice, substring, trim } from './characters';
import { dataMember } from './dataMember';
import type { ErrorKind } from './EvaluationError';
import type { Call, Value } from './Expression';
import type { Scope } from './Scope';

/** Raises an error of a function with a result. */
type Fail = (kind: ErrorKind, message: string, value: Value) => never;

/** Function of the language, for one number of arguments. */
export interface CesqlFunction {
  readonly name: string;
  /** Types of the parameters. `any` is not cast. */
  readonly parameters: readonly (ValueType | 'any')[];
  /** Type of any number of further arguments. */
  readonly rest?: ValueType;
  /** Type of the result. `any` if it depends on the event. */
  readonly result: ValueType | 'any';
  /** Returns the result. The arguments are cast to the types of the parameters. */
  readonly apply: (args: readonly Value[], scope: Scope, fail: Fail) => Value;
}

/** Functions that read the event's data. They are an extension of CESQL. */
export const DATA_FUNCTIONS: ReadonlySet<string> = new Set([ 'DATA', 'HAS_DATA' ]);

const MAX_INTEGER = 2 ** 31 - 1;
const NEGATIVE = 'A number of characters is not negative';

/**
 * Functions of CESQL 1.0, the type tests of its draft, and access to data.
 *
 * @see https://github.com/cloudevents/spec/blob/cesql/v1.0.0/cesql/spec.md#35-functions
 */
const FUNCTIONS: readonly CesqlFunction[] = [
  define('INT', [ 'number' ], 'number', ([ x ]: [ number ]): number => x),
  define('BOOL', [ 'boolean' ], 'boolean', ([ x ]: [ boolean ]): boolean => x),
  define('STRING', [ 'string' ], 'string', ([ x ]: [ string ]): string => x),
  define('IS_INT', [ 'any' ], 'boolean', ([ x ]: [ Value ], { steps }): boolean =>
    typeof x === 'number' || (typeof x === 'string' && integerOf(x, steps) !== undefined)),
  define('IS_BOOL', [ 'any' ], 'boolean', ([ x ]: [ Value ]): boolean =>
    typeof x === 'boolean' || (typeof x === 'string' && booleanOf(x) !== undefined)),
  define('ABS', [ 'number' ], 'number', ([ x ]: [ number ], _scope, fail): number =>
    isInt32(Math.abs(x)) ? Math.abs(x) : fail('math', 'The absolute value exceeds 32 bits', MAX_INTEGER)),
  define('LENGTH', [ 'string' ], 'number', ([ x ]: [ string ], { steps }): number => lengthOf(x, steps)),
  { ...define('CONCAT', [], 'string', (texts: string[], { steps }): string => join(texts, '', steps)), rest: 'string' },
  {
    ...define('CONCAT_WS', [ 'string' ], 'string', ([ delimiter, ...texts ]: string[], { steps }): string =>
      join(texts, delimiter, steps)),
    rest: 'string',
  },
  define('LOWER', [ 'string' ], 'string', ([ x ]: [ string ], { steps }): string => {
    steps.take(x.length);
    return x.toLowerCase();
  }),
  define('UPPER', [ 'string' ], 'string', ([ x ]: [ string ], { steps }): string => {
    steps.take(x.length);
    return x.toUpperCase();
  }),
  define('TRIM', [ 'string' ], 'string', ([ x ]: [ string ], { steps }): string => trim(x, steps)),
  define('LEFT', [ 'string', 'number' ], 'string', ([ x, count ]: [ string, number ], { steps }, fail): string =>
    count < 0 ? fail('functionEvaluation', NEGATIVE, x) : slice(x, 0, count, steps)),
  define('RIGHT', [ 'string', 'number' ], 'string', ([ x, count ]: [ string, number ], { steps }, fail): string => {
    if (count < 0) {
      fail('functionEvaluation', NEGATIVE, x);
    }
    return slice(x, Math.max(lengthOf(x, steps) - count, 0), Infinity, steps);
  }),
  define('SUBSTRING', [ 'string', 'number' ], 'string', ([ x, position ]: [ string, number ], { steps }, fail): string =>
    substring(x, position, steps) ?? fail('functionEvaluation', 'The position is beyond the text', '')),
  define(
    'SUBSTRING',
    [ 'string', 'number', 'number' ],
    'string',
    ([ x, position, length ]: [ string, number, number ], { steps }, fail): string =>
      substring(x, position, steps, length) ??
      fail('functionEvaluation', 'The position is beyond the text, or the length is negative', ''),
  ),
  define('DATA', [ 'string' ], 'any', ([ pointer ]: [ string ], scope, fail): Value => {
    const member = dataMember(pointer, scope) ?? fail('functionEvaluation', 'The argument is no JSON pointer', false);
    return 'value' in member ? member.value : fail(member.error, member.message, false);
  }),
  define('HAS_DATA', [ 'string' ], 'boolean', ([ pointer ]: [ string ], scope, fail): boolean => {
    const member = dataMember(pointer, scope) ?? fail('functionEvaluation', 'The argument is no JSON pointer', false);
    return 'value' in member;
  }),
];

/** Returns the function for a name and number of arguments, or undefined if there is none. */
export function findFunction({ name, args }: Call): CesqlFunction | undefined {
  return FUNCTIONS.find((each): boolean =>
    each.name === name && (each.rest ? args.length >= each.parameters.length : args.length === each.parameters.length));
}

function define<T extends readonly Value[]>(
  name: string,
  parameters: CesqlFunction['parameters'],
  result: CesqlFunction['result'],
  apply: (args: T, scope: Scope, fail: Fail) => Value,
): CesqlFunction {
  return { name, parameters, result, apply: (args, scope, fail): Value => apply(args as unknown as T, scope, fail) };
}

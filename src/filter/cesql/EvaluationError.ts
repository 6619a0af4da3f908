import type { Expression, Value } from './Expression';

/**
 * Kinds of errors of an evaluation. Parse errors are `InvalidInput`.
 *
 * @see https://github.com/cloudevents/spec/blob/cesql/v1.0.0/cesql/spec.md#33-errors
 */
export type ErrorKind = 'math' | 'cast' | 'missingAttribute' | 'missingFunction' | 'functionEvaluation';

/** Function that raised an error although it has a result. */
export interface FailedCall {
  readonly source: Expression;
  /** Result of the function, by the specification of its error. */
  readonly value: Value;
}

/** Error during the evaluation of an expression. */
export class EvaluationError extends Error {
  public constructor(public readonly kind: ErrorKind, message: string, public readonly failed?: FailedCall) {
    super(message);
    this.name = 'EvaluationError';
  }
}

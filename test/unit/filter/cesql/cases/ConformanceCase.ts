import type { AttributeValue } from '../../../../../src/event/cloudEvents';
import type { ErrorKind } from '../../../../../src/filter/cesql/EvaluationError';

/**
 * Case of the conformance tests of CESQL: an expression, its value, its error if any, and attributes of the event.
 *
 * @see https://github.com/cloudevents/spec/tree/cesql/v1.0.0/cesql/cesql_tck
 */
export type ConformanceCase = readonly [
  expression: string,
  value: AttributeValue,
  error?: ErrorKind | 'parse',
  attributes?: Readonly<Record<string, AttributeValue>>,
];

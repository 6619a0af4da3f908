/** Value of an expression: text, an integer of 32 bits, or a boolean. */
export type Value = string | number | boolean;

/** Operators with two operands. */
export type BinaryOperator =
  '*' | '/' | '%' | '+' | '-' | '=' | '!=' | '<' | '<=' | '>' | '>=' | 'AND' | 'OR' | 'XOR';

/** Value that is written in the expression. */
export interface Literal {
  readonly kind: 'literal';
  readonly value: Value;
}

/** Access to an attribute or extension of the event. */
export interface Attribute {
  readonly kind: 'attribute';
  /** Name in lower case. */
  readonly name: string;
}

/** Test for the presence of an attribute. */
export interface Exists {
  readonly kind: 'exists';
  /** Name in lower case. */
  readonly name: string;
}

/** Operation with one operand. */
export interface Unary {
  readonly kind: 'unary';
  readonly operator: 'NOT' | '-';
  readonly operand: Expression;
}

/** Operation with two operands. The operator `<>` is read as `!=`. */
export interface Binary {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** Comparison with a pattern, by `LIKE` or `NOT LIKE`. */
export interface Like {
  readonly kind: 'like';
  readonly isNegated: boolean;
  readonly operand: Expression;
  readonly pattern: string;
}

/** Test for membership in a set, by `IN` or `NOT IN`. */
export interface In {
  readonly kind: 'in';
  readonly isNegated: boolean;
  readonly operand: Expression;
  /** Elements of the set, at least one. */
  readonly elements: readonly Expression[];
}

/** Invocation of a function. */
export interface Call {
  readonly kind: 'call';
  /** Name in upper case. */
  readonly name: string;
  readonly args: readonly Expression[];
}

/** Parsed CESQL expression. */
export type Expression = Literal | Attribute | Exists | Unary | Binary | Like | In | Call;

/** Returns the operands of an expression, from left to right. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'unary':
    case 'like':
      return [ expression.operand ];
    case 'binary':
      return [ expression.left, expression.right ];
    case 'in':
      return [ expression.operand, ...expression.elements ];
    case 'call':
      return expression.args;
    default:
      return [];
  }
}

/** Returns all function invocations in an expression. */
export function callsIn(expression: Expression): Call[] {
  return [ ...expression.kind === 'call' ? [ expression ] : [], ...operandsOf(expression).flatMap(callsIn) ];
}

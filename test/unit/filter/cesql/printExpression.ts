import type { Expression, Value } from '../../../../src/filter/cesql/Expression';

/** Returns the text of an expression, with parentheses around each operation that is an operand. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return printValue(expression.value);
    case 'attribute':
      return expression.name;
    case 'exists':
      return `EXISTS ${expression.name}`;
    case 'unary':
      return `${expression.operator} ${printOperand(expression.operand)}`;
    case 'binary':
      return `${printOperand(expression.left)} ${expression.operator} ${printOperand(expression.right)}`;
    case 'like':
      return `${printOperand(expression.operand)}${expression.isNegated ? ' NOT' : ''} LIKE ${printValue(expression.pattern)}`;
    case 'in':
      return `${printOperand(expression.operand)}${expression.isNegated ? ' NOT' : ''} IN (${printList(expression.elements)})`;
    case 'call':
      return `${expression.name}(${printList(expression.args)})`;
  }
}

function printOperand(expression: Expression): string {
  const text = printExpression(expression);
  return [ 'literal', 'attribute', 'call' ].includes(expression.kind) ? text : `(${text})`;
}

function printList(expressions: readonly Expression[]): string {
  return expressions.map(printExpression).join(', ');
}

function printValue(value: Value): string {
  return typeof value === 'string' ? `'${value.replaceAll('\'', String.raw`\'`)}'` : String(value).toUpperCase();
}

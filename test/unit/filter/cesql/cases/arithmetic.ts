import type { ConformanceCase } from './ConformanceCase';

/** Binary arithmetic operators: 18 cases. */
export const ARITHMETIC: readonly ConformanceCase[] = [
  [ '4 * 2 + 4 / 2', 10 ],
  [ '4 * (2 + 4) / 2', 12 ],
  [ '5 / 3', 1 ],
  [ '5 / 0', 0, 'math' ],
  [ '5 % 2', 1 ],
  [ '5 % 0', 0, 'math' ],
  [ 'missing / 0', 0, 'missingAttribute' ],
  [ 'missing % 0', 0, 'missingAttribute' ],
  [ '4 + 1', 5 ],
  [ '-4 + 1', -3 ],
  [ '-4 + -1', -5 ],
  [ '4 + -1', 3 ],
  [ '4 - 1', 3 ],
  [ '-4 - 1', -5 ],
  [ `'5' + 3`, 8 ],
  [ `5 + '3'`, 8 ],
  [ `'5' + '3'`, 8 ],
  [ '5 + TRUE', 6 ],
];

/** Negation: 6 cases. */
export const NEGATION: readonly ConformanceCase[] = [
  [ '-10', -10 ],
  [ '--10', 10 ],
  [ `-'10'`, -10 ],
  [ `--'10'`, 10 ],
  [ '-TRUE', -1 ],
  [ '-missing', 0, 'missingAttribute' ],
];

/** Expressions in parentheses: 3 cases. */
export const PARENTHESES: readonly ConformanceCase[] = [
  [ '(TRUE)', true ],
  [ '4 * (2 + 3)', 20 ],
  [ '(2 + 3) * 4', 20 ],
];

/** Functions of integers: 4 cases. */
export const INTEGER_FUNCTIONS: readonly ConformanceCase[] = [
  [ 'ABS(10)', 10 ],
  [ 'ABS(-10)', 10 ],
  [ 'ABS(0)', 0 ],
  [ 'ABS(-2147483648)', 2_147_483_647, 'math' ],
];

import type { ConformanceCase } from './ConformanceCase';

/** Functions that cast: 21 cases. */
export const CASTS: readonly ConformanceCase[] = [
  [ `INT('1')`, 1 ],
  [ `INT('-1')`, -1 ],
  [ 'INT(1)', 1 ],
  [ 'INT(-1)', -1 ],
  [ 'INT(TRUE)', 1 ],
  [ 'INT(FALSE)', 0 ],
  [ `INT('ABC')`, 0, 'cast' ],
  [ `BOOL('TRUE')`, true ],
  [ 'BOOL("false")', false ],
  [ 'BOOL(TRUE)', true ],
  [ 'BOOL(FALSE)', false ],
  [ `BOOL('ABC')`, false, 'cast' ],
  [ 'BOOL(1)', true ],
  [ 'BOOL(0)', false ],
  [ 'BOOL(100)', true ],
  [ 'BOOL(-50)', true ],
  [ 'STRING(TRUE)', 'true' ],
  [ 'STRING(FALSE)', 'false' ],
  [ 'STRING(1)', '1' ],
  [ 'STRING(-1)', '-1' ],
  [ 'STRING("abc")', 'abc' ],
];

/** Functions that test types, from the draft before 1.0: 9 cases. */
export const TYPE_TESTS: readonly ConformanceCase[] = [
  [ `IS_BOOL('true')`, true ],
  [ `IS_BOOL('FALSE')`, true ],
  [ 'IS_BOOL(1)', false ],
  [ `IS_BOOL('abc')`, false ],
  [ `IS_INT('-1')`, true ],
  [ `IS_INT('1')`, true ],
  [ 'IS_INT(TRUE)', false ],
  [ `IS_INT('abc')`, false ],
  [ `IS_STRING('ABC')`, false, 'missingFunction' ],
];

import type { ConformanceCase } from './ConformanceCase';

/** Binary logical operators, in the forms of two revisions: 18 cases. */
export const LOGIC: readonly ConformanceCase[] = [
  [ 'FALSE AND FALSE', false ],
  [ 'FALSE AND TRUE', false ],
  [ 'TRUE AND FALSE', false ],
  [ 'TRUE AND TRUE', true ],
  [ 'false and (1 != 1 / 0)', false ],
  [ 'true and (1 != 1 / 0)', false, 'math' ],
  [ 'true and (1 = 1 / 0)', false, 'math' ],
  [ 'FALSE OR FALSE', false ],
  [ 'FALSE OR TRUE', true ],
  [ 'TRUE OR FALSE', true ],
  [ 'TRUE OR TRUE', true ],
  [ 'true or (1 != 1 / 0)', true ],
  [ 'false or (1 != 1 / 0)', false, 'math' ],
  [ 'false or (1 = 1 / 0)', false, 'math' ],
  [ 'FALSE XOR FALSE', false ],
  [ 'FALSE XOR TRUE', true ],
  [ 'TRUE XOR FALSE', true ],
  [ 'TRUE XOR TRUE', false ],
];

/** Operator `NOT`: 6 cases. */
export const NOT: readonly ConformanceCase[] = [
  [ 'NOT TRUE', false ],
  [ 'NOT FALSE', true ],
  [ `NOT 'TRUE'`, false ],
  [ `NOT 'FALSE'`, true ],
  [ 'NOT 10', false ],
  [ 'NOT missing', false, 'missingAttribute' ],
];

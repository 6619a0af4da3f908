import type { ConformanceCase } from './ConformanceCase';

const source = 'http://localhost/source';

/** Operator `IN`: 16 cases. */
export const SETS: readonly ConformanceCase[] = [
  [ '123 IN (1, 2, 3, 12, 13, 23, 123)', true ],
  [ '123 NOT IN (1, 2, 3, 12, 13, 23, 123)', false ],
  [ `'abc' IN ('abc', "bcd")`, true ],
  [ `'aaa' IN ('abc', "bcd")`, false ],
  [ 'TRUE IN (TRUE, FALSE)', true ],
  [ 'TRUE IN (FALSE)', false ],
  [ `source IN (myext, 'abc')`, true, undefined, { source, myext: source }],
  [ 'source IN (source)', true, undefined, { source, myext: source }],
  [ `source IN (id, "${source}")`, true, undefined, { source, myext: source }],
  [ `source IN (id, 'xyz')`, false, undefined, { source }],
  [ `'true' IN (TRUE, 'false')`, true ],
  [ `'true' IN ('TRUE', 'false')`, false ],
  [ `TRUE IN ('true', 'false')`, true ],
  [ `'TRUE' IN (TRUE, 'false')`, false ],
  [ `1 IN ('1', '2')`, true ],
  [ `'1' IN (1, 2)`, true ],
];

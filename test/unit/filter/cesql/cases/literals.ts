import type { ConformanceCase } from './ConformanceCase';

/** Literals: 10 cases. */
export const LITERALS: readonly ConformanceCase[] = [
  [ 'TRUE', true ],
  [ 'FALSE', false ],
  [ '0', 0 ],
  [ '1', 1 ],
  [ `'abc'`, 'abc' ],
  [ '"abc"', 'abc' ],
  [ `'aBc'`, 'aBc' ],
  [ '"AbC"', 'AbC' ],
  [ String.raw`'a"b\'c'`, 'a"b\'c' ],
  [ String.raw`"a'b\"c"`, 'a\'b"c' ],
];

/** Case of keywords and texts: 7 cases. */
export const CASE: readonly ConformanceCase[] = [
  [ 'TRUE', true ],
  [ 'true', true ],
  [ 'tRuE', true ],
  [ 'FALSE', false ],
  [ 'false', false ],
  [ 'FaLsE', false ],
  [ `'aBcD'`, 'aBcD' ],
];

/** Expressions that do not parse: 1 case. */
export const PARSE_ERRORS: readonly ConformanceCase[] = [
  [ 'ABC(', false, 'parse' ],
];

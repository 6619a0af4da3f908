import type { ConformanceCase } from './ConformanceCase';

const TIME = '2018-04-26T14:48:09+02:00';

/** Access to attributes: 8 cases. */
export const ATTRIBUTES: readonly ConformanceCase[] = [
  [ 'id', 'myId', undefined, { id: 'myId' }],
  [ 'subject', 'mySubject', undefined, { subject: 'mySubject' }],
  [ 'subject', false, 'missingAttribute' ],
  [ 'mybool', true, undefined, { mybool: true }],
  [ 'myint', 10, undefined, { myint: 10 }],
  [ 'myext', 'my extension', undefined, { myext: 'my extension' }],
  [ 'source', 'http://localhost/source', undefined, { source: 'http://localhost/source' }],
  [ 'time', TIME, undefined, { time: TIME }],
];

/** Operator `EXISTS`: 7 cases. */
export const EXISTENCE: readonly ConformanceCase[] = [
  [ 'EXISTS specversion AND EXISTS id AND EXISTS type AND EXISTS SOURCE', true ],
  [ 'EXISTS time', true, undefined, { time: TIME }],
  [ 'EXISTS time', false ],
  [ 'NOT EXISTS time', true ],
  [ 'EXISTS myext', true, undefined, { myext: 'my value' }],
  [ 'EXISTS myext', false ],
  [ 'NOT EXISTS myext', true ],
];

import type { ConformanceCase } from './ConformanceCase';

const both = `id LIKE 'my%' AND source LIKE '%.ca'`;
const either = `id LIKE 'my%' OR source LIKE '%.ca'`;
const disjunction = `(id = 'myId' AND type LIKE '%.success') OR ` +
  `(id = 'notmyId' AND source LIKE 'http://%' AND type LIKE '%.warning')`;
const conjunction = `(id = 'myId' OR type LIKE '%.success') AND ` +
  `(id = 'notmyId' OR source LIKE 'https://%' OR type LIKE '%.warning')`;
const http = 'http://localhost.localdomain';
const https = 'https://localhost.localdomain';

/** Filters of the other dialects as expressions, in the forms of two revisions: 31 cases. */
export const SUBSCRIPTIONS: readonly ConformanceCase[] = [
  [ `source LIKE 'https://%'`, true, undefined, { source: 'https://example.com' }],
  [ `source LIKE 'https://%'`, false, undefined, { source: 'http://example.com' }],
  [ `myext LIKE 'custom%'`, true, undefined, { myext: 'customext' }],
  [ `myext LIKE 'custom%'`, false, 'missingAttribute' ],
  [ `type like '%.error'`, true, undefined, { type: 'com.github.error' }],
  [ `type like '%.error'`, false, undefined, { type: 'com.github.success' }],
  [ `myext LIKE '%ext'`, true, undefined, { myext: 'customext' }],
  [ `myext LIKE '%ext'`, false, 'missingAttribute' ],
  [ `id = 'myId'`, true, undefined, { id: 'myId' }],
  [ `id = 'myId'`, false, undefined, { id: 'notmyId' }],
  [ `myext = 'customext'`, true, undefined, { myext: 'customext' }],
  [ `myext = 'customext'`, false, 'missingAttribute' ],
  [ both, true, undefined, { id: 'myId', source: 'http://www.some-website.ca' }],
  [ both, false, undefined, { id: 'myId', source: 'http://www.some-website.com' }],
  [ `myext LIKE 'custom%' AND type LIKE '%.error'`, true, undefined, { myext: 'customext', type: 'com.github.error' }],
  [ `type LIKE 'example.%' AND myext LIKE 'custom%'`, false, 'missingAttribute', { type: 'example.event.type' }],
  [ either, true, undefined, { id: 'myId', source: 'http://www.some-website.ca' }],
  [ either, true, undefined, { id: 'myId', source: 'http://www.some-website.com' }],
  [ either, true, undefined, { id: 'notmyId', source: 'http://www.some-website.ca' }],
  [ either, false, undefined, { id: 'notmyId', source: 'http://www.some-website.com' }],
  [ `id LIKE 'my%' OR myext LIKE '%ext'`, false, 'missingAttribute', { id: 'notmyId' }],
  [ disjunction, true, undefined, { id: 'myId', type: 'example.event.success' }],
  [ disjunction, true, undefined, { id: 'notmyId', type: 'example.event.warning', source: http }],
  [ disjunction, false, undefined, { id: 'notmyId', type: 'example.event.warning', source: https }],
  [ `${disjunction} OR (myext = 'cusomext')`, false, 'missingAttribute', { id: 'notmyId', type: 'example.event.warning', source: https }],
  [ conjunction, true, undefined, { id: 'myId', type: 'example.event.warning', source: http }],
  [ conjunction, true, undefined, { id: 'notmyId', type: 'example.event.success', source: http }],
  [ conjunction, false, undefined, { id: 'notmyId', type: 'example.event.warning', source: http }],
  [ conjunction, false, undefined, { id: 'myId', type: 'example.event.success', source: http }],
  [ `${conjunction} AND (myext = 'customext')`, false, undefined, { id: 'myId', type: 'example.event.success', source: http }],
  [ `${conjunction} AND (myext = 'customext')`, false, 'missingAttribute', { id: 'myId', type: 'example.event.warning', source: http }],
];

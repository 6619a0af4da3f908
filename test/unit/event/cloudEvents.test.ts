import { declaresJson, isMediaType, isTimestamp, isUri, isUriReference } from '../../../src/event/cloudEvents';

describe('Values of CloudEvents attributes', (): void => {
  it.each([
    'https://a.example/', 'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66', 'mailto:cncf@cncf.io', 'a:', 'https://[::1]:3000/x?y#z',
    'https://user@a.example:80/%C3%A9', 'https://a.example/schema#/definitions/A',
  ])('%s is a URI and a URI reference.', (text): void => {
    expect(isUri(text)).toBe(true);
    expect(isUriReference(text)).toBe(true);
  });

  it.each([
    '/cloudevents/spec/pull/123', '1-555-123-4567', '/sensors/tn-1234567/alerts', '//a.example/x', '?x', '#x', '.', './a:b', 'contact#add', 'a%20b',
  ])('%s is a URI reference but not a URI.', (text): void => {
    expect(isUri(text)).toBe(false);
    expect(isUriReference(text)).toBe(true);
  });

  it.each([
    '', ' ', 'a b', '1:2', 'a%', 'a%zz', 'a%2', '<a>', 'a"', 'a\\b', 'a^b', 'a`b', 'a{b}', 'a|b', 'é', 'https://café.example/', 'a#b#c', '[a]', 'a\n',
    `a:${'x'.repeat(2_047)}`, 5, null, undefined, {},
  ])('%j is no URI reference.', (text): void => {
    expect(isUri(text)).toBe(false);
    expect(isUriReference(text)).toBe(false);
  });

  it.each([
    '2018-04-05T17:31:00Z', '2018-04-05T17:31:00.123456789Z', '2018-04-05t17:31:00z', '2018-04-05T17:31:00-23:59', '2016-12-31T23:59:60Z',
  ])('%s is a timestamp.', (text): void => {
    expect(isTimestamp(text)).toBe(true);
  });

  it.each([
    '2018-04-05', '2018-04-05T17:31Z', '2018-04-05T17:31:00', '2018-02-30T17:31:00Z', '2018-04-05T17:31:61Z', '2018-04-05T25:31:00Z',
    '2018-04-05 17:31:00Z', '2018-04-05T17:31:00.Z', '2018-04-05T17:31:00+2400', ' 2018-04-05T17:31:00Z', '', 5, null,
  ])('%j is no timestamp.', (text): void => {
    expect(isTimestamp(text)).toBe(false);
  });

  it.each([
    [ 'application/json', true ], [ 'text/json; charset=utf-8', true ], [ 'APPLICATION/VND.A+JSON', true ], [ undefined, true ],
    [ 'application/json-seq', false ], [ 'application/jsonx', false ], [ 'text/plain', false ], [ 'text/plain; a=/json', false ], [ '+json', false ],
  ])('The media type %s declares JSON: %j.', (type, expected): void => {
    expect(declaresJson(type)).toBe(expected);
  });

  it.each([
    [ 'text/plain', true ], [ 'text/plain;charset="u\\"tf"; a=b', true ], [ 'a/b;', true ], [ 'text', false ], [ 'text/', false ], [ '', false ],
    [ 'text/plain, text/html', false ], [ 'text/plain; a', false ], [ 'text/plain; a=b c', false ], [ 'tex t/plain', false ], [ 'text/pläin', false ],
    [ 'text/plain\r\nx: y', false ], [ `a/${'b'.repeat(2_048)}`, false ], [ 5, false ],
  ])('%j is a media type: %j.', (type, expected): void => {
    expect(isMediaType(type)).toBe(expected);
  });
});

import { InvalidInput } from '../../../src/event/InvalidInput';
import type { FilteredEvent } from '../../../src/filter/Filter';
import { FILTER_LIMITS } from '../../../src/filter/limits';
import { parseFilters } from '../../../src/filter/parseFilters';

const long = 'a'.repeat(60_000);
const event: FilteredEvent = { attributes: { id: '1', type: 'realestate/contact#add', long, hops: 2 }, data: { name: 'Ada' }};
const matches = (sql: string): boolean => parseFilters([{ sql }]).matches(event);

describe('A filter in CESQL', (): void => {
  it.each([
    [ 'TRUE', true ], [ 'FALSE', false ], [ `type LIKE 'realestate/%'`, true ], [ `DATA('/name') = 'Ada' AND hops < 3`, true ],
    [ '1', false ], [ `'true'`, false ], [ 'hops', false ], [ 'BOOL(hops)', true ],
    [ `missing = 'x'`, false ], [ `NOT (missing = 'x')`, false ], [ `id != missing`, false ], [ 'hops / 0 = 0', false ], [ `NOT 'x'`, false ],
  ])('%s matches: %j.', (sql, expected): void => expect(matches(sql)).toBe(expected));

  it('nests in other filters. An error is no match, so its negation matches.', (): void => {
    expect(parseFilters([{ not: { sql: `missing = 'x'` }}]).matches(event)).toBe(true);
    expect(parseFilters([{ any: [{ sql: 'FALSE' }, { all: [{ sql: 'hops = 2' }, { exact: { id: '1' }}] }] }]).matches(event)).toBe(true);
  });

  it('keeps the text in its canonical form.', (): void => {
    const filters = parseFilters([{ sql: ' Hops=2 ' }]);
    expect(filters.document).toEqual([{ sql: ' Hops=2 ' }]);
    expect(filters.text).toBe('[{"sql":" Hops=2 "}]');
  });

  it('states whether it reads data.', (): void => {
    expect(parseFilters([{ exact: { id: '1' }}, { any: [{ not: { sql: `TRUE AND NOT HAS_DATA('/a')` }}] }]).readsData).toBe(true);
    expect(parseFilters([{ all: [{ sql: `LENGTH(DATA('/a')) > 1` }] }]).readsData).toBe(true);
    expect(parseFilters([{ sql: `LENGTH(id) > 1` }]).readsData).toBe(false);
  });

  it.each([
    [ 5, 'Invalid filters/0/any/1/sql: expected a text with a CESQL expression' ],
    [ null, 'Invalid filters/0/any/1/sql: expected a text with a CESQL expression' ],
    [[ 'TRUE' ], 'Invalid filters/0/any/1/sql: expected a text with a CESQL expression' ],
    [ 'id =\n', 'Invalid filters/0/any/1/sql: expected a value, an attribute, a function or "(" at line 2, column 1, got the end' ],
    [ 'NOPE(1, 2) = 1', 'Invalid filters/0/any/1/sql: unknown function NOPE with 2 arguments' ],
    [ 'TRUE OR ABS(LENGTH()) = 1', 'Invalid filters/0/any/1/sql: unknown function LENGTH with 0 arguments' ],
    [ `DATA('name') = 'Ada'`, `Invalid filters/0/any/1/sql: expected a JSON pointer as the argument of DATA, such as '/address/city'` ],
    [ `HAS_DATA(5)`, `Invalid filters/0/any/1/sql: expected a JSON pointer as the argument of HAS_DATA, such as '/address/city'` ],
    [ `DATA('${'/a'.repeat(65)}')`, `Invalid filters/0/any/1/sql: expected a JSON pointer as the argument of DATA, such as '/address/city'` ],
  ])('rejects %j.', (sql, message): void => {
    const parse = (): unknown => parseFilters([{ any: [{ exact: { id: '1' }}, { sql }] }]);
    expect(parse).toThrow(InvalidInput);
    expect(parse).toThrow(message);
  });

  it('shares the limits on nodes and depth with the filters around it.', (): void => {
    const equal = { sql: 'id = 1' };
    expect(parseFilters(Array.from({ length: 16 }, (): unknown => equal)).document).toHaveLength(16);
    expect((): unknown => parseFilters(Array.from({ length: 17 }, (): unknown => equal))).toThrow('Invalid filters/16: expected at most 64 filters, compared attributes');
    expect(parseFilters([{ not: { not: { sql: '(((((id)))))' }}}]).document).toHaveLength(1);
    expect((): unknown => parseFilters([{ not: { not: { sql: '((((((id))))))' }}}])).toThrow('Invalid filters/0/not/not/sql: expected at most 8 levels');
    expect((): unknown => parseFilters([{ sql: `id = '${'x'.repeat(4_096)}'` }])).toThrow('Invalid filters: expected at most 4096 bytes');
  });

  it.each([
    `long LIKE '%${'_'.repeat(100)}b'`,
    `long LIKE '%${'a'.repeat(2_000)}b%'`,
    'LENGTH(CONCAT(CONCAT(long, long), CONCAT(long, long))) > 0',
    'CONCAT(long, long, long) != CONCAT(long, long, long, long)',
    `TRIM(UPPER(LOWER(SUBSTRING(long, 1)))) = '' OR LENGTH(long) > 0 OR TRUE`,
  ])('does not match if the work exceeds its limit, negated or not: %s.', (sql): void => {
    expect(matches(sql)).toBe(false);
    expect(parseFilters([{ not: { sql }}]).matches(event)).toBe(false);
    expect(parseFilters([{ any: [{ sql }, { exact: { id: '1' }}] }]).matches(event)).toBe(false);
  });

  it('matches long attributes within the limit.', (): void => {
    expect(matches(`long NOT LIKE '${'%a'.repeat(60)}b' AND long NOT LIKE '${'a%'.repeat(60)}b'`)).toBe(true);
    expect(matches(`long LIKE '%a%' AND LENGTH(long) = 60000 AND long NOT LIKE 'b%'`)).toBe(true);
    expect(FILTER_LIMITS.steps).toBeGreaterThan(2 * long.length);
  });

  it.each([
    undefined, null, 'text', 5, [], {}, { a: undefined }, new Date(0), Buffer.from('x'), Object.create(null), Symbol('a'), 10n, (): number => 1,
  ])('never throws, whatever the data is.', (data): void => {
    const filters = parseFilters([{ sql: `DATA('/a') = 'x' OR DATA('') = 'x' OR HAS_DATA('/0/b')` }]);
    expect(filters.matches({ ...event, data })).toBe(false);
  });
});

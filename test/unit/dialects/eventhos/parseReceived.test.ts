import type { HttpExchange } from '../../../../src/http/Endpoint';
import { pageDocument } from '../../../../src/dialects/eventhos/pages';
import { parseReceived } from '../../../../src/dialects/eventhos/parseReceived';

const parse = (query: string): unknown => parseReceived({ request: { url: `/user/event/received${query}` }} as unknown as HttpExchange);
const PAGE = { size: 5, index: 0, isDescending: false };

describe('A request for received events', (): void => {
  it.each([
    [ '', {}, PAGE ],
    [ '?', {}, PAGE ],
    [ '?systemId=&state=&itemsPerPage=&activeSort=', {}, PAGE ],
    [ '?itemsPerPage=100&pageIndex=3&order=DESC&activeSort=id', {}, { size: 100, index: 3, isDescending: true }],
    [ '?systemId=7&state=error', { system: 7, state: 'error' }, PAGE ],
    [ '?fromTime=2026-01-31T12:00:00Z&toTime=2026-01-31T12:00:01Z', { since: 1_769_860_800_000, until: 1_769_860_801_001 }, PAGE ],
    [ '?fromTime=1769860800000&toTime=1769860801000', { since: 1_769_860_800_000, until: 1_769_860_801_001 }, PAGE ],
    [ '?idSearch=0190A0&eventIdentifierSearch=new%20b', { id: '0190a0', identifier: 'new b' }, PAGE ],
  ])('with %j is read.', (query, filter, page): void => {
    expect(parse(query)).toEqual({ filter, page });
  });

  it.each([
    [ '?systemId=x', 'systemId' ],
    [ '?fromTime=yesterday', 'fromTime' ],
    [ '?toTime=12', 'toTime' ],
    [ '?state=retried', 'processed, waiting, error, ended, absent' ],
    [ '?idSearch=%25', 'idSearch' ],
    [ `?eventIdentifierSearch=${'x'.repeat(301)}`, 'eventIdentifierSearch' ],
    [ '?itemsPerPage=0', 'from 1 to 100' ],
    [ '?itemsPerPage=101', 'from 1 to 100' ],
    [ '?pageIndex=-1', 'pageIndex' ],
    [ '?pageIndex=1e3', 'pageIndex' ],
    [ '?order=random', 'asc or desc' ],
    [ '?activeSort=name', 'activeSort' ], [ '?activeSort=__proto__', 'activeSort' ],
    [ '?order=asc&order=asc', 'given twice' ],
    [ '?system=7', 'Unknown parameter "system"' ],
  ])('with %j is refused.', (query, message): void => {
    expect((): unknown => parse(query)).toThrow(message);
  });
});

describe('A page', (): void => {
  it.each([[ 0, 0 ], [ 5, 1 ], [ 6, 2 ]])('of %j items tells that there are %j.', (total, totalPages): void => {
    expect(pageDocument(PAGE, { items: [ 1 ], total }, (item): object => ({ item })))
      .toEqual({ items: [{ item: 1 }], pageIndex: 0, itemsPerPage: 5, totalItems: total, totalPages });
  });
});

import { parseDeliveryQuery, parseReplay } from '../../../../src/http/deliveries/parseDeliveries';

const ID = '019aa0de-7c1e-7000-8000-000000000000';

describe('The query for deliveries', (): void => {
  it('asks for the newest hundred, if it is empty.', (): void => {
    expect(parseDeliveryQuery('')).toEqual({ filter: {}, limit: 100, place: undefined });
  });

  it('takes ids and URLs, states, times, pages.', (): void => {
    const query = `event=http://localhost/user/inbox/${ID}&subscription=${ID.toUpperCase()}&state=dead&limit=1000&cursor=17` +
      '&since=2026-01-31&until=2026-01-31T12:00:00.5%2B01:00';
    expect(parseDeliveryQuery(query)).toEqual({
      filter: { event: ID, subscription: ID, state: 'dead', since: Date.UTC(2026, 0, 31), until: Date.UTC(2026, 0, 31, 11, 0, 0, 500) },
      limit: 1_000,
      place: 17,
    });
  });

  it('takes a plus that was not escaped.', (): void => {
    expect(parseDeliveryQuery('since=2026-01-31T12:00+01:00').filter.since).toBe(Date.UTC(2026, 0, 31, 11));
  });

  it.each([
    [ 'event=', 'Invalid event' ],
    [ 'event=http://localhost/user/inbox/', 'Invalid event: "http://localhost/user/inbox/" will not do' ],
    [ `event=${ID}&event=${ID}`, 'The parameter event is given twice' ],
    [ 'subscription=1', 'Invalid subscription' ],
    [ 'state=lost', 'Invalid state: "lost" will not do, it is one of waiting, delivered, dead, refused, ended' ],
    [ 'since=yesterday', 'Invalid since' ],
    [ 'since=2026-01-31T12:00', 'Invalid since' ],
    [ 'until=2026-13-01', 'Invalid until' ],
    [ 'until=1767225600000', 'Invalid until' ],
    [ 'limit=0', 'Invalid limit: expected a number from 1 to 1000, got "0"' ],
    [ 'limit=1001', 'Invalid limit' ],
    [ 'limit=1e2', 'Invalid limit' ],
    [ 'cursor=-1', 'Invalid cursor' ],
    [ 'cursor=9999999999999999', 'Invalid cursor' ],
    [ 'sate=dead', 'Unknown parameter "sate"' ],
  ])('is refused as %s.', (query, message): void => {
    expect((): unknown => parseDeliveryQuery(query)).toThrow(message);
  });
});

describe('The body of a replay', (): void => {
  it('has a range, and a place to go on from.', (): void => {
    expect(parseReplay('{"since":"2026-01-31"}')).toEqual({ since: Date.UTC(2026, 0, 31) });
    expect(parseReplay('{"since":"2026-01-31","until":"2026-02-01T00:00:00Z","cursor":"5"}'))
      .toEqual({ since: Date.UTC(2026, 0, 31), until: Date.UTC(2026, 1, 1), after: 5 });
  });

  it.each([
    [ '', 'No request body was sent' ],
    [ '[]', 'A replay is a JSON object' ],
    [ 'null', 'A replay is a JSON object' ],
    [ '{}', 'No since found' ],
    [ '{"since":5}', 'Invalid since: 5 will not do' ],
    [ '{"since":"2026-01-31","until":"x"}', 'Invalid until' ],
    [ '{"since":"2026-01-31","until":"2026-01-31"}', 'Invalid until: it is not later than since' ],
    [ '{"since":"2026-01-31","cursor":5}', 'Invalid cursor' ],
    [ '{"since":"2026-01-31","since":"2026-01-31"}', 'twice' ],
  ])('is refused as %s.', (text, message): void => {
    expect((): unknown => parseReplay(text)).toThrow(message);
  });
});

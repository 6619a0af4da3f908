import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGuard } from '../../../src/outgoing/AddressGuard';
import { GuardedOutgoing } from '../../../src/outgoing/GuardedOutgoing';
import { parseRetryAfter } from '../../../src/outgoing/singleHeaders';

describe('G8: a header that an answer may have once', (): void => {
  const out = new GuardedOutgoing({ guard: new AddressGuard([ '127.0.0.0/8' ]) });
  let headers: string[];
  const server = createServer((_request, response): void => {
    response.writeHead(201, headers);
    response.end();
  });

  beforeAll(async(): Promise<void> => new Promise((resolve): unknown => server.listen(0, '127.0.0.1', resolve)));

  afterAll(async(): Promise<void> => {
    await out.close();
    await new Promise((resolve): unknown => server.close(resolve));
  });

  it.each([
    [ 'location', [ '/a', '/b' ], '/a' ],
    [ 'location', [ '', '/b' ], '/b' ],
    [ 'location', [ '' ], undefined ],
    [ 'location', [ '  ' ], undefined ],
    [ 'location', [ 'http://u:p@host/a', 'http://[', '/a b', 'javascript:alert(1)', 'https://host/b' ], 'https://host/b' ],
    [ 'location', [ '//u@host/a' ], undefined ],
    [ 'retry-after', [ '20', '20' ], '20' ],
    [ 'retry-after', [ 'soon', '-5', '1.5', '', '30', '20' ], '30' ],
    [ 'retry-after', [ '20, 20' ], '20, 20' ],
    [ 'retry-after', [ 'Thu, 01 Jan 2026 02:00:00 GMT', '20' ], 'Thu, 01 Jan 2026 02:00:00 GMT' ],
    [ 'retry-after', [ 'never' ], undefined ],
    [ 'content-type', [ 'text/turtle', 'text/html' ], 'text/turtle' ],
    [ 'content-type', [ 'nonsense', 'text/turtle; charset=utf-8' ], 'text/turtle; charset=utf-8' ],
    [ 'webhook-allowed-origin', [ '*', 'evil.example' ], '*' ],
    [ 'webhook-allowed-rate', [ '', '120', '60' ], '120' ],
    [ 'link', [ '</a>; rel=a', '</b>; rel=b' ], '</a>; rel=a, </b>; rel=b' ],
    [ 'x-other', [ 'a', 'a' ], 'a, a' ],
  ])('%s of %j is %p.', async(name, values, expected): Promise<void> => {
    headers = values.flatMap((value): string[] => [ name, value ]);
    const { port } = server.address() as AddressInfo;
    const answer = await out.send({ method: 'GET', url: `http://127.0.0.1:${port}/` });
    expect(answer.headers[name]).toBe(expected);
  });

  it.each([
    [ '20', 20_000 ], [ ' 20 ', 20_000 ], [ '20, 20', 20_000 ], [ '0', 0 ], [ '-1', undefined ], [ '', undefined ], [ '1e3', undefined ], [ '20, x', undefined ], [ '20, 30', undefined ],
    [ 'Thu, 01 Jan 1970 00:00:07 GMT', 2_000 ], [ 'Thu Jan  1 00:00:07 1970', 2_000 ], [ 'Thu, 01 Jan 1970 00:00:01 GMT', 0 ], [ 'Thu, nonsense', undefined ],
    [ '9'.repeat(400), Infinity ],
  ])('Retry-After %j asks for %p ms.', (value, expected): void => {
    expect(parseRetryAfter(value, 5_000)).toBe(expected);
  });
});

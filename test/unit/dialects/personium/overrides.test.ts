import type { Server } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpRequest } from '@solid/community-server';
import { readText } from '../../../../src/http/body';
import { withOverrides } from '../../../../src/dialects/personium/overrides';
import type { HttpExchange } from '../../../../src/http/Endpoint';

/** A request as it is taken for. */
interface Taken {
  readonly method: string;
  readonly realMethod: string;
  readonly headers: Record<string, string>;
  readonly headersDistinct: Record<string, string[]>;
  readonly rawHeaders: string[];
  readonly body: string;
  /** Whether the request as it came is still as it came. */
  readonly isKept: boolean;
}

describe('Overrides', (): void => {
  let server: Server;

  beforeAll(async(): Promise<void> => {
    server = createServer((incoming, response): void => {
      const before = JSON.stringify(incoming.headers);
      const { method, request } = withOverrides({ request: incoming as unknown as HttpRequest, method: incoming.method! } as HttpExchange);
      readText(request, 100_000).then((body): void => {
        const { headers, headersDistinct, rawHeaders, method: realMethod } = request;
        const isKept = JSON.stringify(incoming.headers) === before;
        response.end(JSON.stringify({ method, realMethod, headers, headersDistinct, rawHeaders, body, isKept }));
      }).catch((error: unknown): void => {
        response.end(String(error));
      });
    });
    await new Promise<void>((resolve): unknown => server.listen(0, 'localhost', resolve));
  });

  afterAll((): unknown => server.close());

  const send = async(headers: Record<string, string | string[]>, method = 'POST', body = 'the body'): Promise<Taken> =>
    new Promise((resolve, reject): void => {
      const { port } = server.address() as AddressInfo;
      httpRequest({ host: 'localhost', port, method, headers: { 'Content-Length': Buffer.byteLength(body), ...headers }}, (response): void => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer): unknown => chunks.push(chunk));
        response.on('end', (): void => resolve(JSON.parse(Buffer.concat(chunks).toString())));
      }).on('error', reject).end(body);
    });

  it('change nothing where there are none.', async(): Promise<void> => {
    const request = { headers: { a: 'b' }} as unknown as HttpRequest;
    const exchange = { request, method: 'POST' } as HttpExchange;
    expect(withOverrides(exchange)).toEqual(exchange);
    expect(withOverrides(exchange).request).toBe(request);
  });

  it.each([ 'GET', 'PROPFIND', 'post', 'ANY THING' ])('of the method make a POST %s.', async(method): Promise<void> => {
    expect(await send({ 'X-HTTP-Method-Override': method })).toMatchObject({ method, realMethod: 'POST', body: 'the body' });
  });

  it('of the method are for POST only, and not empty.', async(): Promise<void> => {
    expect(await send({ 'X-HTTP-Method-Override': 'POST' }, 'PUT')).toMatchObject({ method: 'PUT' });
    expect(await send({ 'X-HTTP-Method-Override': '' })).toMatchObject({ method: 'POST' });
  });

  it('of headers replace them wherever they are read, and only in what follows.', async(): Promise<void> => {
    const taken = await send({
      Authorization: 'Bearer old',
      Cookie: 'a=b',
      'X-Override': [ 'AUTHORIZATION: Bearer new, and newer:x ', 'Accept:a/b', 'X-New:1', 'X-New:2', 'Cookie:' ],
    });
    expect(taken).toMatchObject({
      headers: { authorization: 'Bearer new, and newer:x', accept: 'a/b', 'x-new': '2', cookie: '' },
      headersDistinct: { authorization: [ 'Bearer new, and newer:x' ], 'x-new': [ '2' ], cookie: [ '' ]},
      body: 'the body',
      isKept: true,
    });
    const raw = taken.rawHeaders.map((text): string => text.toLowerCase());
    const valuesOf = (name: string): string[] => raw.filter((_text, index): boolean => index % 2 === 1 && raw[index - 1] === name);
    expect([ 'authorization', 'accept', 'x-new', 'cookie' ].map(valuesOf))
      .toEqual([[ 'bearer new, and newer:x' ], [ 'a/b' ], [ '2' ], [ '' ]]);
    expect(valuesOf('content-length')).toEqual([ '8' ]);
  });

  it('of headers are ignored where they are none.', async(): Promise<void> => {
    const before = await send({});
    const { headers } = await send({ 'X-Override': [ 'Authorization', ':x', ' : x', '', 'A b:x', '__proto__:x' ]});
    expect({ ...headers, 'x-override': undefined }).toEqual({ ...before.headers, ...JSON.parse('{"__proto__":"x"}'), 'x-override': undefined });
  });

  it('leave the headers of the transport as they came.', async(): Promise<void> => {
    const names = [ 'Host', 'Connection', 'Content-Length', 'Transfer-Encoding', 'Forwarded', 'X-Forwarded-For', 'x-forwarded-proto', 'X-Override' ];
    const before = await send({});
    const { headers, body } = await send({ 'X-Override': names.map((name): string => `${name}:evil`) });
    expect({ ...headers, 'x-override': undefined }).toEqual({ ...before.headers, 'x-override': undefined });
    expect(body).toBe('the body');
  });

  it('leave a large body whole.', async(): Promise<void> => {
    const body = 'é'.repeat(40_000);
    expect((await send({ 'X-Override': 'A:b' }, 'POST', body)).body).toBe(body);
  });
});

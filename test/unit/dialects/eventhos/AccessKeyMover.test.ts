import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { AccessKeyMover, moveAccessKey } from '../../../../src/dialects/eventhos/AccessKeyMover';

const KEY = 'spe_0123456789';

/** The URL and the header of a request after its keys are moved, and all values of the header. */
function moved(url: string, header?: string): [ isMoved: boolean, url: string, header: unknown, values: string[] ] {
  const headers: IncomingHttpHeaders = { ...header !== undefined && { 'access-key': header }};
  const made = { url, headers, headersDistinct: { ...header !== undefined && { 'access-key': [ header ]}} as Record<string, string[]> };
  const isMoved = moveAccessKey(made);
  return [ isMoved, made.url, made.headers['access-key'], made.headersDistinct['access-key'] ?? []];
}

describe('An access key in a URL', (): void => {
  it.each([
    '/user/event', '/user/event/send', '/user/system', '/user/system/1/events', '/event/send', '/a/b/c/event/received/1', '//user//event//send/',
    '/user/%65vent/send', '/user/%2565vent/send', '/user/x/../event', '/user\\event\\send', '/user%2Fevent', '/user/EVENT', 'http://localhost/user/event', '/user/event#', '/user/event;a=b',
  ])('is moved at %s.', (path): void => {
    expect(moved(`${path}?a=1&access-key=${KEY}&b=%20`)).toEqual([ true, `${path}?a=1&b=%20`, KEY, [ KEY ]]);
    expect(moved(`${path}?access-key=${KEY}`)).toEqual([ true, path, KEY, [ KEY ]]);
  });

  it.each([ '/user/publish/', '/user/events', '/user/systematic/', '/', '/user/received/execution-detail/1', '/user/xevent/', '/user/event.acl' ])('stays at %s.', (path): void => {
    expect(moved(`${path}?access-key=${KEY}`)).toEqual([ false, `${path}?access-key=${KEY}`, undefined, []]);
  });

  it.each([ 'access-key', 'access%2Dkey', '%61ccess-key', 'Access-Key', 'ACCESS%2dKEY' ])('is found by the name %s.', (name): void => {
    expect(moved(`/user/event?${name}=${KEY}&x`)).toEqual([ true, '/user/event?x', KEY, [ KEY ]]);
  });

  it.each([ 'access_key', 'xaccess-key', 'access-key[]', 'key', 'event-identifier' ])('has no name %s.', (name): void => {
    expect(moved(`/user/event?${name}=${KEY}`)[0]).toBe(false);
  });

  it('has its value decoded, as forms have it.', (): void => {
    expect(moved('/user/event?access-key=a%2Bb+c%0D%0A=d')[2]).toBe('a+b c\r\n=d');
    expect(moved('/user/event?access-key=%FF%')[2]).toBe('\uFFFD%');
  });

  it('stays apart from the header and from other keys.', (): void => {
    expect(moved(`/user/event?access-key=a&access-key=b`, 'c')).toEqual([ true, '/user/event', 'c', [ 'c', 'a', 'b' ]]);
    expect(moved(`/user/event?access-key=a`, '')).toEqual([ true, '/user/event', 'a', [ '', 'a' ]]);
  });

  it.each([ '', '****', 'undefined', 'null' ])('is removed if it is the placeholder %j.', (value): void => {
    expect(moved(`/user/event?access-key=${value}&a`)).toEqual([ true, '/user/event?a', undefined, []]);
    expect(moved(`/user/event?access-key=${value}`, KEY)).toEqual([ true, '/user/event', KEY, [ KEY ]]);
  });

  it('is never left, and other parameters stay as they are.', (): void => {
    const part = fc.oneof(fc.constantFrom('access-key=secret', 'access%2dkey=secret', 'Access-Key=secret', 'a=b', '', '=', 'a'), fc.webQueryParameters());
    fc.assert(fc.property(fc.array(part, { maxLength: 6 }), (parts): void => {
      const [ , url ] = moved(`/user/event?${parts.join('&')}`);
      expect(url.toLowerCase()).not.toMatch(/access(?:-|%2d)key=/u);
      const kept = (text: string): string[] => [ ...new URLSearchParams(text) ].filter(([ name ]): boolean => name.toLowerCase() !== 'access-key').map(String);
      expect(kept(url.split('?').slice(1).join('?'))).toEqual(kept(parts.join('&')));
    }));
  });

  it('is moved before other listeners of a server see the request, which must not be cached.', async(): Promise<void> => {
    const seen: unknown[] = [];
    const server = createServer((incoming, response): void => {
      seen.push([ incoming.method, incoming.url, incoming.headers['access-key'], incoming.headersDistinct['access-key'] ]);
      response.end();
    });
    server.on('upgrade', (incoming, socket): void => {
      seen.push([ 'upgrade', incoming.url, incoming.headers['access-key'] ]);
      socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n');
    });
    await new AccessKeyMover().handle(server);
    await new Promise<void>((resolve): unknown => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const ask = async(method: string, path: string, headers = {}): Promise<IncomingHttpHeaders> => new Promise((resolve): void => {
      request({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response): void => {
        response.resume().on('end', (): void => resolve(response.headers));
      }).end();
    });
    for (const method of [ 'GET', 'HEAD', 'OPTIONS', 'POST' ]) {
      expect(await ask(method, '/user//event/send?access-key=a', { 'Access-Key': 'b' })).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    }
    expect(await ask('GET', '/user/event', { 'access-key': 'b' })).not.toHaveProperty('referrer-policy');
    await new Promise<void>((resolve): void => {
      connect(port, '127.0.0.1').end('GET /user/event?access-key=a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n').resume().on('close', resolve);
    });
    server.close();
    expect(seen).toEqual([
      ...[ 'GET', 'HEAD', 'OPTIONS', 'POST' ].map((method): unknown => [ method, '/user//event/send', 'b', [ 'b', 'a' ]]),
      [ 'GET', '/user/event', 'b', [ 'b' ]],
      [ 'upgrade', '/user/event', 'a' ],
    ]);
  });
});

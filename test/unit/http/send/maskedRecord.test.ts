import type { HttpRequest } from '@solid/community-server';
import { maskedRecord, maskedUrl } from '../../../../src/http/send/maskedRecord';
import type { RequestRecord } from '../../../../src/store/RequestLog';

const SECRET = 'hunter2-hunter2';
const record = (headers: Record<string, string | string[]>, query = ''): RequestRecord => maskedRecord({
  request: { url: `/user/event/send${query}`, headers } as unknown as HttpRequest,
  method: 'POST',
  url: 'http://localhost:3000/user/event/send',
});

describe('A record of a request', (): void => {
  it.each([
    'authorization', 'proxy-authorization', 'cookie', 'access-key', 'x-api-key', 'x-auth-token', 'dpop', 'client_secret', 'X-Password',
    'passwd', 'signature', 'x-hub-signature-256', 'webhook-signature', 'sig', 'X-Amz-Credential', 'access_token', 'apikey', 'sessionid', 'jwt', 'id-token',
  ])('masks %s, be it a header or in the query.', (name): void => {
    const { headers, query } = record({ [name.toLowerCase()]: SECRET }, `?${name}=${SECRET}&${name}=twice`);
    expect([ headers, query ]).toEqual([{ [name.toLowerCase()]: '****' }, { [name]: '****' }]);
  });

  it('shows everything else.', (): void => {
    const shown = {
      host: 'localhost:3000', 'content-type': 'application/json', 'idempotency-key': 'one', 'x-personium-requestkey': 'two', design: 'three',
    };
    expect(record({ ...shown, 'x-many': [ 'a', 'b' ]}, '?event-identifier=new-bomb-k736k3hiW7&a=1&a=2')).toEqual({
      method: 'POST',
      url: 'http://localhost:3000/user/event/send',
      query: { 'event-identifier': 'new-bomb-k736k3hiW7', a: '1, 2' },
      headers: { ...shown, 'x-many': 'a,b' },
    });
  });

  it.each([ `Bearer ${SECRET}`, 'basic dXNlcjpwYXNz', `spe_${'a'.repeat(43)}`, `x spe_${'a'.repeat(43)}`, 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2ln' ])('masks %s, whatever it is called.', (value): void => {
    const { headers, query } = record({ 'x-note': value }, `?note=${encodeURIComponent(value)}`);
    expect([ headers, query ]).toEqual([{ 'x-note': '****' }, { note: '****' }]);
  });

  it('does not show the query of the page that it comes from.', (): void => {
    expect(record({ referer: `https://app.example/page?code=${SECRET}` }).headers).toEqual({ referer: 'https://app.example/page' });
  });

  it('takes names that objects have.', (): void => {
    const { query } = record({}, '?__proto__=1&constructor=2');
    expect(JSON.stringify(query)).toBe('{"__proto__":"1","constructor":"2"}');
  });
});

describe('A masked URL', (): void => {
  it('shows neither query nor user.', (): void => {
    expect(maskedUrl('https://hooks.example/a/b')).toBe('https://hooks.example/a/b');
    expect(maskedUrl(`https://user:${SECRET}@hooks.example/a?b=${SECRET}`)).toBe('https://hooks.example/a?****');
  });
});

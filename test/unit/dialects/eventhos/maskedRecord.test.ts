import type { HttpRequest } from '@solid/community-server';
import { maskedRecord } from '../../../../src/dialects/eventhos/maskedRecord';
import type { RequestRecord } from '../../../../src/store/RequestRecord';

const SECRET = 'hunter2-hunter2';
const record = (headers: Record<string, string | string[]>, query = ''): RequestRecord => maskedRecord({
  request: { url: `/user/event/send${query}`, headers } as unknown as HttpRequest,
  method: 'POST',
  url: 'http://localhost:3000/user/event/send',
});

describe('A record of a request', (): void => {
  it.each([
    'authorization', 'cookie', 'access-key', 'x-api-key', 'x-auth-token', 'dpop', 'client_secret', 'passphrase', 'x-pin', 'otp', 'code', 'assertion', 'x-hmac',
    'x-override', 'x-original-uri', 'x-forwarded-uri', 'x-forwarded-for', 'forwarded', 'referer', 'content-secret', 'accept-token', 'x-note', '__proto__', 'constructor',
  ])('masks %s, be it a header or in the query.', (name): void => {
    const { headers, query } = record(Object.fromEntries([[ name, SECRET ]]), `?${name}=${SECRET}&${name}=twice`);
    expect([ headers, query ]).toEqual([ Object.fromEntries([[ name, '****' ]]), Object.fromEntries([[ name, '****' ]]) ]);
  });

  it('shows what is known to be harmless.', (): void => {
    const shown = {
      host: 'localhost:3000', 'content-type': 'application/json', accept: '*/*', 'user-agent': 'curl/8', 'idempotency-key': 'one', 'x-personium-requestkey': 'two',
    };
    expect(record(shown, '?event-identifier=new-bomb-k736k3hiW7&host=a')).toEqual({
      method: 'POST',
      url: 'http://localhost:3000/user/event/send',
      query: { 'event-identifier': 'new-bomb-k736k3hiW7', host: '****' },
      headers: shown,
    });
  });

  it.each([ `Bearer ${SECRET}`, 'basic dXNlcjpwYXNz', `spe_${'a'.repeat(43)}`, `x spe_${'a'.repeat(43)}`, 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2ln' ])('masks %s, whatever it is called.', (value): void => {
    const { headers, query } = record({ 'user-agent': value }, `?event-identifier=${encodeURIComponent(value)}`);
    expect([ headers, query ]).toEqual([{ 'user-agent': '****' }, { 'event-identifier': '****' }]);
  });
});

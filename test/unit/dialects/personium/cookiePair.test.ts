import { pairOf } from '../../../../src/dialects/personium/cookiePair';

const QUERY = '/a/__event?p_cookie_peer=the%20peer';
const cookie = 'p_cookie=it';

describe('The cookie and its peer', (): void => {
  it.each([
    [ cookie ],
    [ 'a=b; p_cookie=it; c=d' ],
    [ 'p_cookie_peer=x;xp_cookie=y;\tp_cookie= it ;p_cookie=second' ],
  ])('are found in %p.', (header): void => {
    expect(pairOf({ url: `${QUERY}&x=y?z`, headers: { cookie: header }})).toEqual({ cookie: 'it', peer: 'the peer' });
  });

  it('keep a peer that is alone, so that it can be refused.', (): void => {
    expect(pairOf({ url: QUERY, headers: {}})).toEqual({ cookie: '', peer: 'the peer' });
    expect(pairOf({ url: QUERY, headers: { cookie: 'other=it' }})).toEqual({ cookie: '', peer: 'the peer' });
    expect(pairOf({ url: '/a/__event?p_cookie_peer=', headers: { cookie }})).toEqual({ cookie: 'it', peer: '' });
  });

  it.each([
    [ 'a cookie alone', '/a/__event', { cookie }],
    [ 'another query', '/a/__event?peer=x', { cookie }],
    [ 'Authorization', QUERY, { cookie, authorization: 'Bearer x' }],
    [ 'an empty Authorization', QUERY, { cookie, authorization: '' }],
    [ 'an API key', QUERY, { cookie, 'x-api-key': 'spe_' }],
  ])('are no credentials with %s.', (_name, url, headers): void => {
    expect(pairOf({ url, headers })).toBeUndefined();
  });
});

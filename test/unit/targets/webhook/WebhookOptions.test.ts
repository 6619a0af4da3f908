import { InvalidInput } from '../../../../src/event/InvalidInput';
import { authorizationOf } from '../../../../src/targets/webhook/sinkCredential';
import { modeOf, WebhookOptions } from '../../../../src/targets/webhook/WebhookOptions';

const options = new WebhookOptions();
const parse = (values: Readonly<Record<string, unknown>>): unknown => options.parse(values, 'https://hooks.example/');

describe('The options of a webhook', (): void => {
  it('are a mode, and limits of batches.', (): void => {
    const batch = { maxEvents: 100, maxWaitMs: 60_000 };
    expect(parse({ mode: 'binary' })).toEqual({ settings: '{"mode":"binary"}' });
    expect(parse({ mode: 'structured' })).toEqual({ settings: '{"mode":"structured"}' });
    expect(parse({ batch })).toEqual({ settings: `{"mode":"structured","batch":${JSON.stringify(batch)}}`, batch });
    expect(parse({ batch: { maxEvents: 1, maxWaitMs: 0 }, mode: 'structured' })).toMatchObject({ batch: { maxEvents: 1, maxWaitMs: 0 }});
    expect(parse({ batch: null, mode: 'binary' })).toEqual({ settings: '{"mode":"binary"}' });
    expect(options.members(`{"mode":"structured","batch":${JSON.stringify(batch)}}`)).toEqual({ mode: 'structured', batch });
    expect([ modeOf(null), modeOf('{"mode":"binary"}') ]).toEqual([ 'structured', 'binary' ]);
  });

  const token = {
    credentialtype: 'ACCESSTOKEN', accesstoken: 'abc.DEF-1_2~3+/==', accesstokenexpiresutc: '2999-01-01T00:00:00Z', accesstokentype: 'bearer',
  };

  it('are an access token, sent until it expires.', (): void => {
    const { credential, ...others } = parse({ sinkcredential: token }) as { credential: string };
    expect(others).toEqual({});
    const expires = Date.parse('2999-01-01T00:00:00Z');
    expect(authorizationOf(credential, expires - 1)).toEqual({ authorization: 'Bearer abc.DEF-1_2~3+/==' });
    expect(authorizationOf(credential, expires)).toBeUndefined();
    expect(authorizationOf(null, 0)).toEqual({});
    expect(parse({ sinkcredential: null })).toEqual({ credential: null });
    expect(options.parse({ sinkcredential: token }, 'http://127.0.0.1:1/')).toHaveProperty('credential');
    for (const url of [ 'http://hooks.example/', 'http://127.0.0.1.example/', 'http://10.0.0.1/' ]) {
      expect((): unknown => options.parse({ sinkcredential: token }, url)).toThrow('https webhooks only');
    }
  });

  it.each([
    { credentialtype: 'PLAIN' }, { credentialtype: undefined }, { accesstoken: '' }, { accesstoken: 'a b' }, { accesstoken: 'a\r\nX: y' }, { accesstoken: 1 },
    { accesstoken: 'a'.repeat(4_097) }, { accesstoken: undefined }, { accesstokenexpiresutc: '2020-01-01T00:00:00Z' }, { accesstokenexpiresutc: 'soon' },
    { accesstokenexpiresutc: 9e12 }, { accesstokenexpiresutc: undefined }, { accesstokentype: 'MAC' }, { accesstokentype: undefined }, { refreshtoken: 'x' },
  ])('are no access token with %j, which no message has.', (fields): void => {
    let message = '';
    try {
      parse({ sinkcredential: { ...token, ...fields }});
    } catch (error: unknown) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(/^Invalid sinkcredential: expected an object/u);
    expect(message).not.toContain('abc.DEF');
  });

  it.each([
    { sinkcredential: 5 }, { sinkcredential: [] }, { sinkcredential: 'Bearer x' },
    { mode: 'batched' }, { mode: null }, { mode: 1 }, { mode: [ 'binary' ]}, { mode: 'Binary' },
    { batch: 5 }, { batch: true }, { batch: []}, { batch: {}}, { batch: { maxEvents: 10 }}, { batch: { maxWaitMs: 10 }},
    { batch: { maxEvents: 0, maxWaitMs: 0 }}, { batch: { maxEvents: 101, maxWaitMs: 0 }}, { batch: { maxEvents: 1.5, maxWaitMs: 0 }},
    { batch: { maxEvents: '1', maxWaitMs: 0 }}, { batch: { maxEvents: 1, maxWaitMs: -1 }}, { batch: { maxEvents: 1, maxWaitMs: 60_001 }},
    { batch: { maxEvents: Number.NaN, maxWaitMs: 0 }}, { batch: { maxEvents: 1, maxWaitMs: 0, maxBytes: 1 }},
    { batch: { maxEvents: 1, maxWaitMs: 0 }, mode: 'binary' },
  ])('are not %j.', (values): void => {
    expect((): unknown => parse(values)).toThrow(InvalidInput);
  });
});

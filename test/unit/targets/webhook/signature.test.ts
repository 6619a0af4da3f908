import { Webhook } from 'standardwebhooks';
import { newSecret, sign } from '../../../../src/targets/webhook/signature';

const now = (): number => Math.floor(Date.now() / 1_000);

describe('The signature of a webhook', (): void => {
  it('is what Standard Webhooks verifies.', (): void => {
    const secret = newSecret();
    for (const body of [ '{"a":1.0,"b":"Grüße 😀"}', '{}', JSON.stringify('x'.repeat(100_000)) ]) {
      expect(new Webhook(secret).verify(body, sign([ secret ], 'event-1', now(), body))).toEqual(JSON.parse(body));
    }
  });

  it('is that of the example of its specification.', (): void => {
    expect(sign([ 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' ], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('holds for the old and the new secret while it is being changed.', (): void => {
    const [ old, young, other ] = [ newSecret(), newSecret(), newSecret() ];
    const headers = sign([ young, old ], 'event-1', now(), '{}');
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
    expect(new Webhook(old).verify('{}', headers)).toEqual({});
    expect(new Webhook(young).verify('{}', headers)).toEqual({});
    expect((): unknown => new Webhook(other).verify('{}', headers)).toThrow('No matching signature');
  });

  it('does not hold for anything else.', (): void => {
    const secret = newSecret();
    const headers = sign([ secret ], 'event-1', now(), '{}');
    const webhook = new Webhook(secret);
    expect((): unknown => webhook.verify('{ }', headers)).toThrow('No matching signature');
    expect((): unknown => webhook.verify('{}', { ...headers, 'webhook-id': 'event-2' })).toThrow('No matching signature');
    expect((): unknown => webhook.verify('{}', { ...headers, 'webhook-timestamp': `${now() - 10}` })).toThrow('No matching signature');
    expect((): unknown => webhook.verify('{}', sign([ secret ], 'event-1', now() - 301, '{}'))).toThrow('too old');
  });

  it('has a secret of 32 random bytes.', (): void => {
    const secrets = Array.from({ length: 100 }, newSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/u);
    }
  });

  it('is not made with what is no secret, which is not quoted.', (): void => {
    const base64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
    for (const secret of [ '', 'whsec_', base64(32), `whsec_${base64(23)}`, `whsec_${base64(65)}`, `whsec_${base64(32)}*`, `whsec_${'€'.repeat(40)}` ]) {
      expect((): unknown => sign([ secret ], 'event-1', 1, '{}')).toThrow(/^The secret of a webhook has to be whsec_ and the Base64 of 24 to 64 bytes$/u);
    }
    for (const bytes of [ 24, 64 ]) {
      expect(sign([ `whsec_${base64(bytes)}` ], 'event-1', 1, '{}')['webhook-signature']).toMatch(/^v1,/u);
    }
    expect((): unknown => sign([], 'event-1', 1, '{}')).toThrow('without a secret');
  });
});

import type { HttpExchange } from '../../../src/http/Endpoint';
import { idempotencyKeyOf } from '../../../src/http/idempotency';

describe('The key of a request', (): void => {
  const of = (key: unknown, body = '{}', url = '/a/event/send?x=1', path = 'event/send', parameters?: string[]): ReturnType<typeof idempotencyKeyOf> =>
    idempotencyKeyOf({ request: { headers: { 'idempotency-key': key }, url }, path } as unknown as HttpExchange, body, parameters);

  it('may be absent.', (): void => {
    expect(of(undefined)).toBeUndefined();
  });

  it('is visible ASCII of bounded length.', (): void => {
    expect(of('"8e03978e-40d5-43dd-bc93-6894a57f9324"')!.key).toBe('"8e03978e-40d5-43dd-bc93-6894a57f9324"');
    expect(of('k'.repeat(255))).toBeDefined();
    for (const key of [ '', 'a b', 'ä', 'k'.repeat(256), [ 'a', 'b' ]]) {
      expect(() => of(key)).toThrow('Invalid Idempotency-Key');
    }
  });

  it('comes with what is asked for: path, query and body, but not who asks.', (): void => {
    const { fingerprint } = of('k')!;
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/u);
    expect(of('other')!.fingerprint).toBe(fingerprint);
    const withPeer = '/a/event/send?x=1&p_cookie_peer=p';
    expect(of('k', '{}', withPeer, 'event/send', [ 'p_cookie_peer' ])!.fingerprint).toBe(fingerprint);
    expect(of('k', '{}', withPeer)!.fingerprint).not.toBe(fingerprint);
    expect(of('k', '{}', '/a/publish/', 'publish/')!.fingerprint).toBe(of('k', '{}', '/a/publish', 'publish')!.fingerprint);
    const others = [ of('k', '{ }'), of('k', '{}', '/a/event/send?x=2'), of('k', '{}', '/a/event/send'), of('k', '{}', '/a/x?x=1', 'x') ];
    expect(new Set([ fingerprint, ...others.map((one): string => one!.fingerprint) ]).size).toBe(5);
  });
});

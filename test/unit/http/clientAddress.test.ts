import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../../../src/http/clientAddress';

const addressOf = (remoteAddress: string | undefined, isProxyTrusted = false, forwarded?: string): string => clientAddress({
  socket: { remoteAddress }, headers: { ...forwarded !== undefined && { 'x-forwarded-for': forwarded }},
} as unknown as IncomingMessage, isProxyTrusted);

describe('The address of a client', (): void => {
  it.each([
    [ '192.0.2.1', '192.0.2.1' ],
    [ '::ffff:192.0.2.1', '192.0.2.1' ],
    [ '::1', '0:0:0:0::/64' ],
    [ '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64' ],
    [ '2001:0DB8:1:2::', '2001:db8:1:2::/64' ],
    [ '2001:db8::6', '2001:db8:0:0::/64' ],
    [ 'fe80::1%eth0', 'fe80:0:0:0::/64' ],
    [ undefined, '' ],
  ])('%s counts as %s.', (remote, expected): void => {
    expect(addressOf(remote)).toBe(expected);
  });

  it.each([
    [ '198.51.100.7', '198.51.100.7' ],
    [ '203.0.113.1, 198.51.100.7', '198.51.100.7' ],
    [ '203.0.113.1,198.51.100.7:1234', '198.51.100.7' ],
    [ '[2001:db8:1:2::7]:443', '2001:db8:1:2::/64' ],
    [ 'unknown', '192.0.2.1' ],
    [ '', '192.0.2.1' ],
  ])('is what a trusted proxy has appended: %s.', (forwarded, expected): void => {
    expect(addressOf('192.0.2.1', true, forwarded)).toBe(expected);
    expect(addressOf('192.0.2.1', false, forwarded)).toBe('192.0.2.1');
  });

  it('is none without a connection.', (): void => {
    expect(clientAddress({ socket: null, headers: {}} as unknown as IncomingMessage, false)).toBe('');
  });
});

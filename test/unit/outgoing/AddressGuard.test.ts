import { AddressGuard } from '../../../src/outgoing/AddressGuard';

/** Addresses that nothing may be sent to, and as what they are refused. */
const REFUSED: readonly [address: string, kind: string][] = [
  // This host and this network.
  [ '0.0.0.0', 'unspecified' ],
  [ '0.1.2.3', 'unspecified' ],
  [ '127.0.0.1', 'loopback' ],
  [ '127.255.255.254', 'loopback' ],
  [ '::', 'unspecified' ],
  [ '::1', 'loopback' ],
  [ '0:0:0:0:0:0:0:1', 'loopback' ],
  [ '0000:0000:0000:0000:0000:0000:0000:0001', 'loopback' ],
  [ '::0.0.0.1', 'loopback' ],
  // Private networks.
  [ '10.0.0.0', 'private' ],
  [ '10.255.255.255', 'private' ],
  [ '172.16.0.1', 'private' ],
  [ '172.31.255.255', 'private' ],
  [ '192.168.0.1', 'private' ],
  [ 'fc00::1', 'private' ],
  [ 'fdff:ffff::1', 'private' ],
  [ 'fec0::1', 'reserved' ],
  [ 'feff::1', 'reserved' ],
  [ '100.64.0.1', 'carrier NAT' ],
  [ '100.127.255.255', 'carrier NAT' ],
  // Link-local.
  [ '169.254.0.1', 'link-local' ],
  [ 'fe80::1', 'link-local' ],
  [ 'fe80::1%eth0', 'link-local' ],
  [ 'febf:ffff::1', 'link-local' ],
  // Metadata of virtual machines: AWS and most others, AWS by version 6, Google by version 6, Alibaba, Oracle, Azure.
  [ '169.254.169.254', 'link-local' ],
  [ 'fd00:ec2::254', 'private' ],
  [ 'fd20:ce::254', 'private' ],
  [ '100.100.100.200', 'carrier NAT' ],
  [ '192.0.0.192', 'reserved' ],
  [ '168.63.129.16', 'metadata' ],
  // Multicast and broadcast.
  [ '224.0.0.1', 'multicast' ],
  [ '239.255.255.250', 'multicast' ],
  [ 'ff02::1', 'multicast' ],
  [ 'ff0e::1', 'multicast' ],
  [ '255.255.255.255', 'broadcast' ],
  // Documentation, benchmarks, protocols, and what is kept for later.
  [ '192.0.2.1', 'reserved' ],
  [ '198.51.100.1', 'reserved' ],
  [ '203.0.113.1', 'reserved' ],
  [ '2001:db8::1', 'reserved' ],
  [ '3fff::1', 'reserved' ],
  [ '3fff:fff::1', 'reserved' ],
  [ '198.18.0.1', 'reserved' ],
  [ '198.19.255.255', 'reserved' ],
  [ '2001:2::1', 'reserved' ],
  [ '192.0.0.1', 'reserved' ],
  [ '192.0.0.170', 'reserved' ],
  [ '192.31.196.1', 'reserved' ],
  [ '192.52.193.1', 'reserved' ],
  [ '192.175.48.1', 'reserved' ],
  [ '192.88.99.1', 'reserved' ],
  [ '240.0.0.1', 'reserved' ],
  [ '254.255.255.255', 'reserved' ],
  [ '100::1', 'reserved' ],
  [ '100:0:0:1::1', 'reserved' ],
  [ '200::1', 'reserved' ],
  [ '1fff::1', 'reserved' ],
  [ '2001:1ff::1', 'reserved' ],
  [ '2001:10::1', 'reserved' ],
  [ '2001:20::1', 'reserved' ],
  [ '2001:30::1', 'reserved' ],
  [ '2001:4:112::1', 'reserved' ],
  [ '2620:4f:8000::1', 'reserved' ],
  [ '4000::1', 'reserved' ],
  [ '5f00::1', 'reserved' ],
  [ '8000::1', 'reserved' ],
  // Version 4 within version 6, also where the address within would be reached by itself.
  [ '::ffff:127.0.0.1', 'v4-mapped' ],
  [ '::ffff:7f00:1', 'v4-mapped' ],
  [ '0:0:0:0:0:ffff:a9fe:a9fe', 'v4-mapped' ],
  [ '::FFFF:10.0.0.1', 'v4-mapped' ],
  [ '::ffff:1.1.1.1', 'v4-mapped' ],
  [ '::ffff:0:127.0.0.1', 'reserved' ],
  [ '::127.0.0.1', 'reserved' ],
  [ '::7f00:1', 'reserved' ],
  [ '::1.1.1.1', 'reserved' ],
  [ '64:ff9b::127.0.0.1', 'NAT64' ],
  [ '64:ff9b::a9fe:a9fe', 'NAT64' ],
  [ '64:ff9b::1.1.1.1', 'NAT64' ],
  [ '64:ff9b:1::7f00:1', 'NAT64' ],
  [ '64:ff9b:1:ffff::1', 'NAT64' ],
  [ '64:ff9b:2::1', 'reserved' ],
  [ '2002:7f00:1::', '6to4' ],
  [ '2002:a9fe:a9fe::1', '6to4' ],
  [ '2001::1', 'Teredo' ],
  [ '2001:0:4136:e378:8000:63bf:3fff:fdd2', 'Teredo' ],
  [ '2606:4700::5efe:127.0.0.1', 'ISATAP' ],
  [ '2606:4700::200:5efe:10.0.0.1', 'ISATAP' ],
  // What is no address, and what others read otherwise.
  [ '', 'malformed' ],
  [ 'localhost', 'malformed' ],
  [ '127.1', 'malformed' ],
  [ '2130706433', 'malformed' ],
  [ '0x7f.0.0.1', 'malformed' ],
  [ '0177.0.0.1', 'malformed' ],
  [ '010.0.0.1', 'malformed' ],
  [ '127.0.0.1.', 'malformed' ],
  [ '1.1.1.1 ', 'malformed' ],
  [ '256.1.1.1', 'malformed' ],
  [ '[::1]', 'malformed' ],
  [ '1::2::3', 'malformed' ],
  [ '127。0。0。1', 'malformed' ],
];

/** The public internet, up to the edges of what is not. */
const REACHED: readonly string[] = [
  '1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.1',
  '168.63.129.15', '168.63.129.17', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.0',
  '192.0.3.0', '192.88.98.1', '192.88.100.1', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0',
  '203.0.112.255', '203.0.114.0', '223.255.255.255', '2001:200::1', '2001:4860:4860::8888', '2003::1',
  '2606:4700:4700::1111', '2606:4700::5eff:7f00:1', '2a00:1450::1', '2001:db7::1', '2001:db9::1', '3ffe::1', '3fff:1000::1',
];

describe('An address guard', (): void => {
  const guard = new AddressGuard();

  it.each(REFUSED)('refuses "%s", which is %s.', (address, kind): void => {
    expect(guard.refusal(address)).toBe(kind);
    expect(guard.isAllowed(address)).toBe(false);
  });

  it.each(REACHED)('lets %s be reached, and yet has not been told to.', (address): void => {
    expect(guard.refusal(address)).toBeUndefined();
    expect(guard.isAllowed(address)).toBe(false);
  });

  it('refuses all that is not given out to anybody, wherever in version 6 it is.', (): void => {
    for (let first = 0; first < 0x10000; first += 0x40) {
      if (first < 0x2000 || first > 0x3FFF) {
        expect([ first, guard.refusal(`${first.toString(16)}:1:2:3:4:5:6:7`) ]).not.toEqual([ first, undefined ]);
      }
    }
  });

  it('allows what it is told to, and no more.', (): void => {
    const some = new AddressGuard([ '127.0.0.0/8', '::1/128', '10.1.0.0/16' ]);
    for (const address of [ '127.0.0.1', '127.255.255.255', '::1', '10.1.255.255' ]) {
      expect([ address, some.refusal(address), some.isAllowed(address) ]).toEqual([ address, undefined, true ]);
    }
    for (const address of [ '10.0.255.255', '10.2.0.0', '::2', '::', '169.254.169.254', '64:ff9b::7f00:1', '::127.0.0.1', '2002:7f00:1::', '127.1' ]) {
      expect([ address, typeof some.refusal(address), some.isAllowed(address) ]).toEqual([ address, 'string', false ]);
    }
    expect(some.refusal('1.1.1.1')).toBeUndefined();
  });

  it('means a mapped address by the one that it stands for, in what is allowed and in what is asked.', (): void => {
    expect(new AddressGuard([ '127.0.0.0/8' ]).isAllowed('::ffff:127.0.0.1')).toBe(true);
    expect(new AddressGuard([ '127.0.0.0/8' ]).isAllowed('::ffff:7f00:1')).toBe(true);
    expect(new AddressGuard([ '127.0.0.0/8' ]).isAllowed('::ffff:a00:1')).toBe(false);
    expect(new AddressGuard([ '::ffff:127.0.0.0/104' ]).isAllowed('127.0.0.1')).toBe(true);
    expect(new AddressGuard([ '::ffff:127.0.0.0/104' ]).isAllowed('128.0.0.1')).toBe(false);
  });

  it('allows other addresses that stand for one of version 4 only by their own block.', (): void => {
    const some = new AddressGuard([ '64:ff9b::/96' ]);
    expect(some.refusal('64:ff9b::7f00:1')).toBeUndefined();
    expect(some.refusal('127.0.0.1')).toBe('loopback');
  });

  it('reads lists, as they come from a command line.', (): void => {
    const some = new AddressGuard([ '127.0.0.0/8, ::1/128,', '', ' 10.0.0.0/8 fe80::/10' ]);
    expect([ '127.0.0.1', '::1', '10.0.0.1', 'fe80::1%eth0', '1.1.1.1' ].map((address): boolean => some.isAllowed(address)))
      .toEqual([ true, true, true, true, false ]);
    expect(new AddressGuard([ '' ]).isAllowed('127.0.0.1')).toBe(false);
  });

  it.each([
    '127.0.0.1', '::1', 'localhost', 'localhost/8', '127/8', '127.1/8', '0x7f.0.0.0/8', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8',
    '10.0.0.0/', '/8', '10.0.0.0/255.0.0.0', '::/129', 'fe80::1%eth0/64', '[::1]/128', '10.0.0.0-10.0.0.9', '*', 'true', 'all',
  ])('does not take "%s" for a block of addresses.', (text): void => {
    expect((): unknown => new AddressGuard([ `127.0.0.0/8,${text}` ])).toThrow(`Invalid address block "${text}": expected CIDR notation such as`);
  });

  it.each([ '0.0.0.0/0', '::/0', '0.0.0.0/1', '128.0.0.0/1', '10.0.0.0/7', '::/1', '2000::/3', '::ffff:0:0/96', '::ffff:0.0.0.0/97' ])(
    'does not take %s for an exception.',
    (text): void => {
      expect((): unknown => new AddressGuard([ text ])).toThrow(`Address block "${text}" is too wide`);
    },
  );
});

import { isIP, isIPv4 } from 'node:net';
import type { IPv4, IPv6 } from 'ipaddr.js';
import { IPv4 as V4, IPv6 as V6 } from 'ipaddr.js';

interface Block<T> {
  readonly base: T;
  /** Length of the network prefix, in bits. */
  readonly bits: number;
}

/** Minimum prefix length of an allowed block, by IP version. 10.0.0.0/8 and fc00::/7 are the widest useful blocks. */
const MIN_PREFIX_LENGTH = { 4: 8, 6: 7 };
const MAPPED_BITS = 96;
/** The block of all allocated IPv6 internet addresses. */
const GLOBAL_V6: Block<IPv6> = { base: V6.parse('2000::'), bits: 3 };
/** Metadata service of Azure's virtual machines, which lies outside of all special-purpose blocks. */
const AZURE = '168.63.129.16';

/** Names of the library's address ranges in messages. Other ranges are `reserved`. */
const KINDS: Record<string, string | undefined> = {
  unspecified: 'unspecified',
  broadcast: 'broadcast',
  multicast: 'multicast',
  linkLocal: 'link-local',
  loopback: 'loopback',
  carrierGradeNat: 'carrier NAT',
  private: 'private',
  uniqueLocal: 'private',
  ipv4Mapped: 'v4-mapped',
  rfc6052: 'NAT64',
  '6to4': '6to4',
  teredo: 'Teredo',
};

/**
 * Decides whether requests may go to an IP address: public internet addresses, and those allowed by the operator.
 *
 * There is no option to allow all addresses. An IPv6 address that embeds an IPv4 address (mapped, compatible, NAT64,
 * 6to4, Teredo, ISATAP) is never a public one, whichever address it embeds. `::ffff:127.0.0.1` is allowed if 127.0.0.1
 * is.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export class AddressGuard {
  private readonly v4: Block<IPv4>[] = [];
  private readonly v6: Block<IPv6>[] = [];

  /**
   * @param allowed - Additional blocks in CIDR notation, such as `127.0.0.0/8` or `::1/128`. One string may contain
   *   several, separated by commas; an empty string contains none.
   *
   * @throws Error if a block is malformed or too wide: below /8, or below /7 in IPv6.
   */
  public constructor(allowed: string[] = []) {
    for (const text of allowed.flatMap((list): string[] => list.split(/[\s,]+/u)).filter(Boolean)) {
      this.allow(text);
    }
  }

  /** Returns whether the operator has allowed an address; `false` for malformed addresses. */
  public isAllowed(address: string): boolean {
    const parsed = parse(address);
    if (parsed instanceof V4) {
      return this.v4.some(({ base, bits }): boolean => parsed.match(base, bits));
    }
    return parsed !== undefined && this.v6.some(({ base, bits }): boolean => parsed.match(base, bits));
  }

  /**
   * Returns the reason for refusing requests to an address.
   *
   * @param address - The address from a resolver or URL parser, without brackets, possibly with a zone.
   *
   * @returns The kind of address, such as `loopback`; `undefined` if requests are allowed.
   */
  public refusal(address: string): string | undefined {
    return this.isAllowed(address) ? undefined : kindOf(address);
  }

  private allow(text: string): void {
    const [ , address = '', length ] = /^([^/]+)\/(\d{1,3})$/u.exec(text) ?? [];
    const version = isIP(address) as 0 | 4 | 6;
    if (version === 0 || address.includes('%') || Number(length) > (version === 4 ? 32 : 128)) {
      throw new Error(`Invalid address block "${text}": expected CIDR notation such as 192.0.2.0/24 or 2001:db8::/32. A single address is 192.0.2.1/32.`);
    }
    const bits = Number(length);
    const base = parse(address);
    if (base instanceof V4) {
      const fixed = version === 4 ? bits : bits - MAPPED_BITS;
      this.checkWidth(text, fixed, 4);
      this.v4.push({ base, bits: fixed });
    } else if (base) {
      this.checkWidth(text, bits, 6);
      this.v6.push({ base, bits });
    }
  }

  private checkWidth(text: string, bits: number, version: 4 | 6): void {
    if (bits < MIN_PREFIX_LENGTH[version]) {
      throw new Error(`Address block "${text}" is too wide: list the required blocks, each /${MIN_PREFIX_LENGTH[version]} or narrower.`);
    }
  }
}

/** Parses an address in a standard spelling; an IPv4-mapped address as the IPv4 address. `undefined` if malformed. */
function parse(address: string): IPv4 | IPv6 | undefined {
  // The library also accepts 0x7f.1 and 010.0.0.1, which other parsers read differently. The checked address must be
  // the connected one.
  if (isIP(address) === 0) {
    return undefined;
  }
  if (isIPv4(address)) {
    return V4.parse(address);
  }
  // Normalized to hexadecimal groups, because the library reads ::127.0.0.1 as ::ffff:127.0.0.1.
  const parsed = V6.parse(new URL(`http://[${address.replace(/%.*/u, '')}]`).hostname.slice(1, -1));
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed;
}

/** Returns the kind of an address, or `undefined` for a public internet address. */
function kindOf(address: string): string | undefined {
  const parsed = parse(address);
  if (!parsed) {
    return 'malformed';
  }
  if (parsed instanceof V4) {
    if (!isIPv4(address)) {
      return 'v4-mapped';
    }
    return address === AZURE ? 'metadata' : nameOf(parsed.range());
  }
  const range = parsed.range();
  if (range !== 'unicast') {
    return nameOf(range);
  }
  if (!parsed.match(GLOBAL_V6.base, GLOBAL_V6.bits)) {
    return 'reserved';
  }
  return isIsatap(parsed) ? 'ISATAP' : undefined;
}

function nameOf(range: string): string | undefined {
  return range === 'unicast' ? undefined : KINDS[range] ?? 'reserved';
}

/**
 * Returns whether an address embeds an IPv4 address of the local network (ISATAP).
 *
 * @see https://www.rfc-editor.org/rfc/rfc5214#section-6.1
 */
function isIsatap({ parts }: IPv6): boolean {
  return (parts[4] & 0xFDFF) === 0 && parts[5] === 0x5EFE;
}

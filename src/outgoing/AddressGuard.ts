import { isIP, isIPv4 } from 'node:net';
import type { IPv4, IPv6 } from 'ipaddr.js';
import { IPv4 as V4, IPv6 as V6 } from 'ipaddr.js';

interface Block<T> {
  readonly base: T;
  /** How many leading bits count. */
  readonly bits: number;
}

/** The fewest bits that an allowed block fixes, by version: 10.0.0.0/8 and fc00::/7 are the widest that make sense. */
const MIN_PREFIX_LENGTH = { 4: 8, 6: 7 };
const MAPPED_BITS = 96;
/** All that is given out for the internet in version 6 is in here. */
const GLOBAL_V6: Block<IPv6> = { base: V6.parse('2000::'), bits: 3 };
/** Where Azure's virtual machines find their metadata: outside every block that is kept for such purposes. */
const AZURE = '168.63.129.16';

/** What the library's names of ranges are called in messages; the others are `reserved`. */
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
 * Says which IP addresses requests of this server may go to: those of the public internet, and those that its operator
 * has allowed. There is no way to allow all.
 *
 * An address of version 6 that stands for one of version 4 (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is never
 * one of the public internet, whichever it stands for. `::ffff:127.0.0.1` is allowed where 127.0.0.1 is.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export class AddressGuard {
  private readonly v4: Block<IPv4>[] = [];
  private readonly v6: Block<IPv6>[] = [];

  /**
   * @param allowed - What is allowed beside the public internet: blocks in CIDR notation, such as `127.0.0.0/8` or
   * `::1/128`. One string may hold several, between commas; an empty one holds none.
   *
   * @throws Error if one is no CIDR block, or is so wide that it is no exception any more: below /8, or /7 in
   * version 6.
   */
  public constructor(allowed: string[] = []) {
    for (const text of allowed.flatMap((list): string[] => list.split(/[\s,]+/u)).filter(Boolean)) {
      this.allow(text);
    }
  }

  /** Whether the operator has allowed this address; `false` for what is no address. */
  public isAllowed(address: string): boolean {
    const parsed = parse(address);
    if (parsed instanceof V4) {
      return this.v4.some(({ base, bits }): boolean => parsed.match(base, bits));
    }
    return parsed !== undefined && this.v6.some(({ base, bits }): boolean => parsed.match(base, bits));
  }

  /**
   * Why requests may not go to this address.
   *
   * @param address - As a resolver or a URL parser gives it, without brackets, and maybe with a zone.
   *
   * @returns What kind of address it is, such as `loopback`; or `undefined` if it may be reached.
   */
  public refusal(address: string): string | undefined {
    return this.isAllowed(address) ? undefined : kindOf(address);
  }

  private allow(text: string): void {
    const [ , address = '', length ] = /^([^/]+)\/(\d{1,3})$/u.exec(text) ?? [];
    const version = isIP(address) as 0 | 4 | 6;
    if (version === 0 || address.includes('%') || Number(length) > (version === 4 ? 32 : 128)) {
      throw new Error(`"${text}" is no block of addresses. Write it as 192.0.2.0/24 or 2001:db8::/32; one address is 192.0.2.1/32.`);
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
      throw new Error(`"${text}" allows too much: name the blocks that are needed, each of /${MIN_PREFIX_LENGTH[version]} or narrower.`);
    }
  }
}

/** An address in one of its standard spellings, a mapped one as the one it stands for; `undefined` if it is none. */
function parse(address: string): IPv4 | IPv6 | undefined {
  // The library also takes 0x7f.1 and 010.0.0.1, which others read otherwise: what is checked is what is connected to.
  if (isIP(address) === 0) {
    return undefined;
  }
  if (isIPv4(address)) {
    return V4.parse(address);
  }
  // In hexadecimal groups, for the library takes ::127.0.0.1 for ::ffff:127.0.0.1.
  const parsed = V6.parse(new URL(`http://[${address.replace(/%.*/u, '')}]`).hostname.slice(1, -1));
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed;
}

/** What sort of address it is, or `undefined` if it is of the public internet. */
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
 * Whether an address stands for one of version 4 on the local network.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5214#section-6.1
 */
function isIsatap({ parts }: IPv6): boolean {
  return (parts[4] & 0xFDFF) === 0 && parts[5] === 0x5EFE;
}

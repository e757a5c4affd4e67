import { BlockList, isIP } from 'node:net';

/** An address range such as `10.0.0.0/8` or `fd00::/8`; a bare address stands for itself alone. */
export type Cidr = string;

const MAPPED_PREFIX = '::ffff:';

/** Whether `text` is a range that {@link Networks} takes. */
export function isCidr(text: string): boolean {
  return parse(text) !== null;
}

/** A set of address ranges to ask whether an address lies in it. An empty set holds nothing. */
export class Networks {
  readonly #ranges = new BlockList();

  /** Throws RangeError for a text that is no range; check with {@link isCidr} where it comes from outside. */
  constructor(cidrs: readonly Cidr[]) {
    for (const cidr of cidrs) {
      const range = parse(cidr);
      if (!range) throw new RangeError(`"${cidr}" is not an address range like 10.0.0.0/8`);
      this.#ranges.addSubnet(range.address, range.bits, range.family);
    }
  }

  /** An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address it is. */
  has(address: string): boolean {
    const plain = unmapped(address);
    const version = isIP(plain);
    return version !== 0 && this.#ranges.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  }
}

function parse(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | null {
  const [address = '', suffix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes('%')) return null;
  const bitsMax = version === 6 ? 128 : 32;
  if (suffix !== undefined && !/^\d{1,3}$/.test(suffix)) return null;
  const bits = suffix === undefined ? bitsMax : Number(suffix);
  return bits > bitsMax ? null : { address, bits, family: version === 6 ? 'ipv6' : 'ipv4' };
}

/** The IPv4 address inside an IPv4-mapped IPv6 address, in any of its spellings; other addresses as they are. */
function unmapped(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  if (!canonical.startsWith(MAPPED_PREFIX)) return canonical;
  const [high = '', low = ''] = canonical.slice(MAPPED_PREFIX.length).split(':');
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

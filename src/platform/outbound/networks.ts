/** An address range such as `10.0.0.0/8` or `fd00::/8`; a bare address stands for itself alone. */
export type Cidr = string;

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/i;
/** First 96 bits of an IPv4 address that is written as IPv6, `::ffff:10.0.0.1`. */
const MAPPED = 0xffffn;

/** An address as a number; 32 bits for IPv4 (also when it is written as IPv6), 128 for IPv6. */
interface Address {
  value: bigint;
  width: 32 | 128;
}

interface Range extends Address {
  /** How many bits behind the prefix do not count. */
  hostBits: bigint;
}

/** Whether `text` is a range that {@link Networks} takes. */
export function isCidr(text: string): boolean {
  return parseRange(text) !== null;
}

/** Whether `text` is an IPv4 or IPv6 address, without brackets, port or zone. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== null;
}

/** A set of address ranges to ask whether an address lies in it. An empty set holds nothing. */
export class Networks {
  readonly #ranges: readonly Range[];

  /** Throws RangeError for a text that is no range; check with {@link isCidr} where it comes from outside. */
  constructor(cidrs: readonly Cidr[]) {
    this.#ranges = cidrs.map((cidr) => {
      const range = parseRange(cidr);
      if (!range) throw new RangeError(`"${cidr}" is not an address range like 10.0.0.0/8`);
      return range;
    });
  }

  /** An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address it is. */
  has(text: string): boolean {
    const address = parseAddress(text);
    if (!address) return false;
    return this.#ranges.some(
      ({ value, width, hostBits }) => width === address.width && value >> hostBits === address.value >> hostBits,
    );
  }
}

function parseRange(text: string): Range | null {
  const [start = '', suffix, ...rest] = text.split('/');
  const address = parseAddress(start);
  if (!address || rest.length > 0) return null;
  if (suffix !== undefined && !/^\d{1,3}$/.test(suffix)) return null;
  // The prefix of an IPv4 range that is written as IPv6 counts from the start of the IPv6 address.
  const written = start.includes(':') ? 128 : 32;
  const hostBits = suffix === undefined ? 0 : written - Number(suffix);
  return hostBits < 0 || hostBits > address.width ? null : { ...address, hostBits: BigInt(hostBits) };
}

function parseAddress(text: string): Address | null {
  if (IPV4.test(text)) return { value: joined(text.split('.').map(Number), 8n), width: 32 };
  if (!IPV6_CHARACTERS.test(text) || !URL.canParse(`http://[${text}]`)) return null;
  const value = joined(groupsOf(new URL(`http://[${text}]`).hostname.slice(1, -1)), 16n);
  return value >> 32n === MAPPED ? { value: value & 0xffff_ffffn, width: 32 } : { value, width: 128 };
}

/** The eight groups of an IPv6 address in the one form the URL parser gives it: hexadecimal, at most one `::`. */
function groupsOf(canonical: string): number[] {
  const [head = [], tail = []] = canonical
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))));
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function joined(parts: readonly number[], bitsEach: bigint): bigint {
  return parts.reduce((value, part) => (value << bitsEach) | BigInt(part), 0n);
}

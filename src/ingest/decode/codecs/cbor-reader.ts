/** First three bits of an item (RFC 8949 §3.1). */
export const MAJOR = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;

/** What the low five bits say where they are no number. */
export const INFO = { false: 20, true: 21, null: 22, undefined: 23, half: 25, single: 26, double: 27, open: 31 };

/** Bytes of the number that stands behind the first byte, by the low five bits. */
const ARGUMENT_BYTES: Readonly<Record<number, number>> = { 24: 1, 25: 2, 26: 4, 27: 8 };

/** Walks over the items of a CBOR payload (RFC 8949) and never past its end. It makes nothing of them. */
export class CborReader {
  readonly bytes: Buffer;
  /** Where the next item, or what the last one is made of, begins. */
  at = 0;
  /** Of the last {@link next}: what it is … */
  major = 0;
  info = 0;
  /** … and its number: a value, a length or a count. The nearest one beyond 2^53; 0 where there is none. */
  argument = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Whether the last item is a text, a list or an object without a length, that ends with a break. */
  get isOpen(): boolean {
    return this.info === INFO.open;
  }

  /** Reads the head of an item. False, and no step further, at the end and where a byte means nothing. */
  next(): boolean {
    if (this.left === 0) return false;
    const first = this.bytes[this.at]!;
    const [major, info] = [first >> 5, first & 0x1f];
    const more = ARGUMENT_BYTES[info] ?? 0;
    if (more >= this.left || (info >= 28 && !mayBeOpen(major, info))) return false;
    this.major = major;
    this.info = info;
    this.argument = more === 0 ? (info < 24 ? info : 0) : this.#number(more);
    this.at += 1 + more;
    return true;
  }

  #number(length: number): number {
    const { bytes, at } = this;
    return length === 8 ? Number(bytes.readBigUInt64BE(at + 1)) : bytes.readUIntBE(at + 1, length);
  }

  /** The whole number that was read last, in all its digits. */
  get digits(): string {
    const wide = this.info === INFO.double ? this.bytes.readBigUInt64BE(this.at - 8) : BigInt(this.argument);
    return String(this.major === MAJOR.negative ? -1n - wide : wide);
  }

  /** The floating point number that was read last; null when it was something else. */
  get float(): number | null {
    if (this.info === INFO.double) return this.bytes.readDoubleBE(this.at - 8);
    if (this.info === INFO.single) return this.bytes.readFloatBE(this.at - 4);
    return this.info === INFO.half ? halfOf(this.argument) : null;
  }

  /**
   * The pieces of the bytes or text whose head was read last, each a look into the payload. `whole` is false when one
   * reaches beyond the end, or something else stands between them; then there are those up to there, and the next item
   * is what did not belong to them.
   */
  pieces(): { pieces: Buffer[]; whole: boolean } {
    const { major } = this;
    if (!this.isOpen) return this.#piece([]);
    const pieces: Buffer[] = [];
    for (;;) {
      const { at } = this;
      const isItem = this.next();
      if (isItem && this.major === MAJOR.simple && this.isOpen) return { pieces, whole: true };
      if (!isItem || this.major !== major || this.isOpen) {
        this.at = at;
        return { pieces, whole: false };
      }
      if (!this.#piece(pieces).whole) return { pieces, whole: false };
    }
  }

  #piece(pieces: Buffer[]): { pieces: Buffer[]; whole: boolean } {
    const whole = this.argument <= this.left;
    const length = Math.min(this.argument, this.left);
    pieces.push(this.bytes.subarray(this.at, this.at + length));
    this.at += length;
    return { pieces, whole };
  }
}

function mayBeOpen(major: number, info: number): boolean {
  return info === INFO.open && major !== MAJOR.uint && major !== MAJOR.negative && major !== MAJOR.tag;
}

/** A number of 16 bits: one of sign, five of exponent, ten of fraction. */
function halfOf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : (fraction + 1024) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

const HARDWARE_ADDRESS_BYTES = 6;

/** Bytes as a text: in hexadecimal digits, and six of them as the hardware address they may be. */
export function hexOf(bytes: Buffer): string {
  const digits = bytes.toString('hex');
  return bytes.length === HARDWARE_ADDRESS_BYTES ? digits.match(/../g)!.join(':') : digits;
}

/** Why the bytes of a connection cannot be cut into packets. */
export type FramingFault = 'type' | 'size' | 'malformed' | 'memory';

export interface FrameRules {
  /** Most bytes of a packet with this first byte, its fixed header included; negative: it may not come at all. */
  packetBytesMax(firstByte: number): number;
  /** Asks for (positive) or gives back (negative) memory for a packet that has not arrived completely. */
  reserve(bytes: number): boolean;
}

const FIXED_HEADER_MAX = 5;
const FIRST_PARTIAL_BYTES = 256;

/**
 * Cuts a byte stream into MQTT packets without a copy where a packet lies within one chunk. The length a header claims
 * is judged before anything is kept, and memory for a packet in pieces grows only with the bytes that have arrived,
 * so neither a claim of 256 MiB nor one byte per segment costs more than the bytes themselves twice.
 */
export class Framer {
  /** Set once; from then on `next` returns null. */
  fault: FramingFault | null = null;
  /** Where the body starts in the frame returned last. */
  bodyAt = 0;
  readonly #rules: FrameRules;
  #chunk: Buffer = EMPTY;
  #at = 0;
  #partial: Buffer = EMPTY;
  #held = 0;
  #total = 0;

  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  /** Adds received bytes; call `next` until it returns null before the next `push`. */
  push(chunk: Buffer): void {
    const rest = this.#chunk.length - this.#at;
    this.#chunk = rest === 0 ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** The next complete packet, or null when more bytes are needed (or `fault` is set). */
  next(): Buffer | null {
    if (this.fault !== null) return null;
    if (this.#held > 0) return this.#finish();
    const available = this.#chunk.length - this.#at;
    if (available === 0) return this.#wait();
    const total = this.#measure(this.#chunk, this.#at, this.#chunk.length);
    if (total > 0 && total <= available) {
      const frame = this.#chunk.subarray(this.#at, this.#at + total);
      this.#at += total;
      return frame;
    }
    if (this.fault === null) {
      this.#total = total;
      this.#keep(available);
    }
    return this.#wait();
  }

  /** Gives back what a packet in pieces holds. */
  close(): void {
    this.#drop();
    this.fault ??= 'malformed';
    this.#wait();
  }

  /** Length of the packet at `at` with its header; 0 while the header is incomplete or wrong (then `fault` is set). */
  #measure(bytes: Buffer, at: number, end: number): number {
    const max = this.#rules.packetBytesMax(bytes[at]!);
    if (max < 0) return this.#fail('type');
    let length = 0;
    for (let i = 1; i < FIXED_HEADER_MAX; i += 1) {
      if (at + i >= end) return 0;
      const byte = bytes[at + i]!;
      length += (byte & 0x7f) * 128 ** (i - 1);
      if ((byte & 0x80) === 0) {
        if (i + 1 + length > max) return this.#fail('size');
        this.bodyAt = i + 1;
        return i + 1 + length;
      }
    }
    return this.#fail('malformed');
  }

  #fail(fault: FramingFault): number {
    this.fault = fault;
    return 0;
  }

  #finish(): Buffer | null {
    while (this.#total === 0 && this.#at < this.#chunk.length) {
      if (!this.#keep(1)) return null;
      this.#total = this.#measure(this.#partial, 0, this.#held);
      if (this.fault !== null) return null;
    }
    if (this.#total === 0) return this.#wait();
    const missing = this.#total - this.#held;
    if (!this.#keep(Math.min(missing, this.#chunk.length - this.#at))) return null;
    if (this.#held < this.#total) return this.#wait();
    const frame = this.#partial.subarray(0, this.#total);
    this.bodyAt = headerBytes(frame);
    this.#drop();
    return frame;
  }

  #keep(count: number): boolean {
    const needed = this.#held + count;
    if (needed > this.#partial.length) {
      const size = Math.max(needed, FIRST_PARTIAL_BYTES, Math.min(this.#total, needed * 2));
      if (!this.#rules.reserve(size - this.#partial.length)) {
        this.fault = 'memory';
        return false;
      }
      const grown = Buffer.allocUnsafeSlow(size);
      this.#partial.copy(grown, 0, 0, this.#held);
      this.#partial = grown;
    }
    this.#chunk.copy(this.#partial, this.#held, this.#at, this.#at + count);
    this.#held = needed;
    this.#at += count;
    return true;
  }

  #drop(): void {
    this.#rules.reserve(-this.#partial.length);
    this.#partial = EMPTY;
    this.#held = 0;
    this.#total = 0;
  }

  /** Nothing more in this chunk: do not keep its memory alive. */
  #wait(): null {
    this.#chunk = EMPTY;
    this.#at = 0;
    return null;
  }
}

const EMPTY = Buffer.alloc(0);

function headerBytes(frame: Buffer): number {
  let at = 1;
  while ((frame[at]! & 0x80) !== 0) at += 1;
  return at + 1;
}

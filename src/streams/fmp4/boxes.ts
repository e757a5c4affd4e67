/** Reading of ISO base media boxes (ISO/IEC 14496-12). Everything is bounds-checked: the bytes began in a camera. */

/** A file that is not what it says, or larger than we hold. */
export class BoxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BoxError';
  }
}

export interface Box {
  type: string;
  /** Content without the header; a view, not a copy. */
  body: Buffer;
}

const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

/** Type, header length and whole length of the box that starts at `offset`; null while the header is incomplete. */
export function boxHeader(data: Buffer, offset = 0): { type: string; headerBytes: number; sizeBytes: number } | null {
  if (data.length - offset < HEADER_BYTES) return null;
  const type = data.toString('latin1', offset + 4, offset + 8);
  const short = data.readUInt32BE(offset);
  if (short !== 1) {
    if (short < HEADER_BYTES) throw new BoxError(`box of ${short} bytes`);
    return { type, headerBytes: HEADER_BYTES, sizeBytes: short };
  }
  if (data.length - offset < LARGE_HEADER_BYTES) return null;
  const large = data.readBigUInt64BE(offset + 8);
  if (large < BigInt(LARGE_HEADER_BYTES) || large > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new BoxError('box with an impossible length');
  }
  return { type, headerBytes: LARGE_HEADER_BYTES, sizeBytes: Number(large) };
}

/** The boxes inside a container, in order. At most `max` of them. */
export function boxesIn(body: Buffer, max = 64): Box[] {
  const boxes: Box[] = [];
  for (let offset = 0; offset < body.length; ) {
    const header = boxHeader(body, offset);
    if (!header || offset + header.sizeBytes > body.length) throw new BoxError('box is cut off');
    if (boxes.length === max) throw new BoxError(`more than ${max} boxes in one`);
    boxes.push({ type: header.type, body: body.subarray(offset + header.headerBytes, offset + header.sizeBytes) });
    offset += header.sizeBytes;
  }
  return boxes;
}

/** The one box of this type, which must be there. */
export function required(boxes: readonly Box[], type: string): Buffer {
  const box = boxes.find((candidate) => candidate.type === type);
  if (!box) throw new BoxError(`no ${type} box`);
  return box.body;
}

/** Walks numbers of a box from the front; reading past the end is a BoxError, not a RangeError. */
export class ByteCursor {
  readonly #data: Buffer;
  #offset = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  #take(bytes: number): number {
    const at = this.#offset;
    if (at + bytes > this.#data.length) throw new BoxError('box is shorter than its fields');
    this.#offset += bytes;
    return at;
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  u8(): number {
    return this.#data.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#data.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#data.readUInt32BE(this.#take(4));
  }

  u64(): number {
    const value = this.#data.readBigUInt64BE(this.#take(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new BoxError('number beyond 2^53');
    return Number(value);
  }

  type(): string {
    const at = this.#take(4);
    return this.#data.toString('latin1', at, at + 4);
  }

  /** `count` blocks of bytes, each behind its length in two bytes. */
  blocks(count: number): Buffer[] {
    return Array.from({ length: count }, () => {
      const bytes = this.u16();
      const at = this.#take(bytes);
      return this.#data.subarray(at, at + bytes);
    });
  }

  rest(): Buffer {
    return this.#data.subarray(this.#offset);
  }
}

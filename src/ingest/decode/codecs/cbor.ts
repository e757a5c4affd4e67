import { isUtf8 } from 'node:buffer';
import { CborReader, hexOf, INFO, MAJOR } from './cbor-reader.ts';
import { cborText } from './cbor-text.ts';
import { type Codec, type Parsed, type PayloadLimits, sizeFault, type Unreadable } from './codec.ts';

/**
 * CBOR (RFC 8949) that may be hostile. What JSON does not know becomes what a kind can describe: bytes a text of
 * hexadecimal digits, `undefined` null, a whole number as key the text of its digits. Tags are passed over, because
 * what a value means is said by the kind. Other keys and simple values are refused.
 */
export const cbor: Codec = { name: 'cbor', parse, text: cborText };

function parse(bytes: Buffer, limits: PayloadLimits): Parsed | { reason: Unreadable } {
  const fault = sizeFault(bytes, limits);
  if (fault) return { reason: fault };
  const parser = new Parser(bytes, limits);
  const value = parser.value(0);
  if (value === FAILED) return { reason: parser.reason };
  return parser.isAtEnd ? { value, digits: '' } : { reason: 'not-cbor' };
}

const FAILED = Symbol('failed');
/** Ends a list or an object that had no length. */
const BREAK = Symbol('break');

/** One walk over the bytes that stops at the first thing that cannot be taken. */
class Parser {
  readonly #reader: CborReader;
  readonly #limits: PayloadLimits;
  #keys = 0;
  reason: Unreadable = 'not-cbor';

  constructor(bytes: Buffer, limits: PayloadLimits) {
    this.#reader = new CborReader(bytes);
    this.#limits = limits;
  }

  get isAtEnd(): boolean {
    return this.#reader.left === 0;
  }

  /** The next value; `depth` lists and objects are open around it. */
  value(depth: number): unknown {
    const value = this.#item(depth);
    return value === BREAK ? FAILED : value;
  }

  #item(depth: number): unknown {
    const reader = this.#reader;
    do {
      if (!reader.next()) return FAILED;
    } while (reader.major === MAJOR.tag);
    switch (reader.major) {
      case MAJOR.uint:
        return reader.argument;
      case MAJOR.negative:
        return -1 - reader.argument;
      case MAJOR.bytes:
        return this.#bytes();
      case MAJOR.text:
        return this.#text();
      case MAJOR.array:
        return depth === this.#limits.depth ? this.#fail('too-deep') : this.#array(depth + 1);
      case MAJOR.map:
        return depth === this.#limits.depth ? this.#fail('too-deep') : this.#map(depth + 1);
      default:
        return this.#simple();
    }
  }

  #fail(reason: Unreadable): typeof FAILED {
    this.reason = reason;
    return FAILED;
  }

  #simple(): unknown {
    const { info, float } = this.#reader;
    if (float !== null) return float;
    if (info === INFO.false || info === INFO.true) return info === INFO.true;
    if (info === INFO.null || info === INFO.undefined) return null;
    return info === INFO.open ? BREAK : FAILED;
  }

  #bytes(): string | typeof FAILED {
    const { pieces, whole } = this.#reader.pieces();
    if (!whole) return FAILED;
    return hexOf(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  }

  #text(): string | typeof FAILED {
    const { pieces, whole } = this.#reader.pieces();
    if (!whole) return FAILED;
    let text = '';
    for (const piece of pieces) {
      if (!isUtf8(piece)) return this.#fail('not-utf8');
      text += piece.toString('utf8');
    }
    return text;
  }

  /** How many items follow; without end where a break ends them. One that is missing is found out when it is read. */
  get #count(): number {
    const { argument, isOpen } = this.#reader;
    return isOpen ? Number.POSITIVE_INFINITY : argument;
  }

  #array(depth: number): unknown[] | typeof FAILED {
    const count = this.#count;
    const isOpen = count === Number.POSITIVE_INFINITY;
    const array: unknown[] = [];
    while (array.length < count) {
      const item = this.#item(depth);
      if (item === BREAK && isOpen) return array;
      if (item === FAILED || item === BREAK) return FAILED;
      array.push(item);
    }
    return array;
  }

  #map(depth: number): object | typeof FAILED {
    const count = this.#count;
    const isOpen = count === Number.POSITIVE_INFINITY;
    const map: Record<string, unknown> = {};
    for (let at = 0; at < count; at += 1) {
      const key = this.#key();
      if (key === BREAK && isOpen) return map;
      if (key === FAILED || key === BREAK) return FAILED;
      this.#keys += 1;
      if (this.#keys > this.#limits.keys) return this.#fail('too-many-keys');
      if (Object.hasOwn(map, key)) return this.#fail('repeated-key');
      const value = this.value(depth);
      if (value === FAILED) return FAILED;
      put(map, key, value);
    }
    return map;
  }

  #key(): string | typeof FAILED | typeof BREAK {
    const reader = this.#reader;
    if (!reader.next()) return FAILED;
    if (reader.major === MAJOR.text) return this.#text();
    if (reader.major === MAJOR.uint || reader.major === MAJOR.negative) return reader.digits;
    return reader.major === MAJOR.simple && reader.isOpen ? BREAK : FAILED;
  }
}

/** An own property whatever its name: assigned, `__proto__` would become what the object inherits from. */
function put(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else map[key] = value;
}

import { CborReader, hexOf, INFO, MAJOR } from './cbor-reader.ts';

/** A list or an object that is being printed. */
interface Frame {
  isMap: boolean;
  /** Items that it has, keys and values counted apart; without end where a break ends it. */
  size: number;
  count: number;
}

/**
 * CBOR in the tokens of JSON. Of broken CBOR whatever can be made out: a byte that means nothing is passed over, a text
 * that would reach beyond the end ends there. Goes over the bytes once.
 */
export function cborText(bytes: Buffer): string {
  return new Printer(bytes).print();
}

class Printer {
  readonly #reader: CborReader;
  readonly #open: Frame[] = [];
  readonly #tokens: string[] = [];

  constructor(bytes: Buffer) {
    this.#reader = new CborReader(bytes);
  }

  print(): string {
    const reader = this.#reader;
    while (reader.left > 0) {
      if (reader.next()) this.#item();
      else reader.at += 1;
    }
    return this.#tokens.join('');
  }

  #item(): void {
    const { major, argument, isOpen } = this.#reader;
    switch (major) {
      case MAJOR.tag:
        return;
      case MAJOR.array:
      case MAJOR.map: {
        const isMap = major === MAJOR.map;
        this.#begin(isMap ? '{' : '[');
        const size = isOpen ? Number.POSITIVE_INFINITY : argument * (isMap ? 2 : 1);
        this.#open.push({ isMap, size, count: 0 });
        this.#end();
        return;
      }
      case MAJOR.simple:
        if (isOpen) this.#break();
        else this.#scalar(this.#simple());
        return;
      default:
        this.#scalar(this.#number() ?? this.#text());
    }
  }

  #number(): string | null {
    const { major, digits } = this.#reader;
    return major === MAJOR.uint || major === MAJOR.negative ? digits : null;
  }

  #text(): string {
    const { major } = this.#reader;
    const { pieces } = this.#reader.pieces();
    const bytes = Buffer.concat(pieces);
    return JSON.stringify(major === MAJOR.text ? bytes.toString('utf8') : hexOf(bytes));
  }

  #simple(): string {
    const { info, float } = this.#reader;
    if (float !== null) return Number.isFinite(float) ? String(float) : 'null';
    return info === INFO.false || info === INFO.true ? String(info === INFO.true) : 'null';
  }

  #scalar(token: string): void {
    const frame = this.#open.at(-1);
    const isKey = frame?.isMap && frame.count % 2 === 0;
    this.#begin(isKey && !token.startsWith('"') ? `"${token}"` : token);
    this.#end();
  }

  /** Prints the beginning of an item behind what parts it from the one before. */
  #begin(token: string): void {
    const frame = this.#open.at(-1);
    if (frame) {
      if (frame.count > 0) this.#tokens.push(frame.isMap && frame.count % 2 === 1 ? ':' : ',');
      frame.count += 1;
    } else if (this.#tokens.length > 0) this.#tokens.push(',');
    this.#tokens.push(token);
  }

  /** Closes whatever has all its items. */
  #end(): void {
    for (let frame = this.#open.at(-1); frame && frame.count >= frame.size; frame = this.#open.at(-1)) this.#close();
  }

  #close(): void {
    const frame = this.#open.pop();
    if (frame) this.#tokens.push(frame.isMap ? '}' : ']');
  }

  #break(): void {
    if (this.#open.at(-1)?.size !== Number.POSITIVE_INFINITY) return;
    this.#close();
    this.#end();
  }
}

import { BoxError } from '../boxes.ts';

/** Reads bits from the front of parameter sets; what is cut off is a {@link BoxError}. */
export class BitReader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  skip(bits: number): void {
    this.#at += bits;
  }

  read(bits: number): number {
    if (this.#at + bits > this.#data.length * 8) throw new BoxError('parameters that are cut off');
    let value = 0;
    for (let left = bits; left > 0; left -= 1, this.#at += 1) {
      value = value * 2 + ((this.#data[this.#at >> 3]! >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  flag(): boolean {
    return this.read(1) === 1;
  }

  /** Unsigned Exp-Golomb code (H.264 §9.1). */
  number(): number {
    let zeros = 0;
    while (this.read(1) === 0) {
      zeros += 1;
      if (zeros > 31) throw new BoxError('parameters of no picture');
    }
    return 2 ** zeros - 1 + this.read(zeros);
  }

  signed(): number {
    const code = this.number();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}

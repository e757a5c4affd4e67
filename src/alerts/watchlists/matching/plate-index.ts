import { PLATE_COLOURS, type PlateColour } from '../tables.ts';

/** A plate of a list as it is read from the table. */
export interface StoredEntry {
  id: string;
  /** Hex of the keyed hash, 32 bytes. */
  hash: string;
  colour: PlateColour | null;
  reason: string;
  /** Null: as long as its order. */
  validUntilMs: number | null;
}

/** A plate that was found. */
export interface FoundEntry extends Omit<StoredEntry, 'hash'> {
  list: string;
}

/** Words of a hash that are kept: 128 bits, at which no two plates of a city share one. */
const WORDS = 4;
const ID_BYTES = 16;
/** More of the table is never used, so that a look ends after few steps. */
const LOAD_MAX = 0.6;
const BUILT_AT_ONCE = 50_000;

/** The plates of one list, in few bytes each and read-only: nothing of a list changes once it is in force. */
export class PlateBlock {
  readonly list: string;
  readonly length: number;
  readonly hashes: Uint32Array;
  readonly #ids: Buffer;
  readonly #reasonOf: Uint32Array;
  readonly #reasons: readonly string[];
  readonly #untilMs: Float64Array;
  readonly #colours: Uint8Array;

  constructor(list: string, entries: readonly StoredEntry[]) {
    this.list = list;
    this.length = entries.length;
    this.hashes = new Uint32Array(entries.length * WORDS);
    this.#ids = Buffer.alloc(entries.length * ID_BYTES);
    this.#reasonOf = new Uint32Array(entries.length);
    this.#untilMs = new Float64Array(entries.length);
    this.#colours = new Uint8Array(entries.length);
    const reasons = new Map<string, number>();
    for (const [at, { id, hash, colour, reason, validUntilMs }] of entries.entries()) {
      this.hashes.set(wordsOf(hash), at * WORDS);
      this.#ids.write(id.replaceAll('-', ''), at * ID_BYTES, 'hex');
      const known = reasons.get(reason) ?? reasons.size;
      reasons.set(reason, known);
      this.#reasonOf[at] = known;
      this.#untilMs[at] = validUntilMs ?? Number.POSITIVE_INFINITY;
      this.#colours[at] = colour === null ? 0 : PLATE_COLOURS.indexOf(colour) + 1;
    }
    this.#reasons = [...reasons.keys()];
  }

  entry(at: number): FoundEntry {
    const hex = this.#ids.toString('hex', at * ID_BYTES, (at + 1) * ID_BYTES);
    const untilMs = this.#untilMs[at]!;
    return {
      list: this.list,
      id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
      colour: PLATE_COLOURS[this.#colours[at]! - 1] ?? null,
      reason: this.#reasons[this.#reasonOf[at]!]!,
      validUntilMs: Number.isFinite(untilMs) ? untilMs : null,
    };
  }

  /** Bytes of its arrays. */
  get bytes(): number {
    const { hashes } = this;
    const rest = this.#ids.length + this.#reasonOf.byteLength + this.#untilMs.byteLength + this.#colours.byteLength;
    return hashes.byteLength + rest;
  }
}

/** Finds plates by their hash among any number: one look costs the same among a hundred and a million. */
export class PlateIndex {
  /** Of no list. */
  static readonly EMPTY = new PlateIndex([], new Uint32Array(1));
  readonly #blocks: readonly PlateBlock[];
  /** Of each block the number of its first plate. */
  readonly #starts: Uint32Array;
  /** Open addressing: one more than the number of a plate, 0 for a free place. Its length is a power of two. */
  readonly #places: Uint32Array;

  private constructor(blocks: readonly PlateBlock[], places: Uint32Array) {
    this.#blocks = blocks;
    this.#places = places;
    this.#starts = new Uint32Array(blocks.length);
    for (let at = 1; at < blocks.length; at += 1) this.#starts[at] = this.#starts[at - 1]! + blocks[at - 1]!.length;
  }

  /** Builds it in pieces, and calls `rest` between them: other work goes on. */
  static async over(blocks: readonly PlateBlock[], rest: () => Promise<void>): Promise<PlateIndex> {
    const length = blocks.reduce((sum, block) => sum + block.length, 0);
    const places = new Uint32Array(2 ** Math.ceil(Math.log2(1 + length / LOAD_MAX)));
    const mask = places.length - 1;
    let number = 0;
    for (const { hashes, length: ofBlock } of blocks) {
      for (let at = 0; at < ofBlock; at += 1) {
        let place = hashes[at * WORDS]! & mask;
        while (places[place] !== 0) place = (place + 1) & mask;
        number += 1;
        places[place] = number;
        if (number % BUILT_AT_ONCE === 0) await rest();
      }
    }
    return new PlateIndex(blocks, places);
  }

  /** Every plate with this hash (hex), in the order of the lists. */
  find(hash: string): FoundEntry[] {
    const words = wordsOf(hash);
    const mask = this.#places.length - 1;
    const found: FoundEntry[] = [];
    for (let place = words[0]! & mask; this.#places[place] !== 0; place = (place + 1) & mask) {
      const number = this.#places[place]! - 1;
      const ofBlock = this.#blockOf(number);
      const block = this.#blocks[ofBlock]!;
      const at = number - this.#starts[ofBlock]!;
      if (words.every((word, index) => block.hashes[at * WORDS + index] === word)) found.push(block.entry(at));
    }
    return found;
  }

  get length(): number {
    return this.#blocks.reduce((sum, block) => sum + block.length, 0);
  }

  /** Bytes of everything that grows with the number of plates. */
  get bytes(): number {
    return this.#places.byteLength + this.#blocks.reduce((sum, block) => sum + block.bytes, 0);
  }

  /** By halves. */
  #blockOf(number: number): number {
    let [from, to] = [0, this.#starts.length - 1];
    while (from < to) {
      const middle = (from + to + 1) >> 1;
      if (this.#starts[middle]! <= number) from = middle;
      else to = middle - 1;
    }
    return from;
  }
}

/** The first 128 bits of a hash in hex. */
function wordsOf(hash: string): Uint32Array {
  const words = new Uint32Array(WORDS);
  for (let at = 0; at < WORDS; at += 1) words[at] = Number.parseInt(hash.slice(at * 8, at * 8 + 8), 16);
  return words;
}

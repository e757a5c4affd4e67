import { type Codec, NEEDED_SETS, nalKind, type SetName, splitStartCodes } from './nal-unit.ts';

const SETS_MAX = 32;
const SET_BYTES_MAX = 4 * 1024;

/**
 * The parameter sets of a stream: those of its description until it sends a full set of its own, which then alone
 * count, because descriptions of cameras often belong to another stream than the one that comes.
 */
export class ParameterSets {
  readonly #codec: Codec;
  readonly #described = new Map<string, Buffer>();
  #received = new Map<string, Buffer>();
  #inUse = false;

  constructor(codec: Codec, described: readonly Buffer[]) {
    this.#codec = codec;
    for (const data of described) for (const nal of splitStartCodes(data)) this.#keep(this.#described, nal);
  }

  /**
   * Remembers a parameter set that came with the media; a newer one of the same number replaces it. One of a new number
   * belongs to what comes now, and stands before the others.
   */
  receive(nal: Buffer): void {
    const { size } = this.#received;
    this.#keep(this.#received, nal);
    if (!this.#inUse || this.#received.size === size) return;
    const all = [...this.#received];
    this.#received = new Map([...all.slice(-1), ...all]);
  }

  /** Every set that counts, in the order decoders want them; empty while one of those needed is missing. */
  current(): Buffer[] {
    const received = inOrder(this.#codec, this.#received);
    const all = received.length > 0 ? received : inOrder(this.#codec, new Map([...this.#described, ...this.#received]));
    this.#inUse ||= all.length > 0;
    return all;
  }

  #keep(sets: Map<string, Buffer>, nal: Buffer): void {
    const name = nalKind(this.#codec, nal)?.set;
    if (!name || nal.length < 4 || nal.length > SET_BYTES_MAX) return;
    const key = `${name} ${setNumber(this.#codec, name, nal)}`;
    // A copy: what comes with the media lies in a larger buffer.
    if (sets.has(key) || sets.size < SETS_MAX) sets.set(key, Buffer.from(nal));
  }
}

/** Of which set a NAL unit is, by its first byte of the key of {@link ParameterSets}. */
function inOrder(codec: Codec, sets: ReadonlyMap<string, Buffer>): Buffer[] {
  const byName = NEEDED_SETS[codec].map((name) => [...sets].filter(([key]) => key.startsWith(name)));
  return byName.some((some) => some.length === 0) ? [] : byName.flat().map(([, nal]) => nal);
}

/** The number of a set, where it stands near the front (H.264 §7.3.2, H.265 §7.3.2); 0 for the SPS of H.265. */
function setNumber(codec: Codec, name: SetName, nal: Buffer): number {
  if (codec === 'H264') return exponential(nal, name === 'sps' ? 32 : 8);
  if (name === 'vps') return nal[2]! >> 4;
  return name === 'pps' ? exponential(nal, 16) : 0;
}

/** An unsigned number in Exp-Golomb coding (H.264 §9.1) at a bit; numbers of sets are at most 255. */
function exponential(data: Buffer, fromBit: number): number {
  const bit = (at: number): number => ((data[at >> 3] ?? 0xff) >> (7 - (at & 7))) & 1;
  let zeros = 0;
  while (zeros < 16 && bit(fromBit + zeros) === 0) zeros += 1;
  let value = 0;
  for (let index = 0; index <= zeros; index += 1) value = value * 2 + bit(fromBit + zeros + index);
  return value - 1;
}

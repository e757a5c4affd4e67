/**
 * Two 32-bit numbers that stand for what was hashed, filled by the functions below without making an object per value.
 * Not against an attacker: a device that makes two of its own records collide harms only itself.
 */
export interface Hash {
  a: number;
  b: number;
}

const PRIME_A = 0x9e3779b1;
const PRIME_B = 0x85ebca77;

/** Shows the bits of a number without making an object for each. */
export class NumberBits {
  readonly number = new Float64Array(1);
  readonly words = new Uint32Array(this.number.buffer);
}

export function startHash(hash: Hash, seed: number): void {
  hash.a = Math.imul(seed + 1, PRIME_A);
  hash.b = Math.imul(seed + 1, PRIME_B);
}

export function hashWord(hash: Hash, word: number): void {
  const a = Math.imul(hash.a ^ word, PRIME_A);
  const b = Math.imul(hash.b + word, PRIME_B);
  hash.a = a ^ (a >>> 15);
  hash.b = b ^ (b >>> 13);
}

export function hashNumber(hash: Hash, value: number, { number, words }: NumberBits): void {
  number[0] = value;
  hashWord(hash, words[0]!);
  hashWord(hash, words[1]!);
}

export function hashText(hash: Hash, text: string): void {
  hashWord(hash, text.length);
  for (let i = 0; i < text.length; i += 1) hashWord(hash, text.charCodeAt(i));
}

/** Last mixing: every input bit reaches every output bit. */
export function endHash(hash: Hash): void {
  const a = hash.a ^ (hash.b >>> 7);
  const b = hash.b ^ (hash.a >>> 9);
  hash.a = finish(a);
  hash.b = finish(Math.imul(b, PRIME_A) + hash.a);
}

function finish(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x21f0aaad);
  h ^= h >>> 15;
  h = Math.imul(h, 0x735a2d97);
  return h ^ (h >>> 15);
}

export function hexOf(hash: Hash): string {
  return (hash.a >>> 0).toString(16).padStart(8, '0') + (hash.b >>> 0).toString(16).padStart(8, '0');
}

/** `atMs` and six digits of the hash: nanoseconds since 1970 as text, because a JS number cannot hold them. */
export function timeNsOf(atMs: number, hash: Hash): string {
  const digits = (hash.a >>> 0) % 1_000_000;
  return `${atMs}${digits >= 100_000 ? digits : String(digits).padStart(6, '0')}`;
}

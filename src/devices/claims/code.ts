import { randomBytes } from 'node:crypto';

/** Crockford's 32 letters: none is taken for another when it is read out. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 40 bits, of which five tries find nothing. */
const LENGTH = 8;
const TAKEN_FOR: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };

/** A code that people say to each other: `7K3M-9QPX`. */
export function newCode(): string {
  const letters = Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}

/** A code as it is compared: small letters, spaces and letters that look alike change nothing. */
export function plainCode(said: string): string {
  return said
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/[OIL]/g, (letter) => TAKEN_FOR[letter]!);
}

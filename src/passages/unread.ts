import { normalizePlate, PROVINCES } from '../core/plates.ts';

/** Places of a plate that whoever asks did not read: more would list vehicles instead of finding one. */
export const UNREAD_MAX = 2;
/** What stands for a character that was not read. */
export const UNREAD = '?';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DIGITS = '0123456789';
/** What may end a plate of the mainland beside these. */
const ENDS = '警学挂港澳领使';

const PLATE = /^[\p{L}\p{N}?]{2,16}$/u;

/** Whether a normalized text is a plate, of which a few places may not be read. */
export function isPlateQuestion(normalized: string): boolean {
  const unread = placesUnread(normalized);
  return PLATE.test(normalized) && unread <= UNREAD_MAX && [...normalized].length - unread >= 2;
}

/** How many places of a plate are not read. */
export function placesUnread(plate: string): number {
  return [...plate].filter((character) => character === UNREAD).length;
}

/**
 * Every plate, normalized, that a question may mean: itself where each place was read, else one for each character that
 * may stand there. A `?` stays among them, because a camera may not have read that place either. 1,764 at most.
 */
export function platesMeant(plate: string): string[] {
  const characters = [...normalizePlate(plate)];
  let meant = [''];
  for (const [at, character] of characters.entries()) {
    const here = character === UNREAD ? [...charactersAt(at, characters.length), UNREAD] : [character];
    meant = meant.flatMap((before) => here.map((one) => before + one));
  }
  return meant;
}

function charactersAt(place: number, length: number): string {
  if (place === 0) return PROVINCES + LETTERS + DIGITS;
  return LETTERS + DIGITS + (place === length - 1 ? ENDS : '');
}

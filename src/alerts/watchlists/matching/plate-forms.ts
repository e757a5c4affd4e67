import { normalizePlate, PROVINCES } from '../../../core/plates.ts';
import type { PlateColour } from '../tables.ts';

/** Which plates are one, as far as GA 36-2018 says what a plate may hold. */

/** Letters of other alphabets that look like Latin ones; some cameras write them. */
const ALIKE = new Map(
  Object.entries({
    А: 'A',
    В: 'B',
    Е: 'E',
    К: 'K',
    М: 'M',
    Н: 'H',
    О: 'O',
    Р: 'P',
    С: 'C',
    Т: 'T',
    У: 'Y',
    Х: 'X',
    І: 'I',
    Α: 'A',
    Β: 'B',
    Ε: 'E',
    Ζ: 'Z',
    Η: 'H',
    Ι: 'I',
    Κ: 'K',
    Μ: 'M',
    Ν: 'N',
    Ο: 'O',
    Ρ: 'P',
    Τ: 'T',
    Υ: 'Y',
    Χ: 'X',
  }),
);
/** What stands behind province and city letter has neither I nor O: who writes them means the digit. */
const IN_SERIAL = new Map([
  ['I', '1'],
  ['O', '0'],
]);
const SERIAL_FROM = 2;

/** Signs that makers write for a character that was not read. */
const UNREAD = new Set(['?', '*', '#', '_']);
const LETTERS = [...'ABCDEFGHJKLMNPQRSTUVWXYZ'];
const SERIAL = [...LETTERS, ...'0123456789'];
/** With two characters unread 1,156 plates are meant; with three it says of no car that it was there. */
const UNREAD_MAX = 2;

/**
 * The text that plates are compared by: no spaces, dots and hyphens, one width and case, look-alikes of other alphabets
 * as Latin letters, and in the serial of a mainland plate, which has no I and O, those as digits. Nothing else is put
 * right: 8 and B, 0 and D are different cars.
 */
export function plateKey(plate: string): string {
  const characters = [...normalizePlate(plate)].map((one) => ALIKE.get(one) ?? one);
  if (!PROVINCES.includes(characters[0] ?? '')) return characters.join('');
  return characters.map((one, at) => (at < SERIAL_FROM ? one : (IN_SERIAL.get(one) ?? one))).join('');
}

/** Whether not every character was read. */
export function hasUnread(key: string): boolean {
  return [...key].some((one) => UNREAD.has(one));
}

/**
 * Every plate that a read with unread characters may be, by the characters that may stand there; none where more than
 * {@link UNREAD_MAX} were not read.
 */
export function readingsOf(key: string): string[] {
  const characters = [...key];
  const open = characters.flatMap((one, at) => (UNREAD.has(one) ? [at] : []));
  if (open.length === 0) return [key];
  if (open.length > UNREAD_MAX) return [];
  let readings = [characters];
  for (const at of open) {
    const may = at === 0 ? [...PROVINCES] : at < SERIAL_FROM ? LETTERS : SERIAL;
    readings = readings.flatMap((one) => may.map((character) => one.with(at, character)));
  }
  return readings.map((one) => one.join(''));
}

export type PlateForm = 'ordinary' | 'new-energy' | 'other';

/** Small cars have an energy letter behind the city letter, large ones at the end. */
const NEW_ENERGY = /^.[A-Z](?:[A-HJK][A-Z0-9]\d{4}|\d{5}[DF])$/u;
const ORDINARY = /^.[A-Z][A-Z0-9]{4}[A-Z0-9警学挂港澳领使]$/u;

/** The form of a plate by its text, as {@link plateKey} has it. */
export function plateForm(key: string): PlateForm {
  if (!PROVINCES.includes([...key][0] ?? '')) return 'other';
  if (NEW_ENERGY.test(key)) return 'new-energy';
  return ORDINARY.test(key) ? 'ordinary' : 'other';
}

const COLOURS_OF_NEW_ENERGY: ReadonlySet<string> = new Set(['green', 'yellow-green']);

/** The colour that a read tells; null where it tells none that decides anything. */
export function knownColour(colour: unknown): PlateColour | null {
  return typeof colour === 'string' && colour !== 'unknown' && colour !== 'other' ? (colour as PlateColour) : null;
}

/** Whether text and colour cannot be of one plate: something was misread. */
export function isContradicted(key: string, colour: PlateColour | null): boolean {
  if (colour === null) return false;
  const form = plateForm(key);
  return form !== 'other' && (form === 'new-energy') !== COLOURS_OF_NEW_ENERGY.has(colour);
}

/** Whether a plate that is wanted in one colour may be the one that was seen in another. */
export function mayBeSame(wanted: PlateColour | null, seen: PlateColour | null): boolean {
  return wanted === null || seen === null || wanted === seen;
}

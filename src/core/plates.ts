import { createHmac } from 'node:crypto';

/** Number plates as texts: how two reads are found equal, how one is shown, and what stands for it in a table. */

const PLATE_SHOWN = 2;
const PLATE_LENGTH_MIN = 6;
const STARS = '***';

/**
 * 浙B12345 → 浙B***45; a text too short to hide anything in its middle is hidden whole. Masking twice changes nothing.
 */
export function maskPlate(plate: string): string {
  const characters = [...plate];
  if (characters.length < PLATE_LENGTH_MIN) return STARS;
  return `${characters.slice(0, PLATE_SHOWN).join('')}${STARS}${characters.slice(-PLATE_SHOWN).join('')}`;
}

/** Spaces and invisible characters, dots as makers print them between the second and third character, and hyphens. */
const BETWEEN = /[\s\p{Cc}\p{Cf}.·•‧∙⋅・。\p{Pd}−]/gu;

/**
 * Plates are compared without spaces, dots, hyphens, case and width, and never "corrected": a `?` for a character that
 * was not read stays one. Normalizing twice changes nothing.
 */
export function normalizePlate(plate: string): string {
  // Capital letters may be made of several characters, which are joined again.
  return plate.normalize('NFKC').replace(BETWEEN, '').toUpperCase().normalize('NFKC').replace(BETWEEN, '');
}

/** What stands for a plate where it must be found again but not read: 64 hex digits that nobody makes without `key`. */
export function hashPlate(key: Buffer, plate: string): string {
  return createHmac('sha256', key).update(normalizePlate(plate)).digest('hex');
}

import { createHmac } from 'node:crypto';

/** Number plates as texts: how two reads are found equal, how one is shown, and what stands for it in a table. */

const PLATE_SHOWN = 2;
const PLATE_LENGTH_MIN = 6;
const STARS = '***';

/** Plates of one vehicle that a text may hold: a car between the mainland, Hong Kong and Macao carries three. */
export const PLATES_IN_TEXT_MAX = 8;
/** What begins a plate of the mainland. */
export const PROVINCES = '京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新使领';
/** What makers write between several plates. None of it stands in a plate. */
const SEPARATORS = /[|/,;，；、｜／]/u;
/** What makers write where no plate was read. */
const UNREAD = new Set(['', '无车牌', '无牌', '无牌车', '未识别', '未知', 'UNKNOWN', 'NOPLATE']);
/** The colour of the plate in front of it, as some cameras write it; no plate begins so. */
const COLOUR = new RegExp(`^[蓝黄绿白黑]+(?=[${PROVINCES}])`, 'u');
const GAP = '[\\s\\p{Cf}.·•‧∙⋅・。\\p{Pd}]';
const CHARACTER = '[A-Za-z0-9Ａ-Ｚａ-ｚ０-９警学挂港澳领使]';
/** A plate of the mainland within other text, however it is written. */
const WITHIN = new RegExp(`[${PROVINCES}]${GAP}{0,3}${CHARACTER}(?:${GAP}?${CHARACTER}){4,10}`, 'gu');

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
 * Plates are compared without spaces, dots, hyphens, case, width and a colour in front, and never "corrected": a `?`
 * for a character that was not read stays one. Normalizing twice changes nothing.
 */
export function normalizePlate(plate: string): string {
  // Capital letters may be made of several characters, which are joined again.
  const joined = plate.normalize('NFKC').replace(BETWEEN, '').toUpperCase().normalize('NFKC').replace(BETWEEN, '');
  return joined.replace(COLOUR, '');
}

/** The plates that a text holds, as they stand in it, each once; none where it says that none was read. */
export function platesIn(text: string): string[] {
  const plates = new Map<string, string>();
  for (const part of text.split(SEPARATORS)) {
    const key = normalizePlate(part);
    if (!UNREAD.has(key) && !plates.has(key)) plates.set(key, part.trim());
  }
  return [...plates.values()];
}

/** A text that may hold several plates, each masked. */
export function maskPlates(text: string): string {
  return text.split(SEPARATORS).map(maskPlate).join('|');
}

/** `text` with every plate of the mainland in it masked: for what is shown of texts that nobody described. */
export function maskPlatesWithin(text: string): string {
  return text.replace(WITHIN, STARS);
}

/** What stands for a plate where it must be found again but not read: 64 hex digits that nobody makes without `key`. */
export function hashPlate(key: Buffer, plate: string): string {
  return createHmac('sha256', key).update(normalizePlate(plate)).digest('hex');
}

import { createHmac } from 'node:crypto';

/** Number plates as texts: how two reads are found equal, how one is shown, and what stands for it in a table. */

const PLATE_SHOWN = 2;
const PLATE_LENGTH_MIN = 6;
/** Of a new-energy plate, the longest of the mainland. */
const PLATE_LENGTH_MAX = 8;
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
const CHARACTER = '[A-Za-z0-9Ａ-Ｚａ-ｚ０-９?？警学挂港澳领使]';
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

/**
 * `text` with every plate of the mainland in it masked, and what only looks like one: for what is shown of texts of
 * devices that nobody described.
 */
export function maskPlatesWithin(text: string): string {
  return text.replace(WITHIN, STARS);
}

/** Signs of places that begin a plate. 使 stands in front of figures alone, and 更新 and the like are words. */
const PLACE = `(?:[${PROVINCES.replace(/[新使领]/gu, '')}]|(?<![更最全刷重换])新)`;
/** What people write between place, letter and serial. No line and no sentence ends within a plate. */
const SPLIT = '[\\t\\p{Zs}\\p{Cf}·•‧∙⋅・\\p{Pd}−]';
const LETTER = '[A-Za-zＡ-Ｚａ-ｚ]';
const FIGURE = '[0-9０-９]';
/** `?` stands for what nobody read. */
const OF_SERIAL = '[A-Za-z0-9Ａ-Ｚａ-ｚ０-９?？]';
/** What a plate ends with, by what the vehicle is or where it may go. */
const SORT = '(?:[警学挂港澳领使试]|应急)';
const HEAD = `${PLACE}${SPLIT}{0,2}${LETTER}`;
const APART = `(?:${SPLIT}{0,2}${OF_SERIAL})`;
/** In front of what can be no word where a plate is meant. */
const NAMED = '(?:车牌|号牌|牌照)(?:号码|号)?[是为]?[\\s:：]{0,3}|\\bplate(?: number| no\\.?)?(?: is)?[\\s:：]{1,3}';
/** Place and letter stand in front of it. */
const SERIAL_MAX = PLATE_LENGTH_MAX - 2;
const WORD = new RegExp(`^${LETTER}{2,}$`, 'u');
/** What may be a plate without the sign of its place: `B·12345`, `MX7742`, or the serial alone. */
const RUN = new RegExp(
  `(?<!${OF_SERIAL})(?:${LETTER}[·•‧・-])?(?:${OF_SERIAL}{4,5}${SORT}|${OF_SERIAL}{5,8}(?!${OF_SERIAL}))`,
  'gu',
);
/** As {@link maskPlate} writes it. */
const TOLD = /^[^*\s]{2}\*{3}[^*\s]{2}$/u;
const SMALL = /[a-zａ-ｚ]/u;
const SPLIT_AT_START = new RegExp(`^${SPLIT}`, 'u');

/** How people write plates, and how one is told from other words that look alike. */
const FORMS: readonly { pattern: RegExp; isPlate(found: string): boolean }[] = [
  {
    // 浙B·12345, 浙BD12345, 浙B1234警
    pattern: new RegExp(`${HEAD}(?:${SPLIT}|[.。]){0,2}(?:${OF_SERIAL}{5,}|${OF_SERIAL}{4}${SORT})`, 'gu'),
    isPlate(found) {
      const [, letter, ...serial] = normalizePlate(found);
      // No authority has this letter.
      if (letter === 'I') return false;
      if (serial.length <= SERIAL_MAX) return figuresOf(serial) >= (SMALL.test(found) ? 3 : 2);
      // The name of something, unless it begins as a serial does and something was written right behind it.
      return /\d/.test(serial[0]!) && figuresOf(serial) >= 3;
    },
  },
  {
    // 浙 B 12 345, 浙B-123-45, 浙BD 12345
    pattern: new RegExp(
      `${HEAD}(?:${APART}{5,6}|${APART}{4}${SPLIT}?${SORT})(?!${OF_SERIAL}|[:：]${FIGURE}|[年月日点])`,
      'gu',
    ),
    isPlate(found) {
      const [first = '', ...parts] = found.slice(1).split(BETWEEN).filter(Boolean);
      const isWord = first.length > 2 || /[ioｉｏ]/iu.test(first) || SPLIT_AT_START.test(found.slice(1));
      if (WORD.test(first) && isWord) return false;
      // In small letters a10 is a name of something.
      const isName = parts.some((part) => SMALL.test(part));
      const [, letter, ...serial] = normalizePlate(found);
      return letter !== 'I' && !isName && !parts.some((part) => WORD.test(part)) && figuresOf(serial) >= 3;
    },
  },
  {
    // WJ浙1234X
    pattern: new RegExp(`(?<!${LETTER})[WwＷｗ][JjＪｊ]${SPLIT}?${PLACE}${SPLIT}?${OF_SERIAL}{5,6}`, 'gu'),
    isPlate: (found) => figuresOf([...normalizePlate(found)].slice(3)) >= 3,
  },
  {
    // 使014·578
    pattern: new RegExp(`(?<![即致促迫大天假行指])使${SPLIT}?${FIGURE}{3}${SPLIT}?${FIGURE}{3}(?!${FIGURE})`, 'gu'),
    isPlate: () => true,
  },
  {
    // 车牌 MX7742, plate KA·12345
    pattern: new RegExp(`(?<=${NAMED})${OF_SERIAL}{1,3}[·•‧・.]?${OF_SERIAL}{3,7}(?!${OF_SERIAL})`, 'giu'),
    isPlate(found) {
      const characters = [...normalizePlate(found)];
      return characters.length >= 5 && figuresOf(characters) >= (SMALL.test(found) ? 3 : 2);
    },
  },
];

/** Figures among the first five of a serial, with those that nobody read; none where none was. */
function figuresOf(serial: readonly string[]): number {
  const five = serial.slice(0, 5).join('');
  return /\d/.test(five) ? five.replace(/[^\d?]/g, '').length : 0;
}

/**
 * What people say, with every plate of the mainland in it masked by its ends, however it is written. One without the
 * sign of its place could be the number of anything: it is masked behind a word such as 车牌 or "plate", and where it
 * may be one of `told`, the masked plates of what is spoken of. Doing it twice changes nothing.
 */
export function maskPlatesSaid(text: string, told: readonly string[] = []): string {
  const said = FORMS.reduce((so, { pattern, isPlate }) => {
    return so.replace(pattern, (found) => (isPlate(found) ? maskPlate(normalizePlate(found)) : found));
  }, text);
  return told.length === 0 ? said : said.replace(RUN, (found) => toldAs(found, told) ?? found);
}

/** The masked plates that stand in what an alert says of itself. */
export function platesTold(data: Readonly<Record<string, unknown>>): string[] {
  const texts = Object.values(data).filter((value) => typeof value === 'string');
  return [...new Set(texts.flatMap((text) => text.split('|').filter((part) => TOLD.test(part))))];
}

/** Whole, without the sign of its place, or the serial alone. */
function toldAs(found: string, told: readonly string[]): string | undefined {
  const run = normalizePlate(found);
  if (!/\d/.test(run)) return undefined;
  return told.find((plate) => {
    const [place = '', letter = ''] = plate;
    const wholes = ['', place, place + letter].map((head) => head + run);
    return wholes.some((whole) => [...whole].length <= PLATE_LENGTH_MAX && maskPlate(whole) === plate);
  });
}

/** What stands for a plate where it must be found again but not read: 64 hex digits that nobody makes without `key`. */
export function hashPlate(key: Buffer, plate: string): string {
  return createHmac('sha256', key).update(normalizePlate(plate)).digest('hex');
}

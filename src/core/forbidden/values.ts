import { FORBIDDEN, type Forbidden } from './table.ts';

/** Shorter texts hold none of them. */
const CARD_CHARACTERS_MIN = 13;
const IDENTITY_CHARACTERS = 18;
const MAC_CHARACTERS_MIN = 14;
const READING_CHARACTERS_MIN = 4;

/** Digits as cards print them: in one run, or in groups of four (or 4-6-5) with one kind of separator. */
const CARD_FORM =
  /(?<![0-9A-Za-z])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?![0-9A-Za-z])/g;
/** 0 and 1 begin no bank's card but Unix times do; serials begin with a date. */
const NO_CARD = /^[01]|^20\d\d(?:0[1-9]|1[0-2])/;
/** What the large schemes begin with; for places where long numbers are common. */
const ISSUERS = /^(?:4|5[1-5]|2[2-7]|3[47]|6011|62|65)/;

/** Whether a text holds what may be the number of a payment card: 13 to 19 digits whose check digit (Luhn) is right. */
export function holdsCard(text: string): boolean {
  return text.length >= CARD_CHARACTERS_MIN && cardsIn(text).length > 0;
}

/** As {@link holdsCard}, but only for numbers a large card scheme gives out: ids and counters are long numbers too. */
export function holdsIssuedCard(text: string): boolean {
  return text.length >= CARD_CHARACTERS_MIN && cardsIn(text).some((digits) => ISSUERS.test(digits));
}

function cardsIn(text: string): string[] {
  const runs = (text.match(CARD_FORM) ?? []).map((run) => run.replace(/\D/g, ''));
  return runs.filter((digits) => !NO_CARD.test(digits) && isLuhn(digits));
}

function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const weighted = i % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

const PROVINCE = '(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9\\d)';
const DAY = '(?:19|20)\\d\\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])';
/** GB 11643: province (9 for permanent residents from abroad), division, day of birth, order and check digit. */
const IDENTITY_FORM = new RegExp(`(?<![0-9A-Za-z])${PROVINCE}\\d{4}${DAY}\\d{3}[\\dXx](?![0-9A-Za-z])`, 'g');
const IDENTITY_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const IDENTITY_CHECK = '10X98765432';

/**
 * Whether a text holds the identity number of a Chinese citizen: 18 characters with a division, a day of birth and the
 * right check digit (ISO 7064 MOD 11-2).
 */
export function holdsIdentity(text: string): boolean {
  return text.length >= IDENTITY_CHARACTERS && (text.match(IDENTITY_FORM) ?? []).some(isIdentity);
}

/** As {@link holdsIdentity}, but only of people born by 2019: ids of messages are made of a division and today, too. */
export function holdsGrownIdentity(text: string): boolean {
  if (text.length < IDENTITY_CHARACTERS) return false;
  return (text.match(IDENTITY_FORM) ?? []).some((found) => found.slice(6, 10) < '2020' && isIdentity(found));
}

function isIdentity(digits: string): boolean {
  const sum = IDENTITY_WEIGHTS.reduce((all, weight, at) => all + weight * Number(digits[at]), 0);
  return IDENTITY_CHECK[sum % 11] === digits[17]!.toUpperCase();
}

const MAC_IN_PAIRS = /(?<![0-9a-f:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![0-9a-f:-])/i;
const MAC_IN_FOURS = /(?<![0-9a-f.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-f.])/i;

/** Whether a text holds a hardware address: aa:bb:cc:dd:ee:ff, with dashes, or aabb.ccdd.eeff. */
export function holdsMac(text: string): boolean {
  return text.length >= MAC_CHARACTERS_MIN && (MAC_IN_PAIRS.test(text) || MAC_IN_FOURS.test(text));
}

/** A name of what is measured, a little between, and a number that is no number of a house, a room or a machine. */
const READING = new RegExp(
  `(?:${FORBIDDEN.health.readings.map((name) => name.replaceAll(' ', '[ _-]?')).join('|')})` +
    '(?:是|为|is)?[\\s:：=]{0,3}\\d{2,3}(?:[./]\\d{1,3})?(?![\\d号室楼栋台])',
  'i',
);

/** Whether a text tells a health reading: "heart rate 72", "血压：120/80". */
export function holdsReading(text: string): boolean {
  return text.length >= READING_CHARACTERS_MIN && READING.test(text);
}

/** Which parts of the table people may write about a device all the same. */
export type Allowed = readonly Forbidden[];

/** What a text that a person wrote holds, by its form alone; null when that is nothing forbidden. */
export function forbiddenText(text: string, allowed: Allowed = []): Forbidden | null {
  const found: [Forbidden, (text: string) => boolean][] = [
    ['identity', holdsIdentity],
    ['card', holdsIssuedCard],
    ['mac', holdsMac],
    ['health', holdsReading],
  ];
  return found.find(([what, holds]) => !allowed.includes(what) && holds(text))?.[0] ?? null;
}

import { randomBytes } from 'node:crypto';

/** What passwords of a maker's devices are made of. */
export interface PasswordRule {
  /** Characters of a password. */
  length: number;
  /** Signs of which one is in it; '' for none. */
  signs: string;
}

/** Read wrong off a screen or a label: 0 O o, 1 l I, 5 S, 2 Z, 8 B. */
const LOWER = 'abcdefghijkmnpqrstuvwxyz';
const UPPER = 'ACDEFGHJKLMNPQRTUVWXY';
const DIGITS = '34679';

/**
 * By a word of the maker's name. The manuals' limits: Hikvision 8-16 of two classes; Dahua 8-32 of two, without
 * ' " ; : &; Uniview 9-32 with letters, digits and signs; Hanwha 8-15 of three; Tiandy 8-16 of two; Axis and Bosch up
 * to 64 and 19; Huawei 8-32 of three. No sign that an address, a shell or XML takes for its own.
 */
const MAKERS: readonly [word: RegExp, rule: PasswordRule][] = [
  [/hikvision|hiwatch|ezviz|海康/i, { length: 16, signs: '' }],
  [/dahua|lechange|imou|大华/i, { length: 20, signs: '' }],
  [/uniview|unv\b|宇视/i, { length: 20, signs: '-_' }],
  [/hanwha|samsung|wisenet/i, { length: 15, signs: '-_' }],
  [/tiandy|天地伟业/i, { length: 16, signs: '' }],
  [/huawei|holowits|华为|好望/i, { length: 20, signs: '-_' }],
  [/axis/i, { length: 24, signs: '' }],
  [/bosch/i, { length: 19, signs: '' }],
];

/** Of makers that nobody wrote down: what all of those above take. */
const ANY: PasswordRule = { length: 15, signs: '-_' };

/** More tries than a password of these lengths ever needs. */
const TRIES_MAX = 1_000;

export function passwordRule(maker: string | null): PasswordRule {
  return MAKERS.find(([word]) => maker !== null && word.test(maker))?.[1] ?? ANY;
}

/**
 * A random password of a rule, 70 bits and more: a letter of each case, a digit, a sign where the rule has one; nothing
 * that reads like another character, no character three times in a row, no row such as `abcd`, and not `username`.
 */
export function newPassword({ length, signs }: PasswordRule, username: string): string {
  const classes = [LOWER, UPPER, DIGITS, ...(signs === '' ? [] : [signs])];
  const letters = LOWER + UPPER + DIGITS;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const one = (from: string): string => from[below(from.length)]!;
    const drawn = [...classes.map(one), ...Array.from({ length: length - classes.length }, () => one(letters))];
    const password = shuffled(drawn).join('');
    if (isGood(password, username)) return password;
  }
  throw new Error('no password of this rule was found');
}

function isGood(password: string, username: string): boolean {
  const isNamed = username !== '' && password.toLowerCase().includes(username.toLowerCase());
  // A sign at an end is lost where somebody marks the password to copy it.
  const isWhole = /^[a-z\d].*[a-z\d]$/i.test(password);
  return isWhole && !isNamed && !/(.)\1\1/.test(password) && !hasRow(password);
}

/** Four characters that follow each other, up or down. */
function hasRow(password: string): boolean {
  const codes = [...password].map((one) => one.charCodeAt(0));
  return [1, -1].some((by) =>
    codes.some((_, at) => at >= 3 && [1, 2, 3].every((back) => codes[at - back]! === codes[at]! - by * back)),
  );
}

/** A whole number from 0 up to, not including, `limit` (at most 256), each as likely as any other. */
function below(limit: number): number {
  const whole = 256 - (256 % limit);
  for (;;) {
    const drawn = randomBytes(1)[0]!;
    if (drawn < whole) return drawn % limit;
  }
}

function shuffled(characters: string[]): string[] {
  for (let at = characters.length - 1; at > 0; at -= 1) {
    const other = below(at + 1);
    [characters[at], characters[other]] = [characters[other]!, characters[at]!];
  }
  return characters;
}

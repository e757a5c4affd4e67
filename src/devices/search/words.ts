/**
 * Words that devices are found by. The database keeps every text of a device folded (migration 0202, which says the
 * same in SQL); what somebody looks for is folded alike. Latin words are found by their beginning, all other letters,
 * Chinese above all, wherever they stand.
 */

/** Terms of one search at most; more are no search but a text. */
export const TERMS_MAX = 8;
/** Longer words are kept in the index by so many characters of them. */
const LEXEME_MAX = 64;
const KEY_MAX = 200;

const CAPITALS = 'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁ';
const SMALL = 'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþαβγδεζηθικλμνξοπρστυφχψωабвгдежзийклмнопрстуфхцчшщъыьэюяё';
const SMALL_OF: ReadonlyMap<string, string> = new Map([...CAPITALS].map((letter, index) => [letter, SMALL[index]!]));
const NO_WORD = new RegExp(
  '[\\u0001-\\u002f\\u003a-\\u0060\\u007b-\\u00bf\\u00d7\\u00f7\\u1680\\u2000-\\u2bff' +
    '\\u3000-\\u3004\\u3008-\\u3020\\u3030\\u303d-\\u303f\\u30fb\\ufe10-\\ufe6f\\ufeff\\ufff0-\\uffff]+',
  'gu',
);
const BOUNDARY = /([a-z0-9])(?=[^a-z0-9 ])|([^a-z0-9 ])(?=[a-z0-9])/gu;
/** Two bytes of a hardware address and more, with something between that tells it from a word. */
const MAC_PART = /^[0-9a-f]{2,4}([:.-][0-9a-f]{2,4})+$/;

/** SHA-256 as programs write it; it is kept without what stands between the bytes. */
const FINGERPRINT = /^([0-9a-f]{2}:){31}[0-9a-f]{2}$/;

/** One thing to find: a device has it in any of its texts. */
export interface Term {
  /** A query of the index, as text of the type tsquery: what has it all may be found. */
  lexemes: string;
  /** A pattern of LIKE over the folded words, for what is found; null where the index alone is exact. */
  phrase: string | null;
  /** A query of the index for what is found besides. */
  orElse: string | null;
}

export interface Wanted {
  /** All of them must be found. */
  terms: Term[];
  /** Devices that are told by the whole text, as by their id or serial number; a query of the index. */
  exactly: string;
}

/** As `search_fold` of the database. */
export function fold(text: string): string {
  const small = text.normalize('NFKC').replace(/./gsu, (letter) => SMALL_OF.get(letter) ?? asciiSmall(letter));
  return small.replace(NO_WORD, ' ').replace(BOUNDARY, '$1$2 ').trim();
}

/** As `search_key` of the database. */
export function keyOf(text: string): string {
  const small = text.normalize('NFKC').replace(/[A-Z]/g, asciiSmall);
  return [...small.replace(/^ +| +$/g, '')].slice(0, KEY_MAX).join('');
}

/** A query of the index for what is kept as a whole. */
export function exactly(what: 'key' | 'mac' | 'gb' | 'tag', text: string): string {
  return quoted(`${what}/${text}`);
}

/** What `text` asks for. More than {@link TERMS_MAX} words count as one phrase from there on. */
export function wantedBy(text: string): Wanted {
  const all = text
    .normalize('NFKC')
    .split(/\s+/u)
    .filter((word) => fold(word) !== '');
  const words = [...all.slice(0, TERMS_MAX - 1), all.slice(TERMS_MAX - 1).join(' ')];
  const terms = words.flatMap((word) => termOf(word) ?? []);
  const mac = macOf(keyOf(text));
  const key = keyOf(text);
  const whole = exactly('key', FINGERPRINT.test(key) ? key.replaceAll(':', '') : key);
  return { terms, exactly: mac === null ? whole : `${whole} | ${exactly('mac', mac)}` };
}

function termOf(text: string): Term | null {
  const folded = fold(text);
  if (folded === '') return null;
  const words = folded.split(' ');
  const plain = words.flatMap((word, index) => lexemesOf(word, index === words.length - 1)).join(' & ');
  const [first = ''] = words;
  const phrase = `%${isLatin(first) ? ' ' : ''}${folded}%`;
  const mac = macOf(text.toLowerCase());
  if (mac !== null) {
    const orElse = `${quoted(`mac/${mac}`)}:*`;
    return { lexemes: `((${plain}) | ${orElse})`, phrase, orElse };
  }
  const isExact = words.length === 1 && (isLatin(first) ? first.length <= LEXEME_MAX : [...first].length <= 2);
  return { lexemes: `(${plain})`, phrase: isExact ? null : phrase, orElse: null };
}

function lexemesOf(word: string, isLast: boolean): string[] {
  if (isLatin(word)) return [`${quoted(word.slice(0, LEXEME_MAX))}${isLast ? ':*' : ''}`];
  const letters = [...word];
  if (letters.length === 1) return [quoted(word)];
  return letters.slice(1).map((letter, index) => quoted(`${letters[index]}${letter}`));
}

/** The digits of a hardware address, or of its beginning; null where it is none or is written without separators. */
function macOf(text: string): string | null {
  if (!MAC_PART.test(text)) return null;
  const digits = text.replace(/[:.-]/g, '');
  return digits.length % 2 === 0 && digits.length <= 12 ? digits : null;
}

function isLatin(word: string): boolean {
  return /^[a-z0-9]/.test(word);
}

function asciiSmall(letter: string): string {
  return letter >= 'A' && letter <= 'Z' ? letter.toLowerCase() : letter;
}

function quoted(lexeme: string): string {
  return `'${lexeme.replace(/['\\]/g, '$&$&')}'`;
}

/**
 * What must never enter the gateway, whoever sends it: health readings of people, numbers of payment cards, and
 * hardware addresses of citizens' phones and computers. The city plans keep all three on networks of their own. Kind
 * files are held against this table when they are read, payloads when they are decoded.
 */
export type Forbidden = 'health' | 'card' | 'mac';

/** Names, word by word; `heart rate` also stands for heart_rate, heartRate and heartrate. */
const NAMES: Record<Forbidden, readonly string[]> = {
  health: [
    'blood',
    'blood pressure',
    'blood oxygen',
    'blood sugar',
    'blood glucose',
    'glucose',
    'cholesterol',
    'systolic',
    'diastolic',
    'heart rate',
    'pulse rate',
    'spo2',
    'ecg',
    'ekg',
    'bmi',
    'body temp',
    'body temperature',
    'body weight',
    'respiratory rate',
    'respiration rate',
    'breath rate',
    'sleep stage',
    'medication',
    'diagnosis',
    'patient',
    '心率',
    '血压',
    '血氧',
    '血糖',
    '体温',
    '心电',
    '病历',
  ],
  card: ['card no', 'card number', 'card num', 'bank card', 'credit card', 'cvv', 'cvc', '卡号'],
  mac: ['mac', 'macs', 'mac addr', 'mac address', 'mac addresses'],
};

/** Whose hardware address it is when it is a person's: no kind may declare a field for it. */
const PERSONS = ['client', 'sta', 'station', 'user', 'visitor', 'phone', 'probe', 'guest', 'passenger'];
const PERSONS_MAC = new RegExp(`^(?:${PERSONS.join('|')})s?mac`);

/** Chinese has no spaces between words, so there any part of a name counts. */
const CHINESE = /[\u4e00-\u9fff]/;

const TABLE = Object.entries(NAMES).flatMap(([what, names]) =>
  names.map((name) => ({
    what: what as Forbidden,
    spaced: ` ${name} `,
    squashed: CHINESE.test(name) ? name : ` ${name.replaceAll(' ', '')} `,
  })),
);

/** Most names have none of these in them and need no closer look. */
const SUSPECT = new RegExp(
  [
    ...new Set(
      Object.values(NAMES)
        .flat()
        .map((name) => name.split(' ')[0]),
    ),
  ].join('|'),
  'i',
);

/** What a name of a field, an event or a payload's key says it carries; null when that is nothing forbidden. */
export function forbiddenName(name: string): Forbidden | null {
  if (!SUSPECT.test(name)) return null;
  const words = wordsOf(name);
  for (const { what, spaced, squashed } of TABLE) if (words.includes(spaced) || words.includes(squashed)) return what;
  for (const word of words.trim().split(' ')) if (PERSONS_MAC.test(word)) return 'mac';
  return null;
}

/** Whether a name speaks of the hardware address of somebody's own device, not of a device of the city. */
export function isPersonsMac(name: string): boolean {
  if (forbiddenName(name) !== 'mac') return false;
  const words = wordsOf(name);
  return PERSONS_MAC.test(words.replaceAll(' ', '')) || PERSONS.some((who) => new RegExp(` ${who}s? `).test(words));
}

function wordsOf(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return ` ${spaced.replace(/[^a-z0-9\u4e00-\u9fff]+/g, ' ')} `.replace(/ +/g, ' ');
}

/** Shorter texts hold neither. */
const CARD_CHARACTERS_MIN = 13;
const MAC_CHARACTERS_MIN = 14;

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

function cardsIn(text: string): string[] {
  const runs = (text.match(CARD_FORM) ?? []).map((run) => run.replace(/\D/g, ''));
  return runs.filter((digits) => !NO_CARD.test(digits) && isLuhn(digits));
}

/** As {@link holdsCard}, but only for numbers a large card scheme gives out: ids and counters are long numbers too. */
export function holdsIssuedCard(text: string): boolean {
  return text.length >= CARD_CHARACTERS_MIN && cardsIn(text).some((digits) => ISSUERS.test(digits));
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

const MAC_IN_PAIRS = /(?<![0-9a-f:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![0-9a-f:-])/i;
const MAC_IN_FOURS = /(?<![0-9a-f.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-f.])/i;

/** Whether a text holds a hardware address: aa:bb:cc:dd:ee:ff, with dashes, or aabb.ccdd.eeff. */
export function holdsMac(text: string): boolean {
  return text.length >= MAC_CHARACTERS_MIN && (MAC_IN_PAIRS.test(text) || MAC_IN_FOURS.test(text));
}

/** What a kind says its own fields hold, by name of the key: equipment has hardware addresses and long serials too. */
export type Declared = ReadonlyMap<string, 'mac' | 'digits'>;

/** A forbidden thing in a payload: at or under the key `key`, which is empty when the key itself is the thing. */
export interface Found {
  what: Forbidden;
  key: string;
}

/**
 * Looks through the text of a payload that is put aside anyway, whole JSON or broken; null when it may be kept. Reads
 * tokens and not parsed values, because parsing rounds long numbers and forgets all but the last of equal keys. Goes
 * over the text once, whatever it is: a text that never ends is a text to the end.
 */
export function findForbidden(text: string, declared: Declared): Found | null {
  let key = '';
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const end = code === QUOTE ? endOfText(text, at) : isDigit(code) ? endOfNumber(text, at) : at + 1;
    const token = end - at > 1 ? text.slice(at, end) : '';
    at = end;
    if (token === '') continue;
    if (code !== QUOTE) {
      if (inNumber(token)) return { what: 'card', key: shownKey(key) };
      continue;
    }
    const content = withoutEscapes(token.replace(/^"|"$/g, ''));
    while (at < text.length && text.charCodeAt(at) <= SPACE) at += 1;
    const isKey = text.charCodeAt(at) === COLON;
    if (isKey) key = content;
    // What a payload was cut off in may have been about to become a key.
    const maybeKey = isKey || at >= text.length;
    const what = (maybeKey ? inKey(content) : null) ?? (isKey ? null : inText(content, key, declared));
    if (what) return { what, key: shownKey(key) };
  }
  return null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Behind the closing quote, or the end of everything. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}

/** Digits with what may stand in a number: a fraction's digits are no number of their own. */
function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && (isDigit(text.charCodeAt(at)) || '.eE+-'.includes(text[at]!))) at += 1;
  return at;
}

/** A key that is itself the forbidden thing is not shown. */
function shownKey(key: string): string {
  return holdsCard(key) || holdsMac(key) ? '' : key;
}

function inKey(key: string): Forbidden | null {
  return forbiddenName(key) ?? (holdsCard(key) ? 'card' : holdsMac(key) ? 'mac' : null);
}

function inNumber(number: string): boolean {
  return /^\d+$/.test(number) && holdsIssuedCard(number);
}

function inText(text: string, key: string, declared: Declared): Forbidden | null {
  if (key === 'type' && forbiddenName(text)) return forbiddenName(text);
  const holds = declared.get(key);
  if (holds !== 'mac' && holdsMac(text)) return 'mac';
  const card = key === 'id' ? holdsIssuedCard(text) : holdsCard(text);
  return card && holds !== 'digits' ? 'card' : null;
}

function withoutEscapes(quoted: string): string {
  if (!quoted.includes('\\')) return quoted;
  try {
    return JSON.parse(`"${quoted}"`) as string;
  } catch {
    return quoted;
  }
}

import { createHmac, randomBytes } from 'node:crypto';

/** Before the letter of a plate of the mainland. */
const HOMES = '京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼';
const WORDS = '警学挂港澳领试超';
/**
 * A number plate: a province, a letter, five or six more with a digit among them, the last perhaps a word for whose
 * it is; some of them perhaps masked, and some people write a sign between.
 */
const PLATE = new RegExp(`[${HOMES}][A-Z][· -]?(?=[A-Z]*[0-9*])(?:[A-Z0-9*]{5,6}|[A-Z0-9*]{4}[${WORDS}])`, 'giu');
const PLATE_SIGNS = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789';
/** Names of fields that tell who somebody is, whatever stands in them. */
const OF_PEOPLE = /person|people|name|phone|mobile|owner|holder|driver|card|user|identity|face|mail/i;
/** Eleven digits of a phone, eighteen of an identity card. */
const NUMBERS = /(?<![0-9])(1[3-9]\d{9}|\d{17}[0-9Xx])(?![0-9])/g;
/** Numbers of people and cards have so many digits at least; smaller ones count something. */
const NUMBER_OF_ONE_MIN = 100_000;

/**
 * Other names for plates and people: the same for the same one within one recording, and no way back, as the key is of
 * this process alone. Plates look like plates, so that they are read as such.
 */
export class Pseudonyms {
  readonly #key: Buffer;

  /** @param key chance, unless a test says otherwise */
  constructor(key: Buffer = randomBytes(32)) {
    this.#key = key;
  }

  /** Of a value of a field; `sensitive` is what its kind says of it, null for nothing. */
  of(name: string, value: unknown, sensitive: string | null): unknown {
    if (Array.isArray(value)) return value.map((one) => this.of(name, one, sensitive));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([inner, one]) => [inner, this.of(inner, one, sensitive)]));
    }
    if (typeof value !== 'string') return this.#ofNoText(name, value, sensitive);
    // A field of plates that holds anything else is hidden whole.
    if (sensitive === 'plate') return value === '' ? value : this.#plate(value);
    const isPlate = value.replace(PLATE, '') === '';
    const isOfPeople = sensitive !== null || OF_PEOPLE.test(name);
    if (isOfPeople && !isPlate) return `p-${this.#digest(value).toString('hex').slice(0, 12)}`;
    const plain = value.replace(PLATE, (plate) => this.#plate(plate));
    return plain.replace(NUMBERS, (number) => this.#digits(number));
  }

  #ofNoText(name: string, value: unknown, sensitive: string | null): unknown {
    if (sensitive !== null && sensitive !== 'plate') return null;
    const isOfOne = typeof value === 'number' && value >= NUMBER_OF_ONE_MIN && OF_PEOPLE.test(name);
    return isOfOne ? Number(this.#digits(String(value))) : value;
  }

  /** The province stays, as it is no secret and rules look at it. */
  #plate(plate: string): string {
    const [home = '浙', ...rest] = [...plate.toUpperCase().replace(/[· -]/g, '')];
    const bytes = this.#digest([home, ...rest].join(''));
    const signs = rest.map((_, at) => PLATE_SIGNS[bytes[at % bytes.length]! % (at === 0 ? 24 : PLATE_SIGNS.length)]);
    return `${home}${signs.join('')}`;
  }

  #digits(number: string): string {
    const bytes = this.#digest(number);
    return [...number]
      .map((sign, at) => (/\d/.test(sign) && at > 0 ? `${bytes[at % bytes.length]! % 10}` : sign))
      .join('');
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

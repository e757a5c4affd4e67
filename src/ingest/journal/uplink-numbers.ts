/** An uplink as records name it. */
export interface NumberedUplink {
  /** What messages and the API say. */
  readonly name: string;
  /** What stands on disk, 0 to 255. */
  readonly diskNumber: number;
}

/** Where messages come from that no uplink brings: from the gateway itself, and from a replay of dead letters. */
const ORIGINS: readonly NumberedUplink[] = [
  { name: 'internal', diskNumber: 3 },
  { name: 'replay', diskNumber: 4 },
];

/** The uplinks that every journal may hold, whatever runs now. A number is never given a second meaning. */
const OWN: readonly NumberedUplink[] = [
  { name: 'mqtt', diskNumber: 0 },
  { name: 'http', diskNumber: 1 },
  { name: 'onvif', diskNumber: 2 },
];

const NUMBER_MAX = 0xff;
/** The name of a number that this gateway has no uplink for: what such an uplink once brought can still be read. */
const UNKNOWN_NAME = /^uplink-(\d{1,3})$/;

/** Names and numbers of uplinks, both ways. Every number has a name; a name without a number is refused. */
export class UplinkNumbers {
  readonly #names: string[];
  readonly #numbers = new Map<string, number>();

  /** Throws a RangeError where two names share a number, or the other way round: a journal would lie. */
  constructor(more: readonly NumberedUplink[] = []) {
    this.#names = Array.from({ length: NUMBER_MAX + 1 }, (_, number) => `uplink-${number}`);
    for (const { name, diskNumber } of [...ORIGINS, ...OWN, ...more]) this.#add(name, diskNumber);
  }

  #add(name: string, number: number): void {
    const known = this.#numbers.get(name);
    if (known === number && this.#names[number] === name) return;
    const isFree = this.#names[number] === `uplink-${number}`;
    if (known !== undefined || !isFree || UNKNOWN_NAME.test(name)) {
      throw new RangeError(`uplink ${name} cannot have the disk number ${number}: name or number is taken`);
    }
    this.#names[number] = name;
    this.#numbers.set(name, number);
  }

  nameOf(number: number): string {
    return this.#names[number] ?? `uplink-${number}`;
  }

  numberOf(name: string): number | undefined {
    return this.#numbers.get(name) ?? this.#unknown(name);
  }

  #unknown(name: string): number | undefined {
    const number = Number(UNKNOWN_NAME.exec(name)?.[1] ?? Number.NaN);
    return this.#names[number] === name ? number : undefined;
  }
}

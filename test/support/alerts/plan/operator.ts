import type { Happening, Truth } from './happenings.ts';

/**
 * The person at the desk, the same for both ways: one item at a time, never interrupted. Seconds: each is looked at,
 * then acknowledged, then dealt with by what it turned out to be.
 */
export const OPERATOR = {
  /** To read what it says. */
  look: 20,
  /** To see that there is nothing to do. */
  false: 20,
  /** To tell those who look after the device. */
  fault: 25,
  /** To send somebody. */
  incident: 130,
  /** To see that it is known already. */
  known: 0,
  /** Each that a line stands for, when that is opened. */
  part: 5,
} as const;

/** One item that came before the operator, and when it was acknowledged. Unix ms. */
export interface Item {
  /** Since when it was there to be taken up. */
  shownAtMs: number;
  ackedAtMs: number;
  /** Which happenings it tells of; one alert may stand for several. */
  happenings: string[];
}

/** What one way of working made of a set. */
export interface Worked {
  items: Item[];
  /** Seconds the operator was busy. */
  busyS: number;
  /** Items that nobody had taken up at the end. */
  left: number;
}

/** Knows the truth, and what the operator knows already. */
export class Clerk {
  readonly #byDevice = new Map<string, Happening>();
  readonly #known = new Set<string>();
  readonly worked: Worked = { items: [], busyS: 0, left: 0 };

  constructor(happenings: readonly Happening[]) {
    for (const one of happenings) for (const device of one.devices) this.#byDevice.set(device, one);
  }

  /** Takes up an item that tells of these devices; returns for how many seconds it keeps the operator busy. */
  take(devices: readonly string[], { shownAtMs, atMs }: { shownAtMs: number; atMs: number }): number {
    const about = [...new Set(devices.map((device) => this.#byDevice.get(device)!))];
    const looking = OPERATOR.look + (devices.length - 1) * OPERATOR.part;
    const busyS = about.reduce((sum, one) => sum + this.#seconds(one), looking);
    const ackedAtMs = atMs + OPERATOR.look * 1_000;
    this.worked.items.push({ shownAtMs, ackedAtMs, happenings: about.map(({ id }) => id) });
    this.worked.busyS += busyS;
    return busyS;
  }

  /** What a person would close it with. */
  truthOf(device: string): Truth {
    return this.#byDevice.get(device)!.truth;
  }

  #seconds({ id, truth }: Happening): number {
    if (this.#known.has(id)) return OPERATOR.known;
    this.#known.add(id);
    return OPERATOR[truth];
  }
}

import { noise, pickOne, type Random, round } from '../random.ts';

const BINS = ['paper', 'plastic', 'metal', 'textile'] as const;
type Bin = (typeof BINS)[number];

/** How many kilograms fill a bin; the fullness of each in percent follows from its weight. */
const CAPACITY_KG: Record<Bin, number> = { paper: 120, plastic: 45, metal: 60, textile: 80 };
const DEPOSIT_KG: Record<Bin, number> = { paper: 3, plastic: 0.8, metal: 0.6, textile: 2 };
const FULL_SHARE = 0.85;

export interface Deposit {
  bin: Bin;
  weight_kg: number;
  items: number;
}

/** What is true of one recycling kiosk; pure but for its own state, all chance comes from `random`. */
export class KioskModel {
  readonly #random: Random;
  readonly #weightKg: Record<Bin, number>;
  readonly #rssiDbm: number;
  #ambientC: number;
  #fireC = 0;
  #burning = false;
  doorOpen = false;

  constructor(random: Random) {
    this.#random = random;
    const start = (bin: Bin): number => CAPACITY_KG[bin] * (0.1 + random() * 0.5);
    this.#weightKg = {
      paper: start('paper'),
      plastic: start('plastic'),
      metal: start('metal'),
      textile: start('textile'),
    };
    this.#rssiDbm = -58 - random() * 25;
    this.#ambientC = 14 + random() * 8;
  }

  /** Lets time pass; returns what people brought meanwhile, about `perHour` times an hour. */
  pass(elapsedS: number, perHour: number): Deposit[] {
    this.#ambientC += noise(this.#random) * 0.05;
    // A fire heats the sensor within seconds and it cools slowly afterwards.
    this.#fireC = this.#burning ? Math.min(160, this.#fireC + elapsedS) : this.#fireC * Math.exp(-elapsedS / 20);
    if (this.#random() > (perHour * elapsedS) / 3_600) return [];
    const bin = pickOne(BINS, this.#random);
    const weight = round(DEPOSIT_KG[bin] * (0.3 + this.#random() * 1.4), 2);
    // People find another kiosk before a bin is full; being full is an incident of its own.
    if (this.#weightKg[bin] + weight > CAPACITY_KG[bin] * FULL_SHARE) return [];
    this.#weightKg[bin] += weight;
    return [{ bin, weight_kg: weight, items: 1 + Math.floor(this.#random() * 6) }];
  }

  fillPct(bin: Bin): number {
    return Math.min(100, (this.#weightKg[bin] / CAPACITY_KG[bin]) * 100);
  }

  catchFire(): void {
    this.#burning = true;
    this.#fireC = 85 - this.#ambientC;
  }

  extinguish(): void {
    this.#burning = false;
  }

  /** Fills one bin to 96 %, as a delivery of cardboard does. */
  becomeFull(): Bin {
    this.#weightKg.paper = CAPACITY_KG.paper * 0.96;
    return 'paper';
  }

  /** What the lorry takes along, in kilograms. */
  empty(): number {
    const total = BINS.reduce((sum, bin) => sum + this.#weightKg[bin], 0);
    for (const bin of BINS) this.#weightKg[bin] *= 0.02;
    return round(total, 1);
  }

  /** One reading, fields of the kind `recycling-kiosk`. */
  read(): Record<string, number | boolean | string> {
    const weight = BINS.reduce((sum, bin) => sum + this.#weightKg[bin], 0);
    const bins = Object.fromEntries(BINS.map((bin) => [`fill_${bin}_pct`, round(this.fillPct(bin), 1)]));
    return {
      fill_pct: round(Math.max(...BINS.map((bin) => this.fillPct(bin))), 1),
      ...bins,
      weight_kg: round(weight, 1),
      temp_c: round(this.#ambientC + this.#fireC + noise(this.#random) * 0.2, 1),
      smoke: this.#burning,
      door_open: this.doorOpen,
      tilt_deg: round(Math.abs(noise(this.#random)) * 0.3, 1),
      mains: true,
      battery_pct: 100,
      rssi_dbm: Math.round(this.#rssiDbm + noise(this.#random) * 2),
      network: 'cellular',
    };
  }
}

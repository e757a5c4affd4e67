import { MqttDevice } from '../mqtt-device.ts';
import type { Answers, Args } from '../obedience.ts';
import { noise, pickOne, type Random, round, seeded } from '../random.ts';
import { inventPlate, type Plate, vehicleClassOf } from './plates.ts';

export interface CheckpointOptions {
  url: string;
  id: string;
  secret: string;
  /** How often it reports on itself; a real one does every 60 s. */
  periodS: number;
  lanes: number;
  /** Vehicles per minute over all lanes; 20,000 a day are 14. */
  passagesPerMin: number;
  /** Prefix of most plates, such as 浙B. */
  home: string;
  limitKmh?: number;
  answers?: Answers;
}

const FIRMWARE = '5.20.1';
const UNREAD_SHARE = 0.015;
const COLOURS = ['white', 'black', 'grey', 'silver', 'blue', 'red'] as const;
const DIRECTIONS = ['inbound', 'outbound'] as const;

/** A vehicle checkpoint on MQTT: passages at random intervals, and a report on itself. */
export class Checkpoint {
  readonly device: MqttDevice;
  readonly #options: CheckpointOptions;
  readonly #random: Random;
  readonly #timer: NodeJS.Timeout;
  #next: NodeJS.Timeout | null = null;
  /** What it was told; without that, the lamp goes by the hour. */
  #lamp: boolean | null = null;
  #passed = 0;
  #read = 0;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#random = seeded(options.id);
    this.device = new MqttDevice({
      ...options,
      firmware: FIRMWARE,
      obey: (name, args) => this.#obey(name, args),
    });
    this.#timer = setInterval(() => this.#report(), options.periodS * 1_000);
    this.#schedule();
  }

  /** A vehicle with this plate passes now; returns the event's id. */
  pass(plate: Plate): string {
    return this.#tell(plate);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#next) clearTimeout(this.#next);
    await this.device.stop();
  }

  /** Exponential gaps: vehicles come by chance, not by the clock. */
  #schedule(): void {
    if (this.#options.passagesPerMin <= 0) return;
    const gapMs = (-Math.log(1 - this.#random()) * 60_000) / this.#options.passagesPerMin;
    this.#next = setTimeout(() => {
      this.#tell(this.#random() < UNREAD_SHARE ? null : inventPlate(this.#options.home, this.#random));
      this.#schedule();
    }, gapMs);
  }

  #tell(plate: Plate | null): string {
    const { lanes, limitKmh = 60 } = this.#options;
    const random = this.#random;
    this.#passed += 1;
    if (plate) this.#read += 1;
    const lane = 1 + Math.floor(random() * lanes);
    const seen = plate
      ? { plate: plate.text, plateColor: plate.color, plateConfidence: round(0.9 + random() * 0.099, 3) }
      : { plateColor: 'unknown' };
    return this.device.tell('passage', {
      ...seen,
      lane,
      speedKmh: Math.max(5, Math.round(limitKmh * 0.8 + noise(random) * 12)),
      direction: DIRECTIONS[lane % 2] ?? 'inbound',
      vehicleClass: plate ? vehicleClassOf(plate, random) : 'unknown',
      vehicleColor: pickOne(COLOURS, random),
    });
  }

  #obey(name: string, args: Args): unknown {
    if (name === 'set_night_lamp') this.#lamp = args.on === true;
    else if (name !== 'sync_clock' && name !== 'reboot') throw new Error(`this checkpoint cannot ${name}`);
    this.#report();
    return {};
  }

  #report(): void {
    const { lanes, periodS } = this.#options;
    const hour = new Date().getHours();
    this.device.report({
      lanes_up: lanes,
      passages_per_min: round((this.#passed * 60) / periodS, 1),
      recognised_pct: this.#passed === 0 ? 100 : round((this.#read * 100) / this.#passed, 1),
      night_lamp: this.#lamp ?? (hour < 6 || hour >= 18),
      storage_used_pct: 41.5,
      unsent: 0,
      clock_skew_s: round(noise(this.#random) * 0.1, 3),
      temp_c: round(31 + noise(this.#random), 1),
      mains: true,
    });
    this.#passed = 0;
    this.#read = 0;
  }
}

import { MqttDevice } from '../mqtt-device.ts';
import type { Answers, Args } from '../obedience.ts';
import { seeded } from '../random.ts';
import { KioskModel } from './model.ts';

export interface KioskOptions {
  url: string;
  id: string;
  secret: string;
  /** How often it reports; a real one does every 60 s. */
  periodS: number;
  /** Deposits of people per hour. */
  depositsPerHour?: number;
  answers?: Answers;
}

const FIRMWARE = '3.10';
/** An unlocked door that nobody closes locks itself. */
const DOOR_OPEN_MS = 10_000;

/** A recycling kiosk on MQTT. Incidents report at once, as the real ones do, not at the next period. */
export class Kiosk {
  readonly device: MqttDevice;
  readonly #model: KioskModel;
  readonly #options: KioskOptions;
  #periodS: number;
  #timer: NodeJS.Timeout;
  readonly #first: NodeJS.Timeout;
  #door: NodeJS.Timeout | null = null;

  constructor(options: KioskOptions) {
    this.#options = options;
    this.#periodS = options.periodS;
    const random = seeded(options.id);
    this.#model = new KioskModel(random);
    this.device = new MqttDevice({
      ...options,
      firmware: FIRMWARE,
      obey: (name, args) => this.#obey(name, args),
    });
    // Each begins somewhere in its period, else a city of kiosks would speak in one voice.
    this.#first = setTimeout(() => this.#tick(), random() * Math.min(options.periodS, 2) * 1_000);
    this.#timer = setInterval(() => this.#tick(), options.periodS * 1_000);
  }

  catchFire(): void {
    this.#model.catchFire();
    this.device.report(this.#model.read());
  }

  extinguish(): void {
    this.#model.extinguish();
    this.device.report(this.#model.read());
  }

  becomeFull(): void {
    const bin = this.#model.becomeFull();
    this.device.tell('full', { bin, fill_pct: 96 });
    this.device.report(this.#model.read());
  }

  becomeEmpty(): void {
    this.device.tell('emptied', { weight_kg: this.#model.empty() });
    this.device.report(this.#model.read());
  }

  async stop(): Promise<void> {
    clearTimeout(this.#first);
    clearInterval(this.#timer);
    if (this.#door) clearTimeout(this.#door);
    await this.device.stop();
  }

  #tick(): void {
    const { depositsPerHour = 12 } = this.#options;
    for (const deposit of this.#model.pass(this.#periodS, depositsPerHour)) this.device.tell('deposit', { ...deposit });
    this.device.report(this.#model.read());
  }

  #obey(name: string, args: Args): unknown {
    switch (name) {
      case 'unlock':
        this.#setDoor(true);
        this.#door = setTimeout(() => this.#setDoor(false), DOOR_OPEN_MS);
        return { door_open: true };
      case 'lock':
        this.#setDoor(false);
        return { door_open: false };
      case 'set_period':
        clearInterval(this.#timer);
        this.#periodS = Number(args.period_s);
        this.#timer = setInterval(() => this.#tick(), this.#periodS * 1_000);
        return { period_s: this.#periodS };
      case 'reboot':
        this.device.report(this.#model.read());
        return {};
      default:
        throw new Error(`this kiosk cannot ${name}`);
    }
  }

  #setDoor(isOpen: boolean): void {
    if (this.#door) clearTimeout(this.#door);
    this.#model.doorOpen = isOpen;
    this.device.report(this.#model.read());
  }
}

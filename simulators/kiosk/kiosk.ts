import { MqttDevice } from '../mqtt-device.ts';
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
}

const FIRMWARE = '3.10';

/** A recycling kiosk on MQTT. Incidents report at once, as the real ones do, not at the next period. */
export class Kiosk {
  readonly device: MqttDevice;
  readonly #model: KioskModel;
  readonly #options: KioskOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #first: NodeJS.Timeout;

  constructor(options: KioskOptions) {
    this.#options = options;
    const random = seeded(options.id);
    this.#model = new KioskModel(random);
    this.device = new MqttDevice({ ...options, firmware: FIRMWARE });
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
    await this.device.stop();
  }

  #tick(): void {
    const { periodS, depositsPerHour = 12 } = this.#options;
    for (const deposit of this.#model.pass(periodS, depositsPerHour)) this.device.tell('deposit', { ...deposit });
    this.device.report(this.#model.read());
  }
}

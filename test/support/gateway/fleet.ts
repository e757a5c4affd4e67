import type { Test } from 'tap';
import { HttpSender } from '../api/http-sender.ts';
import { until } from '../time/until.ts';
import { FleetDevice, type Login } from './fleet-device.ts';
import { add, emptyTally, type Since, type Tally, tallyOf } from './fleet-read-back.ts';
import type { Gateway } from './gateway.ts';

export interface FleetOptions {
  devices?: number;
  perSecond?: number;
  /** Devices that send by HTTP besides, one reading at a time. */
  http?: number;
  /** Where they connect and as whom, when that is not the gateway. */
  port?: () => number;
  login?: (id: string, secret: string) => Login;
}

/** From where on a tally counts: the round of the devices on MQTT, and of each on HTTP. */
interface FleetSince extends Since {
  http: number[];
}

const TICK_MS = 20;
/** Unacknowledged messages of one device above which it sends no more, as a device with little memory does. */
const WAITING_MAX = 200;
/** Clocks of readings begin this long before the fleet. */
const BEHIND_MS = 3_600_000;

/**
 * Kiosks that publish with QoS 1, resend what was not acknowledged and come back by themselves; each keeps a diary of
 * what was acknowledged, which is compared with what can be read afterwards.
 */
export class Fleet {
  readonly devices: FleetDevice[] = [];
  readonly http: HttpSender[] = [];
  readonly #gateway: Gateway;
  readonly #baseMs = Date.now() - BEHIND_MS;
  readonly perSecond: number;
  #since: FleetSince = { round: 0, http: [], atMs: Date.now() };
  readonly #begun: FleetSince = this.#since;
  #timer: NodeJS.Timeout | null = null;
  #next = 0;

  private constructor(gateway: Gateway, perSecond: number) {
    this.#gateway = gateway;
    this.perSecond = perSecond;
  }

  /** Registers the devices and connects them. */
  static async connect(t: Test, gateway: Gateway, options: FleetOptions = {}): Promise<Fleet> {
    const { devices = 20, perSecond = 500, http = 0 } = options;
    const port = options.port ?? (() => gateway.mqttPort);
    const login = options.login ?? ((username: string, password: string) => ({ username, password }));
    const fleet = new Fleet(gateway, perSecond);
    t.teardown(() => fleet.end());
    for (let number = 0; number < devices; number += 1) {
      const id = `fleet-${number}`;
      const secret = await gateway.register({ id });
      fleet.devices.push(new FleetDevice(id, { port, login: login(id, secret), baseMs: fleet.#baseMs }));
    }
    for (let number = 0; number < http; number += 1) {
      const id = `fleet-http-${number}`;
      fleet.http.push(new HttpSender(gateway, { id, secret: await gateway.register({ id }), baseMs: fleet.#baseMs }));
    }
    await until('all devices are connected', () => fleet.devices.every(({ connected }) => connected));
    return fleet;
  }

  get acked(): number {
    return this.#all.reduce((sum, { acked }) => sum + acked, 0);
  }

  get waiting(): number {
    return this.#all.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  get #all(): readonly (FleetDevice | HttpSender)[] {
    return [...this.devices, ...this.http];
  }

  /** Publishes `perSecond` messages a second until {@link stop}. */
  go(): void {
    let last = performance.now();
    let owed = 0;
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      owed = Math.min(owed + ((now - last) * this.perSecond) / 1000, this.perSecond);
      for (last = now; owed >= 1; owed -= 1) this.#publishOne();
    }, TICK_MS);
    for (const sender of this.http) sender.go();
  }

  /** Stops publishing and waits until all that was sent is acknowledged. */
  async stop(limitMs = 30_000): Promise<void> {
    this.#halt();
    await until('everything sent is acknowledged', () => this.waiting === 0, limitMs);
  }

  end(): void {
    this.#halt();
    for (const each of this.#all) each.end();
  }

  #halt(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const sender of this.http) sender.halt();
  }

  /**
   * Reads everything back once nothing waits in the ledger (what was acknowledged a moment ago may not be stored yet);
   * resolves with what is wrong. Acknowledged is there once, and nothing is there unsent.
   */
  async faults(): Promise<string[]> {
    return (await this.tally()).wrong;
  }

  /** As {@link faults} with figures. */
  tally(): Promise<Tally> {
    return this.#tallySince(this.#begun);
  }

  /** As {@link tally}, of what was sent since the last call only; for a fleet that has stopped. */
  async newTally(): Promise<Tally> {
    const since = this.#since;
    const round = Math.ceil(this.#next / this.devices.length);
    this.#next = round * this.devices.length;
    this.#since = { round, http: this.http.map(({ sent }) => sent), atMs: Date.now() };
    return await this.#tallySince(since);
  }

  async #tallySince(since: FleetSince): Promise<Tally> {
    await this.#gateway.settledLedger();
    const context = { gateway: this.#gateway, baseMs: this.#baseMs, since };
    const tally = emptyTally();
    for (const device of this.devices) add(tally, await tallyOf(device, context));
    for (const [index, sender] of this.http.entries()) add(tally, await sender.tally(since.http[index] ?? 0));
    return tally;
  }

  #publishOne(): void {
    const device = this.devices[this.#next % this.devices.length]!;
    if (device.waiting < WAITING_MAX) device.publish(Math.floor(this.#next / this.devices.length));
    this.#next += 1;
  }
}

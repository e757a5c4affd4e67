import type { DistrictNetwork } from '../faults/district.ts';
import { FaultTimeline } from '../faults/timeline.ts';
import { UndoFile } from '../faults/undo.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { line } from '../fleet/ledger-lines.ts';
import type { GatewayClient } from '../gateway-client.ts';
import type { Doors } from '../links/link.ts';
import type { SimulatedCity } from './city.ts';
import { faultOf, openNetworks, refuseFaults } from './faults.ts';
import { PowerReturn } from './looks/power-return.ts';
import { pause } from './watch.ts';

/** From one look at the lights to the next, and how long a look may take. */
const LOOK_MS = 500;
/** Health is looked at each second by a gateway, and some of it less often. */
const STAYS_MS = 5_000;
const ANSWER_MS = 5_000;

export interface FaultRunOptions {
  doors: Doors;
  prefix: string;
  watchPid: number | null;
  fillDir: string | null;
  /** One machine: devices and strangers have addresses of their own. */
  ownAddresses: boolean;
  /** How long all lights may take to be green after a fault. */
  wellWithinMs: number;
  ledger: { add(line: string): void };
  gateway: Pick<GatewayClient, 'call'>;
  /** In [0, 1), other each time. */
  random(): number;
  say(text: string): void;
}

/**
 * The faults of one run: made at their times, and all undone at the end, however it ends. Power cuts are made by the
 * devices themselves; how the gateway gets over them is looked at here.
 */
export class FaultRun {
  readonly #options: FaultRunOptions;
  readonly #networks: ReadonlyMap<string, DistrictNetwork>;
  readonly #undo: UndoFile;
  readonly #onExit = (): void => void this.#undo.undo();
  #timeline: FaultTimeline | null = null;
  #returns: PowerReturn | null = null;

  private constructor(options: FaultRunOptions, networks: ReadonlyMap<string, DistrictNetwork>) {
    this.#options = options;
    this.#networks = networks;
    this.#undo = new UndoFile(options.prefix);
    // Whatever ends this process: what it stopped goes on.
    process.once('exit', this.#onExit);
  }

  /** Opens the way of districts whose network will be disturbed. Throws where a fault cannot be made here. */
  static async open(city: Pick<SimulatedCity, 'faults'>, options: FaultRunOptions): Promise<FaultRun> {
    refuseFaults(city, options);
    return new FaultRun(options, await openNetworks(city, options.doors, options.ownAddresses));
  }

  /** Where devices of a district connect. */
  doorsOf(district: string): Doors {
    return this.#networks.get(district)?.doors ?? this.#options.doors;
  }

  begin(city: Pick<SimulatedCity, 'faults' | 'befallen' | 'citizens'>, fleet: Pick<Fleet, 'replace'>): void {
    const { ledger, say, wellWithinMs } = this.#options;
    const ground = { ...this.#options, networks: this.#networks, undo: this.#undo, fleet };
    this.#timeline = new FaultTimeline({
      faults: city.faults.map((plan) => faultOf(plan, ground)),
      nowMs: Date.now,
      say,
      isWell: () => this.#isWell(),
      onWell: ({ what }, endedMs, wellMs) => ledger.add(line.healed({ what, endedMs, wellMs, left: [] })),
      onUnmade: ({ what, fromMs, toMs }, why) => ledger.add(line.unmade({ what, fromMs, toMs, why })),
      wellWithinMs,
      lookMs: LOOK_MS,
      staysMs: STAYS_MS,
    });
    this.#timeline.start();
    this.#returns = new PowerReturn({ ...this.#options, nowMs: Date.now, pause });
    void this.#returns.begin(city);
  }

  /** Ends what lasts, and looks how the gateway gets over it. */
  async stop(): Promise<void> {
    await Promise.all([this.#timeline?.stop(), this.#returns?.stop()]);
  }

  /** Undoes all. */
  async close(): Promise<void> {
    await this.stop();
    this.#undo.undo();
    process.off('exit', this.#onExit);
    for (const network of this.#networks.values()) await network.stop();
  }

  /** Whether every light is green; a gateway that tells of no parts is well when it is ready. */
  async #isWell(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const response = await fetch(new URL('/readyz', this.#options.doors.http), { signal });
      const { parts = {} } = (await response.json()) as { parts?: Record<string, { ok: boolean }> };
      return response.ok && Object.values(parts).every(({ ok }) => ok);
    } catch {
      return false;
    }
  }
}

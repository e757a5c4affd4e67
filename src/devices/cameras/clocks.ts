import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { internalMessage } from '../../core/internal-records.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import type { DeviceId, DeviceIdentity, NewMessage } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { OnvifAccess } from '../registry/connections.ts';
import type { RegistryTables } from '../registry/tables.ts';

export interface CameraClocksDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  /** Who a camera is; undefined for what is none. */
  camera(id: DeviceId): DeviceIdentity | undefined;
  access(id: DeviceId): Promise<OnvifAccess | null>;
  /** Its clock minus ours, asked without a login; null where it does not tell. */
  ask(target: OnvifAccess, signal: AbortSignal): Promise<number | null>;
  /** Writes into the journal; rules judge it as any reading. */
  accept(message: NewMessage): Promise<unknown>;
}

export interface CameraClocksOptions {
  /** From one question to a camera to the next. */
  everyMs: number;
}

/** 3,200 cameras in half an hour are two questions a second. */
export const CAMERA_CLOCKS: CameraClocksOptions = { everyMs: 30 * MINUTE_MS };

const ROUND_PAUSE_MS = 1_000;

/**
 * Asks every camera with an ONVIF address now and then what time it is, one after the other and evenly spread, and
 * tells by how much it is off. One that does not answer is left to those who watch whether it does.
 */
export class CameraClocks {
  readonly #deps: CameraClocksDeps;
  readonly #options: CameraClocksOptions;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;

  constructor(deps: CameraClocksDeps, options: CameraClocksOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#log = deps.observer.log.child({ part: 'camera-clocks' });
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const beganMs = clock.monotonicMs();
      const ids = await this.#ids().catch((error: unknown) => {
        this.#log.warn({ error: messageOf(error) }, 'cameras could not be looked up');
        return [];
      });
      for (const [at, id] of ids.entries()) {
        const dueMs = beganMs + ((at + 1) * this.#options.everyMs) / (ids.length + 1);
        await clock.sleep(Math.max(0, dueMs - clock.monotonicMs()), signal);
        if (signal.aborted) return;
        await this.#ask(id);
      }
      const leftMs = beganMs + this.#options.everyMs - clock.monotonicMs();
      await clock.sleep(Math.max(ROUND_PAUSE_MS, leftMs), signal);
    }
  }

  async #ask(id: DeviceId): Promise<void> {
    const { clock, camera, access, ask, accept } = this.#deps;
    const device = camera(id);
    if (!device) return;
    try {
      const target = await access(id);
      const skewMs = target && (await ask(target, this.#stopping.signal));
      if (skewMs === null) return;
      const values = { clock_skew_s: Math.round(skewMs / 100) / 10 };
      await accept(internalMessage('cameraClock', { values }, { device, receivedAtMs: clock.nowMs() }));
    } catch (error) {
      this.#log.debug({ device: id, error: messageOf(error) }, 'a camera did not tell its time');
    }
  }

  async #ids(): Promise<DeviceId[]> {
    const rows = await this.#deps.database
      .tables<RegistryTables>()
      .selectFrom('position')
      .select('id')
      .where('state', 'not in', ['planned', 'retired'])
      .where('onvif', 'is not', null)
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  }
}

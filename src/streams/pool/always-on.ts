import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Pool, StreamLease } from './pool.ts';

export interface AlwaysOnDeps {
  clock: Clock;
  observer: Observer;
  pool: Pick<Pool, 'lease'>;
  /** Cameras that are to be on now. */
  wanted(): Iterable<DeviceId>;
}

const LOOK_MS = 1_000;
/** After a lease was refused. */
const AGAIN_MS = 10_000;

interface Held {
  lease: StreamLease | null;
  nextTryMs: number;
}

/** Keeps cameras pulled that nobody need watch for it. */
export class AlwaysOn {
  readonly #deps: AlwaysOnDeps;
  readonly #held = new Map<DeviceId, Held>();
  #stopLooking: () => void = () => {};

  constructor(deps: AlwaysOnDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#stopLooking = this.#deps.clock.every(LOOK_MS, () => this.#look());
  }

  stop(): void {
    this.#stopLooking();
    for (const { lease } of this.#held.values()) lease?.release();
    this.#held.clear();
  }

  #look(): void {
    const wanted = new Set(this.#deps.wanted());
    for (const [device, { lease }] of this.#held) {
      if (wanted.has(device)) continue;
      this.#held.delete(device);
      lease?.release();
    }
    for (const device of wanted) {
      if (!this.#held.has(device)) this.#held.set(device, { lease: null, nextTryMs: Number.NEGATIVE_INFINITY });
      void this.#hold(device, this.#held.get(device)!);
    }
  }

  async #hold(deviceId: DeviceId, held: Held): Promise<void> {
    const { clock, pool, observer } = this.#deps;
    if (held.lease || clock.monotonicMs() < held.nextTryMs) return;
    // Not asked again while this is under way.
    held.nextTryMs = Number.POSITIVE_INFINITY;
    try {
      const lease = await pool.lease({ deviceId, quality: 'main', use: 'record' });
      // It may have ended while the answer was on its way.
      if (this.#held.get(deviceId) !== held) return lease.release();
      held.lease = lease;
    } catch (error) {
      observer.log.warn(
        { part: 'streams', device: deviceId, error: messageOf(error) },
        'a camera that is to be on always could not be opened',
      );
    } finally {
      held.nextTryMs = clock.monotonicMs() + AGAIN_MS;
    }
  }
}

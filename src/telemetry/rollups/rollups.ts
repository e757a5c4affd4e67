import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { backoffMs, jittered } from '../../core/mechanisms/backoff.ts';
import type { Worker } from '../../core/mechanisms/supervise.ts';
import { counterNamed, gaugeNamed, type Logger, type Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { DecodedBatch, DeviceId, Lane } from '../../core/types.ts';
import type { TimeRange } from '../history/plan.ts';
import { type DirtyHour, DirtyWindows, rangeOf } from './dirty.ts';
import type { RollupWriter } from './rollup-writer.ts';

export interface RollupsDeps {
  lane: Lane;
  /** The one of both lanes. */
  roller: Pick<RollupWriter, 'roll' | 'prepareAgain'>;
  cursor: {
    load(): Promise<number>;
    /** Durable when it resolves. */
    move(from: number, to: number): Promise<void>;
  };
  /** Everything of the lane before it is in the store or has an outcome. */
  storedUpTo(): number;
  /** Offset behind the newest record of the lane. */
  head(): number;
  /** Told when roll-ups had to be given up: up to this Unix ms some may be missing. */
  gaveUp(untilMs: number): Promise<void>;
  clock: Clock;
  observer: Observer;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

export interface RollupsLimits {
  /** Hours of devices that are remembered; when there are more, they are rolled up before more is read. */
  dirtyMax: number;
}

/** The limits of a gateway. */
export const ROLLUPS_LIMITS: RollupsLimits = { dirtyMax: 200_000 };

const TICK_MS = 1_000;
const STORED_CHECK_MS = 50;
/** While the store does not take roll-ups. */
const FAILED_PAUSES = { minMs: TICK_MS, maxMs: 10_000 };
/** What the store refuses again and again must not keep the journal from being deleted. */
const REFUSALS_MAX = 5;
const REFUSED_PAUSE_MS = 15_000;

/**
 * The reader "rollups" of one lane. It reads behind the telemetry reader and only notes which windows got points; once
 * a window is over, or got a late point, it is made anew from what the store holds. The cursor stays before the first
 * record whose window is not written, so a crash notes it again, and making a roll-up twice changes nothing.
 */
export class Rollups {
  readonly #deps: RollupsDeps;
  readonly #dirtyMax: number;
  readonly #log: Logger;
  readonly #metrics: ReturnType<typeof createMetrics>;
  readonly #dirty: DirtyWindows;
  #working: DirtyHour[] = [];
  #readTo = 0;
  #newestReceivedAtMs = 0;
  #saved = 0;
  #isLoaded = false;
  #failures = 0;
  /** The last roll-up was given up: the next one is not waited for again. */
  #isRefused = false;

  constructor(deps: RollupsDeps, { dirtyMax }: RollupsLimits) {
    this.#deps = deps;
    this.#dirtyMax = dirtyMax;
    this.#log = deps.observer.log.child({ part: 'rollups', lane: deps.lane });
    this.#dirty = new DirtyWindows(() => deps.clock.monotonicMs());
    this.#metrics = createMetrics(deps.observer);
  }

  /** Where to read on: once, from what is durable; after that from what is noted. */
  async load(): Promise<number> {
    if (this.#isLoaded) return this.#readTo;
    this.#saved = await this.#deps.cursor.load();
    this.#readTo = this.#saved;
    this.#isLoaded = true;
    return this.#readTo;
  }

  /** Everything before it is rolled up and the cursor says so. */
  get saved(): number {
    return this.#saved;
  }

  /** Windows that ended before this Unix ms are rolled up, but for late points still to be noted. */
  completeToMs(): number {
    const oldest = this.#oldest();
    if (oldest) return oldest.receivedAtMs;
    return this.#isLoaded && this.#readTo >= this.#deps.head() ? this.#deps.clock.nowMs() : this.#newestReceivedAtMs;
  }

  /** The windows of a device that got points since they were made. */
  pending(kind: string, device: DeviceId): TimeRange[] {
    const working = this.#working.flatMap(({ kind: of, hourMs, devices }) => {
      const windows = of === kind ? devices.get(device) : undefined;
      return windows === undefined ? [] : [{ hourMs, windows }];
    });
    return [...this.#dirty.of(kind, device), ...working].map(rangeOf);
  }

  /** Handler of the journal reader: notes the windows of a batch once its points are in the store. */
  async handle(batch: DecodedBatch, signal: AbortSignal): Promise<void> {
    const { clock, storedUpTo } = this.#deps;
    while (!signal.aborted && (storedUpTo() < batch.to || this.#dirty.size > this.#dirtyMax)) {
      await clock.sleep(STORED_CHECK_MS, signal);
    }
    if (signal.aborted) return;
    for (const { message, records } of batch.messages) {
      const { device, offset, receivedAtMs } = message;
      for (const record of records) {
        if (record.type === 'event' || record.duplicate) continue;
        this.#dirty.mark({ kind: device.kind, device: device.id, atMs: record.atMs, offset, receivedAtMs });
      }
      this.#newestReceivedAtMs = receivedAtMs;
    }
    this.#readTo = Math.max(this.#readTo, batch.to);
    this.#metrics.dirty.set({ lane: this.#deps.lane }, this.#dirty.size);
  }

  /** Rolls up what is due, second by second. */
  readonly run: Worker = async (signal, healthy) => {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      const isFull = this.#dirty.size > this.#dirtyMax;
      try {
        await this.#rollUp(this.#dirty.take(clock.nowMs(), isFull), signal);
        this.#metrics.dirty.set({ lane: this.#deps.lane }, this.#dirty.size);
        if (this.#isLoaded) await this.#save();
        if (this.#failures > 0) this.#log.info('roll-ups are made again');
        this.#failures = 0;
        healthy();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof CitywatchError && error.retryable)) throw error;
        if (this.#failures === 0) this.#log.warn({ error: error.message }, 'roll-ups wait');
        this.#failures += 1;
      }
      await clock.sleep(this.#pauseMs(), signal);
    }
  };

  #pauseMs(): number {
    if (this.#failures === 0) return TICK_MS;
    return jittered(backoffMs(FAILED_PAUSES, this.#failures), this.#deps.random ?? systemRandom);
  }

  async #rollUp(hours: DirtyHour[], signal: AbortSignal): Promise<void> {
    this.#working = hours;
    try {
      for (let [hour] = hours; hour; [hour] = hours) {
        await this.#rollOne(hour, signal);
        hours.shift();
      }
    } finally {
      for (const hour of hours.splice(0)) this.#dirty.restore(hour);
    }
  }

  /** A refusal is tried again a few times, since a human may be at it; then the roll-up is given up. */
  async #rollOne(hour: DirtyHour, signal: AbortSignal): Promise<void> {
    const { clock, gaveUp } = this.#deps;
    for (let refusals = 1; ; refusals += 1) {
      try {
        await this.#deps.roller.roll(hour, signal);
        this.#isRefused = false;
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof CitywatchError && error.retryable) throw error;
        this.#deps.roller.prepareAgain();
        this.#metrics.refused.inc();
        const { kind, hourMs } = hour;
        if (refusals === 1 && !this.#isRefused)
          this.#log.error({ kind, error: messageOf(error) }, 'roll-ups are refused');
        if (refusals === REFUSALS_MAX || this.#isRefused) {
          this.#isRefused = true;
          this.#log.error({ kind, hour: toRfc3339(hourMs) }, 'a roll-up is given up; readings are not touched by it');
          await gaveUp(clock.nowMs());
          return;
        }
        await clock.sleep(REFUSED_PAUSE_MS, signal);
      }
    }
  }

  /** The cursor moves to the first record whose window is still to be written. */
  async #save(): Promise<void> {
    const to = this.#oldest()?.offset ?? this.#readTo;
    if (to <= this.#saved) return;
    await this.#deps.cursor.move(this.#saved, to);
    this.#saved = to;
  }

  #oldest() {
    const waiting = [this.#dirty.oldest(), ...this.#working.map(({ first }) => first)];
    return waiting.reduce((a, b) => (a && b ? (a.offset <= b.offset ? a : b) : (a ?? b)), null);
  }
}

/** Both lanes count into the same metrics. */
function createMetrics({ metrics }: Observer) {
  return {
    refused: counterNamed(metrics, {
      name: 'citywatch_rollups_refused_total',
      help: 'Times that the store refused to make roll-ups.',
    }),
    dirty: gaugeNamed(metrics, {
      name: 'citywatch_rollup_waiting',
      help: 'Hours of devices that wait to be rolled up.',
      labelNames: ['lane'],
    }),
  };
}

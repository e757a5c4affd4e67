import { type Clock, DAY_MS } from '../clock.ts';

/** By so much a clock is corrected between two looks at it; more is a clock that was set. */
const SLEWED_MS = 60_000;
/** For so long a gateway may have been off, and nobody asks; a clock that jumps by more between two lives waits. */
const OFF_MS = 7 * DAY_MS;

/**
 * The time of day for whoever deletes what is old: one that was set ahead is believed only after it stood for a day, as
 * what is deleted is gone. Only looks tell of it, so ask more often than once a day.
 */
export class BelievedTime {
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** From the clock of durations to the time of day that is believed. */
  #offsetMs: number | null = null;
  /** When, by the clock of durations, the time of day was found set ahead. */
  #aheadSinceMs: number | null = null;

  /** `knownMs` is what was believed last, by an earlier process; null where nobody knows. */
  constructor(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>, knownMs: number | null) {
    this.#clock = clock;
    if (knownMs !== null && clock.nowMs() - knownMs > OFF_MS) this.#offsetMs = knownMs - clock.monotonicMs();
  }

  /** Unix ms, whole ones. */
  nowMs(): number {
    const durationMs = this.#clock.monotonicMs();
    const offsetMs = this.#clock.nowMs() - durationMs;
    const isAhead = this.#offsetMs !== null && offsetMs > this.#offsetMs + SLEWED_MS;
    this.#aheadSinceMs = isAhead ? (this.#aheadSinceMs ?? durationMs) : null;
    const waits = this.#aheadSinceMs !== null && durationMs - this.#aheadSinceMs < DAY_MS;
    if (this.#offsetMs === null || !waits) this.#offsetMs = offsetMs;
    return Math.floor(durationMs + this.#offsetMs);
  }
}

import { type Clock, systemClock } from '../../../src/core/clock.ts';

/** The machine's clock, whose date a test sets forward: what waits for a time is due, the rest goes on. */
export class ShiftedClock implements Clock {
  readonly every = systemClock.every;
  readonly after = systemClock.after;
  readonly sleep = systemClock.sleep;
  readonly monotonicMs = systemClock.monotonicMs;
  #aheadMs = 0;

  nowMs(): number {
    return systemClock.nowMs() + this.#aheadMs;
  }

  pass(ms: number): void {
    this.#aheadMs += ms;
  }
}

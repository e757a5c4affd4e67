import type { Clock } from '../../core/clock.ts';

/** Times so near to each other are one. */
const TICK_MS = 50;
/** What is due later is left to the sweep. */
const NEAR_MS = 60_000;

/** Calls at times that are near, once for those that fall together. */
export class Wakes {
  readonly #clock: Clock;
  readonly #ticks = new Set<number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  at(atMs: number, wake: () => void): void {
    const inMs = atMs - this.#clock.nowMs();
    const tick = Math.ceil(atMs / TICK_MS);
    // What is due already is told by whoever settles it.
    if (inMs <= 0 || inMs > NEAR_MS || this.#ticks.has(tick)) return;
    this.#ticks.add(tick);
    this.#clock.after(tick * TICK_MS - this.#clock.nowMs(), () => {
      this.#ticks.delete(tick);
      wake();
    });
  }
}

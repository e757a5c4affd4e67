import type { Clock } from '../../core/clock.ts';

/** A clock that is slewed, or that of another machine beside this one, differs by less. */
export const SET_BACK_MS = 5_000;
/** What was begun by the clock of before is over, or has lost its lease, by then. */
const BEGUN_BEFORE_MS = 15_000;

/** Notices that the wall clock was set back, by comparing it with the clock that only measures durations. */
export class SetBack {
  readonly #clock: Clock;
  #offMs: number;
  /** Until when there may be something to mend, by the monotonic clock; at first too: nobody was there to notice. */
  #untilMs: number | null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offMs = clock.nowMs() - clock.monotonicMs();
    this.#untilMs = clock.monotonicMs() + BEGUN_BEFORE_MS;
  }

  /** Runs `mend` where the clock was set back, until what was under way then is over; again where it failed. */
  async look(mend: () => Promise<unknown>): Promise<void> {
    const monotonicMs = this.#clock.monotonicMs();
    const offMs = this.#clock.nowMs() - monotonicMs;
    if (offMs <= this.#offMs - SET_BACK_MS) this.#untilMs = monotonicMs + BEGUN_BEFORE_MS;
    this.#offMs = offMs;
    const untilMs = this.#untilMs;
    if (untilMs === null) return;
    await mend();
    if (monotonicMs >= untilMs && this.#untilMs === untilMs) this.#untilMs = null;
  }
}

import type { Clock } from '../../../core/clock.ts';

export interface ClockJumpsDeps {
  clock: Clock;
  /** Writes a jump down; one that could not be written is told again. */
  tell(): Promise<unknown>;
}

/** A clock that is slewed drifts by less between two looks; less than this harms no rule. */
const JUMP_MS = 5_000;

/**
 * Notices that the wall clock was set (by hand, by NTP after a start without a network, by a machine that was asleep),
 * by comparing it with the clock that only measures durations.
 */
export class ClockJumps {
  readonly #deps: ClockJumpsDeps;
  #offMs: number;
  #isUntold = false;
  #isTelling = false;

  constructor(deps: ClockJumpsDeps) {
    this.#deps = deps;
    this.#offMs = deps.clock.nowMs() - deps.clock.monotonicMs();
  }

  /** Looks at both clocks and has a jump told at once; returns whether none is left to tell. */
  look(): boolean {
    const { clock } = this.#deps;
    const offMs = clock.nowMs() - clock.monotonicMs();
    if (Math.abs(offMs - this.#offMs) >= JUMP_MS) {
      this.#isUntold = true;
      this.#isTelling = false;
    }
    this.#offMs = offMs;
    if (this.#isUntold && !this.#isTelling) void this.#tell();
    return !this.#isUntold;
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    const toldOffMs = this.#offMs;
    try {
      await this.#deps.tell();
      if (Math.abs(this.#offMs - toldOffMs) < JUMP_MS) this.#isUntold = false;
    } catch {
      this.#isTelling = false;
    }
  }
}

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
  #telling: Promise<void> | null = null;

  constructor(deps: ClockJumpsDeps) {
    this.#deps = deps;
    this.#offMs = deps.clock.nowMs() - deps.clock.monotonicMs();
  }

  /**
   * Looks at both clocks and has a jump told at once. Null when none is left to tell; else what resolves once all up to
   * now are written down, and rejects when that failed: then it is told again at the next look.
   */
  look(): Promise<void> | null {
    const { clock } = this.#deps;
    const offMs = clock.nowMs() - clock.monotonicMs();
    if (Math.abs(offMs - this.#offMs) >= JUMP_MS) {
      this.#isUntold = true;
      this.#telling = null;
    }
    this.#offMs = offMs;
    if (this.#isUntold) this.#telling ??= this.#tell();
    return this.#telling;
  }

  #tell(): Promise<void> {
    // What was told is all there is to tell, unless another jump came meanwhile.
    const ended = (isUntold: boolean): void => {
      if (this.#telling !== telling) return;
      this.#isUntold = isUntold;
      this.#telling = null;
    };
    const telling = this.#deps.tell().then(
      () => ended(false),
      (error: unknown) => {
        ended(true);
        throw error;
      },
    );
    // Whoever looked for another reason does not wait for it.
    telling.catch(() => {});
    return telling;
  }
}

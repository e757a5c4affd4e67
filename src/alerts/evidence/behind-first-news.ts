import type { Clock } from '../../core/clock.ts';

export interface FirstNews {
  clock: Clock;
  /** How many findings and deliveries are being worked on. */
  firstNews(): number;
}

/** With fewer nobody waits long. */
const MANY = 16;
const LOOK_MS = 20;
/** Of one storm; after this a picture is news, too. */
const WAIT_MAX_MS = 2_000;
/** Nobody having asked for so long, the next storm is another one. */
const FORGOTTEN_AFTER_MS = 10_000;

/**
 * Lets first news go before pictures (P3): what is written of a picture takes the processor from alerts that nobody has
 * been told of. Holds up one caller after the other, together no longer than two seconds in a storm.
 */
export class BehindFirstNews {
  readonly #deps: FirstNews;
  #sinceMs: number | null = null;
  #askedMs = 0;

  constructor(deps: FirstNews) {
    this.#deps = deps;
  }

  /** Resolves when little is being told, or the storm has lasted. */
  async turn(): Promise<void> {
    const { clock, firstNews } = this.#deps;
    for (;;) {
      const nowMs = clock.monotonicMs();
      if (firstNews() < MANY || nowMs - this.#askedMs > FORGOTTEN_AFTER_MS) this.#sinceMs = null;
      this.#askedMs = nowMs;
      if (firstNews() < MANY) return;
      this.#sinceMs ??= nowMs;
      if (nowMs - this.#sinceMs >= WAIT_MAX_MS) return;
      await clock.sleep(LOOK_MS);
    }
  }
}

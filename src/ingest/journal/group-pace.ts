/** The rate is counted anew this often. */
const WINDOW_MS = 250;
/** From this rate on, a longer delay gathers several messages more; below it, it would only make each wait. */
const MANY_PER_S = 250;
/** How much longer the delay is then. */
const MANY_FACTOR = 3.2;

/**
 * How far apart groups begin: what a group costs, whatever it holds, is most of what a message costs at the rate of a
 * city. Few messages are not held up for company that does not come.
 */
export class GroupPace {
  readonly #delayMs: number;
  #fromMs = Number.NEGATIVE_INFINITY;
  #messages = 0;
  #isBusy = false;

  /** `delayMs` is that of few messages. */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  get delayMs(): number {
    return this.#isBusy ? this.#delayMs * MANY_FACTOR : this.#delayMs;
  }

  /** Told of each group when it begins. */
  began(messages: number, nowMs: number): void {
    this.#messages += messages;
    const passedMs = nowMs - this.#fromMs;
    if (passedMs < WINDOW_MS) return;
    this.#isBusy = (this.#messages * 1_000) / passedMs >= MANY_PER_S;
    this.#fromMs = nowMs;
    this.#messages = 0;
  }
}

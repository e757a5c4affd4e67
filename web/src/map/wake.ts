/** When what is followed is read again: after the longest wait, or after the shortest once something was heard. */
export class Wake {
  readonly #times: WakeTimes;
  #isHeard = false;
  #tell: () => void = () => {};

  constructor(times: WakeTimes) {
    this.#times = times;
  }

  /** Something was heard. Nobody can say whether an answer that is under way has it: then it is read once more. */
  up(): void {
    this.#isHeard = true;
    this.#tell();
  }

  /** Begins a round: what is heard from now on calls for another. */
  begin(): void {
    this.#isHeard = false;
  }

  /** Rejects when `signal` is aborted, as `pause` does. */
  async wait(signal: AbortSignal): Promise<void> {
    const { leastMs, mostMs, pause } = this.#times;
    await pause(leastMs, signal);
    if (this.#isHeard) return;
    const heard = new Promise<void>((resolve) => {
      this.#tell = resolve;
    });
    await Promise.race([heard, pause(mostMs - leastMs, signal)]);
  }
}

export interface WakeTimes {
  leastMs: number;
  mostMs: number;
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * Something that is done to a gateway or to the way to it for some time. Both may be asked more than once, and throw
 * where it cannot be made here, or was not.
 */
export interface Fault {
  /** As it stands in the ledger. */
  what: string;
  fromMs: number;
  toMs: number;
  begin(): Promise<void>;
  end(): Promise<void>;
}

export interface FaultTimelineOptions {
  faults: readonly Fault[];
  nowMs(): number;
  say(text: string): void;
  /** Whether the gateway says that all is well. */
  isWell(): Promise<boolean>;
  /** Told of each fault that ended when all was well again, Unix ms; null where it was not in time. */
  onWell(fault: Fault, endedMs: number, wellMs: number | null): void;
  /** Told of each fault whose time came and that could not be made. */
  onUnmade(fault: Fault, why: string): void;
  /** How long it may take until all is well, and from one look to the next. */
  wellWithinMs: number;
  lookMs: number;
  /** So long all has to stay well: lights need a moment until they show what happened. */
  staysMs: number;
}

/** Lets faults begin and end at their times, and looks how long the gateway takes afterwards until all is well. */
export class FaultTimeline {
  readonly #options: FaultTimelineOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #lasting = new Set<Fault>();
  readonly #working = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: FaultTimelineOptions) {
    this.#options = options;
  }

  start(): void {
    const { faults, nowMs } = this.#options;
    const now = nowMs();
    for (const fault of faults) {
      this.#timers.push(setTimeout(() => this.#do(this.#begin(fault)), Math.max(0, fault.fromMs - now)));
      this.#timers.push(setTimeout(() => this.#do(this.#end(fault)), Math.max(0, fault.toMs - now)));
    }
  }

  /** Begins no more, ends what lasts, and resolves when the gateway was looked at after each. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const fault of [...this.#lasting]) this.#do(this.#end(fault));
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  #do(work: Promise<void>): void {
    const watched = work
      .catch((error) => this.#options.say(error instanceof Error ? error.message : String(error)))
      .finally(() => this.#working.delete(watched));
    this.#working.add(watched);
  }

  async #begin(fault: Fault): Promise<void> {
    if (this.#isStopped) return;
    this.#options.say(`Begins: ${fault.what}`);
    this.#lasting.add(fault);
    try {
      await fault.begin();
    } catch (error) {
      this.#lasting.delete(fault);
      this.#unmade(fault, error);
      // As far as it went it is undone.
      await fault.end().catch(() => {});
    }
  }

  #unmade(fault: Fault, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#options.say(`Not made: ${fault.what}: ${why}`);
    this.#options.onUnmade(fault, why);
  }

  async #end(fault: Fault): Promise<void> {
    const { nowMs, say, isWell, onWell, wellWithinMs, lookMs, staysMs } = this.#options;
    if (!this.#lasting.delete(fault)) return;
    try {
      await fault.end();
    } catch (error) {
      return this.#unmade(fault, error);
    }
    const endedMs = nowMs();
    say(`Over: ${fault.what}`);
    for (let wellSinceMs: number | null = null; ; ) {
      wellSinceMs = (await isWell()) ? (wellSinceMs ?? nowMs()) : null;
      // Whatever lasts at the same time is no fault of the gateway's: only the last one to end is judged by.
      if (this.#lasting.size > 0) return;
      if (wellSinceMs !== null && nowMs() - wellSinceMs >= staysMs) return onWell(fault, endedMs, wellSinceMs);
      if (nowMs() - endedMs > wellWithinMs + staysMs) return onWell(fault, endedMs, null);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }
}

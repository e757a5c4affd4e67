import { type Clock, deadline } from '../clock.ts';

type Cleanup = (signal: AbortSignal) => Promise<void> | void;

/**
 * Owns what was started, so that it can be stopped: every resource registers a named cleanup the moment it exists,
 * and `stop` runs them last-in-first-out under one deadline, also when start-up failed half way.
 */
export class Lifecycle {
  readonly #cleanups: { name: string; run: Cleanup }[] = [];
  readonly #clock: Clock;
  #stopping: Promise<StopFailure[]> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Registers `run` to be called at stop, before everything registered earlier. */
  onStop(name: string, run: Cleanup): void {
    if (this.#stopping) throw new Error(`${name} was started while everything is being stopped`);
    this.#cleanups.push({ name, run });
  }

  /**
   * Runs every cleanup once, newest first. All of them share `deadlineMs`: when it passes, their signal is aborted and
   * the next ones get a moment each instead of none. Idempotent. Returns the steps that failed or did not end.
   */
  stop(deadlineMs: number): Promise<StopFailure[]> {
    this.#stopping ??= this.#run(deadlineMs);
    return this.#stopping;
  }

  async #run(deadlineMs: number): Promise<StopFailure[]> {
    const failures: StopFailure[] = [];
    const limit = deadline(this.#clock, deadlineMs);
    for (const { name, run } of this.#cleanups.splice(0).reverse()) {
      const error = await this.#one(run, limit.signal).catch((cause: unknown) => cause);
      if (error !== undefined) failures.push({ name, error });
    }
    limit.cancel();
    return failures;
  }

  async #one(run: Cleanup, signal: AbortSignal): Promise<void> {
    const end = new AbortController();
    const overdue = this.#lastMoment(signal, end.signal);
    try {
      await Promise.race([run(signal), overdue]);
    } finally {
      end.abort();
    }
  }

  /** Rejects a moment after `signal` is aborted; `ended` calls it off. */
  #lastMoment(signal: AbortSignal, ended: AbortSignal): Promise<never> {
    const overdue = new Promise<never>((_, reject) => {
      const late = (): void => {
        void this.#clock.sleep(LAST_MOMENT_MS, ended).then(() => reject(new Error('did not end within the deadline')));
      };
      if (signal.aborted) late();
      else {
        signal.addEventListener('abort', late, { once: true });
        ended.addEventListener('abort', () => signal.removeEventListener('abort', late), { once: true });
      }
    });
    overdue.catch(() => {});
    return overdue;
  }
}

/** What a cleanup still gets once the common deadline has passed: enough to kill a child, too little to drain. */
const LAST_MOMENT_MS = 500;

export interface StopFailure {
  name: string;
  error: unknown;
}

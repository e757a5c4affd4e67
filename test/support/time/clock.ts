import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { turns } from './turns.ts';

/** Shorter ones pace what is done; the others are for what does not come. */
const LIMIT_MS = 5_000;
const PATIENCE = 8;

/**
 * The machine's clock, by which limits are longer, for tests that ask what comes and not when: on a machine that is
 * overloaded a process may take as long to start as the gateway waits for a camera.
 */
export const patientClock: Clock = {
  ...systemClock,
  after: (ms, run) => systemClock.after(ms < LIMIT_MS ? ms : ms * PATIENCE, run),
};

interface Timer {
  atMs: number;
  order: number;
  run: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers run in the order they are due, and between two of them the
 * promises they woke get to run, so code that sleeps in a loop behaves as it would in real time.
 */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** `startMs` is Unix time; the default is an ordinary day, 2026-01-05T00:00:00Z. */
  constructor(startMs = 1_767_571_200_000) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.after(ms, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  after(ms: number, run: () => void): () => void {
    const timer = this.#add(ms, () => {
      this.#timers.delete(timer);
      run();
    });
    return () => this.#timers.delete(timer);
  }

  every(ms: number, run: () => void): () => void {
    const stepMs = Math.max(1, ms);
    const timer = this.#add(stepMs, () => {
      timer.atMs += stepMs;
      timer.order = this.#order++;
      run();
    });
    return () => this.#timers.delete(timer);
  }

  /** How many timers and sleeps are waiting. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Moves time on by `ms`, running every timer that falls due on the way, also those set meanwhile. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms;
    await turns(SETTLE_TURNS);
    for (let timer = this.#next(untilMs); timer; timer = this.#next(untilMs)) {
      this.#move(timer.atMs - this.#monotonicMs);
      timer.run();
      await turns(SETTLE_TURNS);
    }
    this.#move(untilMs - this.#monotonicMs);
    await turns(SETTLE_TURNS);
  }

  /** Moves time on by `ms` as it does for a process that was stopped meanwhile: what fell due runs once, late. */
  async leap(ms: number): Promise<void> {
    this.#move(ms);
    for (let timer = this.#next(this.#monotonicMs); timer; timer = this.#next(this.#monotonicMs)) {
      timer.atMs = Math.max(timer.atMs, this.#monotonicMs);
      timer.run();
      await turns(SETTLE_TURNS);
    }
  }

  /** Sets the wall clock alone, as an administrator or NTP would; timers and `monotonicMs` do not notice. */
  setWall(atMs: number): void {
    this.#wallMs = atMs;
  }

  #add(ms: number, run: () => void): Timer {
    const timer = { atMs: this.#monotonicMs + Math.max(0, ms), order: this.#order++, run };
    this.#timers.add(timer);
    return timer;
  }

  #next(untilMs: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.atMs <= untilMs);
    return due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  }

  #move(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }
}

/** The system's clock, whose pauses and deadlines come `times` as soon; asked at each of them. */
export function hasty(times: () => number): Clock {
  return {
    ...systemClock,
    sleep: (ms, signal) => systemClock.sleep(ms / times(), signal),
    after: (ms, run) => systemClock.after(ms / times(), run),
    every: (ms, run) => systemClock.every(ms / times(), run),
  };
}

/** Everything that is already resolved gets to run: a few turns, because one wakes the next. */
const SETTLE_TURNS = 3;

/** So much of a clock may pass before {@link passTime} gives up. */
const PASS_MS_MAX = 600_000;

/**
 * Moves `clock` on in small steps until `fact` holds, with turns of the event loop between them in which sockets of
 * this process are read. Resolves with how much time passed on it, which a busy machine does not change; rejects after
 * ten minutes of it.
 */
export async function passTime(clock: ManualClock, fact: () => boolean, stepMs = 10): Promise<number> {
  const startMs = clock.monotonicMs();
  while (!fact()) {
    if (clock.monotonicMs() - startMs > PASS_MS_MAX)
      throw new Error(`not within ${PASS_MS_MAX} ms of its clock: ${fact}`);
    await turns(PASS_TURNS);
    if (!fact()) await clock.advance(stepMs);
  }
  return clock.monotonicMs() - startMs;
}

const PASS_TURNS = 5;

/**
 * The only place that reads the machine's clock or sets a timer. Everything else is handed a `Clock`, so that tests
 * move time by hand instead of waiting for it.
 */
export interface Clock {
  /** Unix time in milliseconds; may jump when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. Use it for durations and deadlines. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once (never rejects) when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms`; the returned function cancels it. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void;
  /** Calls `run` every `ms` until the returned function is called. Does not keep the process alive. */
  every(ms: number, run: () => void): () => void;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const DAY_S = DAY_MS / 1_000;

/**
 * Waits from {@link SLACK_FROM_MS} on end at the next multiple of {@link SLACK_MS}: later by less than that, never
 * earlier. So what looks once a second or less often looks together, and a gateway with nothing to do wakes the
 * processor a few times a second, where each of its watches woke it on its own.
 */
const SLACK_FROM_MS = 500;
const SLACK_MS = 250;

/** The moment (monotonic ms) at which a wait of `ms` from `fromMs` ends: a long one together with others. */
export function waitEndsAtMs(fromMs: number, ms: number): number {
  const dueMs = fromMs + ms;
  return ms < SLACK_FROM_MS ? dueMs : Math.ceil(dueMs / SLACK_MS) * SLACK_MS;
}

function everyWithSlack(ms: number, run: () => void): () => void {
  let dueMs = performance.now();
  const wait = (): NodeJS.Timeout => {
    const nowMs = performance.now();
    // From when it was due and not from now, or it would come later by a slack each time.
    dueMs = waitEndsAtMs(Math.max(dueMs, nowMs - ms), ms);
    return setTimeout(again, Math.ceil(dueMs - nowMs)).unref();
  };
  const again = (): void => {
    timer = wait();
    run();
  };
  let timer = wait();
  return () => clearTimeout(timer);
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const nowMs = performance.now();
      const timer = setTimeout(done, ms < SLACK_FROM_MS ? ms : Math.ceil(waitEndsAtMs(nowMs, ms) - nowMs));
      signal?.addEventListener('abort', done, { once: true });
    }),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  every: (ms, run) => {
    if (ms >= SLACK_FROM_MS) return everyWithSlack(ms, run);
    const timer = setInterval(run, ms).unref();
    return () => clearInterval(timer);
  },
};

/** RFC 3339 UTC text with milliseconds, the one form of time in the API. */
export function toRfc3339(atMs: number): string {
  return new Date(atMs).toISOString();
}

/**
 * An AbortSignal that fires after `ms` or when one of `parents` does. `AbortSignal.timeout` is not used because it
 * reads the machine's clock behind the injected one.
 */
export function deadline(
  clock: Clock,
  ms: number,
  ...parents: readonly (AbortSignal | undefined)[]
): { signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const stops = [clock.after(ms, () => controller.abort(new DeadlineExceeded(ms)))];
  for (const parent of parents) {
    if (!parent) continue;
    const follow = () => controller.abort(parent.reason);
    if (parent.aborted) follow();
    parent.addEventListener('abort', follow, { once: true });
    stops.push(() => parent.removeEventListener('abort', follow));
  }
  return {
    signal: controller.signal,
    cancel: () => {
      for (const stop of stops) stop();
    },
  };
}

/** The reason of a signal made by {@link deadline}. */
export class DeadlineExceeded extends Error {
  readonly ms: number;

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.ms = ms;
    this.name = 'DeadlineExceeded';
  }
}

/**
 * A wall clock that never runs ahead of the time that has really passed since now: for deleting by age, which a clock
 * set by mistake must not hasten. One that is set back is followed.
 */
export function unhurried(clock: Clock): () => number {
  let atMs = clock.nowMs();
  let lookedMs = clock.monotonicMs();
  return () => {
    const monotonicMs = clock.monotonicMs();
    atMs = Math.min(clock.nowMs(), atMs + monotonicMs - lookedMs);
    lookedMs = monotonicMs;
    return atMs;
  };
}

/** China has one time of day, without summer time. */
const CHINA_AHEAD_MS = 8 * HOUR_MS;

/** The day in China at a moment (Unix ms), as text: `2026-03-31`. */
export function chinaDayAt(atMs: number): string {
  return new Date(atMs + CHINA_AHEAD_MS).toISOString().slice(0, 10);
}

/** When that day begins (Unix ms). `day` is a day that exists, as {@link chinaDayAt} writes it. */
export function startOfChinaDay(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) - CHINA_AHEAD_MS;
}

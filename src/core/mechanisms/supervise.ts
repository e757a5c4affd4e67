import type { Clock } from '../clock.ts';
import { type Random, systemRandom } from '../random.ts';
import { backoffMs, jittered } from './backoff.ts';

/** A long-lived worker: runs until `signal` is aborted and returns (or throws) why it ended. */
export type Worker = (signal: AbortSignal, healthy: () => void) => Promise<unknown>;

export interface SuperviseOptions {
  name: string;
  clock: Clock;
  /** First pause after an end, doubled by each further one, with full jitter. */
  minBackoffMs?: number;
  /** Longest pause; camera and endpoint workers stay at or below 30,000 (design §3). */
  maxBackoffMs?: number;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
  /** Told of every end while not stopping: the reason and the pause before the next start. */
  onEnd?: (reason: unknown, pauseMs: number) => void;
}

/**
 * Runs a worker again whenever it ends, with exponential backoff and jitter. The worker calls `healthy()` when it has
 * done its first useful work, which resets the backoff. Owns restart and counting; the worker owns neither.
 */
export function supervise(worker: Worker, options: SuperviseOptions): { stop(): Promise<void>; restarts(): number } {
  const { clock, minBackoffMs = 100, maxBackoffMs = 30_000, random = systemRandom, onEnd } = options;
  const controller = new AbortController();
  let restarts = 0;
  const done = (async () => {
    let failures = 0;
    while (!controller.signal.aborted) {
      const healthy = () => {
        failures = 0;
      };
      const reason = await worker(controller.signal, healthy).catch((error: unknown) => error);
      if (controller.signal.aborted) return;
      restarts += 1;
      const pauseMs = jittered(backoffMs({ minMs: minBackoffMs, maxMs: maxBackoffMs }, failures), random);
      failures += 1;
      onEnd?.(reason, pauseMs);
      await clock.sleep(pauseMs, controller.signal);
    }
  })();
  return {
    restarts: () => restarts,
    stop: async () => {
      controller.abort();
      await done;
    },
  };
}

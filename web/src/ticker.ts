import { computed, signal } from '@preact/signals';
import { clockOffsetMs } from './api.ts';
import { pause } from './ground/pause.ts';
import { backAgain } from './line.ts';

export { pause };

const ours = signal(Date.now());
setInterval(() => {
  ours.value = Date.now();
}, 1_000);

/** The gateway's time, moving once a second: everything that shows an age follows it. */
export const nowMs = computed(() => ours.value + clockOffsetMs.value);

/** Calls `run` every `everyMs` ms until the returned function is called. */
export function every(everyMs: number, run: () => void): () => void {
  const timer = setInterval(run, everyMs);
  return () => clearInterval(timer);
}

/**
 * Waits before the try after `attempt`, at most `maxMs` or so, and no longer than until the gateway can be reached
 * again; rejects with the reason of `signal`.
 */
export async function retryPause(attempt: number, maxMs: number, signal: AbortSignal): Promise<void> {
  const back = backAgain();
  await pause(backoffMs(attempt, maxMs), AbortSignal.any([signal, back])).catch((reason: unknown) => {
    if (signal.aborted || !back.aborted) throw reason;
  });
}

/** Doubling pauses with jitter, so that many pages do not come back at the same instant. */
export function backoffMs(attempt: number, maxMs: number): number {
  return Math.min(maxMs, 1_000 * 2 ** attempt) * (0.7 + Math.random() * 0.6);
}

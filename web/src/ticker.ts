import { computed, signal } from '@preact/signals';
import { clockOffsetMs } from './api.ts';

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

/** Waits, or rejects with the reason of `signal`. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Doubling pauses with jitter, so that many pages do not come back at the same instant. */
export function backoffMs(attempt: number, maxMs: number): number {
  return Math.min(maxMs, 1_000 * 2 ** attempt) * (0.7 + Math.random() * 0.6);
}

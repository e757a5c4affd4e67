import { retryPause } from '../ticker.ts';

const BACKOFF_MAX_MS = 15_000;

/** Players that wait before their next try. */
const sleepers = new Set<{ wake(): void; cutOff: boolean }>();

/** Ends the waiting of every player, because the gateway has just been reached again after a cut. */
export function resumeStreams(which: 'all' | 'cut-off' = 'all'): void {
  for (const sleeper of [...sleepers]) if (which === 'all' || sleeper.cutOff) sleeper.wake();
}

/**
 * Waits before the try after `attempt`, until somebody wakes it, or `signal` is aborted; never rejects. `cutOff`: what
 * went wrong lies between here and the gateway.
 */
export async function sleep({ attempt, cutOff }: { attempt: number; cutOff: boolean }, signal: AbortSignal) {
  const waiting = new AbortController();
  const sleeper = { wake: () => waiting.abort(), cutOff };
  sleepers.add(sleeper);
  await retryPause(attempt, BACKOFF_MAX_MS, AbortSignal.any([signal, waiting.signal])).catch(() => undefined);
  sleepers.delete(sleeper);
}

import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';

const AGAIN_MS = 500;

/**
 * Writes what became of a claim. While the database is away it tries again, as long as the claim is worth something
 * (`leaseMs`): else what it holds, an alert among it, would wait for the claim to run out. Errors: those of `write`.
 */
export async function onceThere<Result>(
  write: () => Promise<Result>,
  { clock, leaseMs, signal }: { clock: Clock; leaseMs: number; signal: AbortSignal },
): Promise<Result> {
  const endMs = clock.monotonicMs() + leaseMs;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const isAway = error instanceof CitywatchError && error.code === 'store.unavailable';
      if (!isAway || signal.aborted || clock.monotonicMs() >= endMs) throw error;
      await clock.sleep(AGAIN_MS, signal);
    }
  }
}

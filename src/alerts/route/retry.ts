import { HOUR_MS, MINUTE_MS } from '../../core/clock.ts';
import { jittered } from '../../core/mechanisms/backoff.ts';
import type { Random } from '../../core/random.ts';

/** Up to this age of the entry, this pause. */
const PAUSES: { ageMs: number; pauseMs: number }[] = [
  { ageMs: 10_000, pauseMs: 1_000 },
  { ageMs: 60_000, pauseMs: 5_000 },
  { ageMs: 600_000, pauseMs: 20_000 },
  { ageMs: HOUR_MS, pauseMs: 60_000 },
  { ageMs: 6 * HOUR_MS, pauseMs: 300_000 },
  { ageMs: Number.POSITIVE_INFINITY, pauseMs: 1_800_000 },
];

/** After this long a delivery becomes a dead letter (contract). */
export const RETRY_FOR_MS = 72 * HOUR_MS;

/**
 * Longest time for which an endpoint is left alone because it asked for that. Pages of maintenance ask for hours, and a
 * fire must not wait for one that was forgotten.
 */
export const LEFT_ALONE_MAX_MS = 5 * MINUTE_MS;

/**
 * Pause before the next attempt, a tenth of jitter either way. It grows with the age of the entry, not with the number
 * of attempts: each new entry of the same alert causes one, and must not push the others hours away.
 */
export function retryPauseMs(ageMs: number, random: Random): number {
  const step = PAUSES.find((one) => ageMs <= one.ageMs)?.pauseMs ?? 0;
  return jittered(step, random, [0.9, 1.1]);
}

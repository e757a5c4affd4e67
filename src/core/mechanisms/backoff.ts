import type { Random } from '../random.ts';

/** How long to wait between tries: `minMs` after the first failure, doubled by each further one, `maxMs` at most. */
export interface BackoffLimits {
  minMs: number;
  maxMs: number;
}

/** The pause after `failures` earlier ones; 0 gives `minMs`. */
export function backoffMs({ minMs, maxMs }: BackoffLimits, failures: number): number {
  return Math.min(maxMs, minMs * 2 ** Math.min(failures, DOUBLINGS_MAX));
}

/** Beyond it every pause is the longest, and infinity times nothing is no number. */
const DOUBLINGS_MAX = 100;

/**
 * `ms` times a random factor from `least` to `most`, in whole milliseconds, so that those who failed together do not
 * come back together.
 */
export function jittered(ms: number, random: Random, [least, most]: readonly [number, number] = [0.5, 1]): number {
  return Math.round(ms * (least + random() * (most - least)));
}

import { MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { backoffMs, jittered } from '../../core/mechanisms/backoff.ts';
import type { Random } from '../../core/random.ts';
import type { Claim } from './noting.ts';

/** From one try of a key that fails to the next. */
const AGAIN_PAUSES = { minMs: 200, maxMs: 30_000 };
/**
 * After so many failures in a row, some two minutes of trying, a key is set apart: it is tried rarely, takes no turns
 * from others, and people are told of it. It is never given up (P3). The index of such rows has the same number.
 */
const SET_APART_AFTER = 12;
const SET_APART_PAUSE_MS = 10 * MINUTE_MS;

export interface Failure {
  /** Which kind of error it was; null where it says nothing of the work, because a store is away. */
  failedBy: string | null;
  isSetApart: boolean;
  pauseMs: number;
}

/** What comes of an error of a handler. */
export function failureOf(error: unknown, claim: Claim, random: Random): Failure {
  const failedBy = kindOf(error);
  const isSetApart = failedBy !== null && (claim.failures ?? 0) + 1 >= SET_APART_AFTER;
  const againMs = jittered(backoffMs(AGAIN_PAUSES, claim.attempts), random);
  return { failedBy, isSetApart, pauseMs: isSetApart ? jittered(SET_APART_PAUSE_MS, random) : againMs };
}

function kindOf(error: unknown): string | null {
  if (error instanceof CitywatchError) return error.code === 'store.unavailable' ? null : error.code;
  return error instanceof Error ? error.name : typeof error;
}

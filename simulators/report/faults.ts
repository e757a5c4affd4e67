import type { Befallen } from '../fleet/ledger-lines.ts';

/** What was done to the ground that a gateway stands on, as ledgers name it: it owes nothing before that is over. */
const OF_THE_GROUND = /^(stop |kill |network |fill-disk$)/;
/** All is well again so long after the end of the last fault (promise P6). */
const AFTER_MS = 60_000;

/** Whether a fault befell the gateway or the way to it, and not a device. */
export function isOfTheGround({ what }: Befallen): boolean {
  return OF_THE_GROUND.test(what);
}

/**
 * Until when what was due at a moment may wait, because a fault lasts or has just ended; the moment itself where there
 * is none. A fault of the network means the devices of one district.
 */
export function excusedUntil(befallen: readonly Befallen[], atMs: number, district: string): number {
  let untilMs = atMs;
  for (const one of befallen) {
    if (!isOfTheGround(one) || (one.district !== null && one.district !== district)) continue;
    if (atMs >= one.fromMs && atMs <= one.toMs + AFTER_MS) untilMs = Math.max(untilMs, one.toMs + AFTER_MS);
  }
  return untilMs;
}

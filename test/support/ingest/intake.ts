import { GatewayWords } from '../../../src/ingest/uplinks/common/gateway-words.ts';
import type { HeldLease, IntakeDeps } from '../../../src/ingest/uplinks/common/intake.ts';
import { ManualClock } from '../time/clock.ts';
import { quietObserver } from './journal.ts';

/** The lease of a gateway that nobody disputes. */
export const HELD: HeldLease = { held: () => true };

/** What the gateway says of itself by `clock`. */
export function wordsBy(clock: ManualClock): GatewayWords {
  return new GatewayWords({ clock, kinds: { latest: () => undefined }, version: '1.0.0' });
}

const clock = new ManualClock();

/**
 * An intake whose lease nobody disputes, whose devices were told nothing, whose messages keep their version, and whose
 * clock nobody sets.
 */
export const UNTROUBLED: IntakeDeps = {
  lease: HELD,
  hidden: { without: (_device, raw) => raw },
  kinds: { currentVersion: () => 0 },
  clock,
  observer: quietObserver(),
  words: wordsBy(clock),
};

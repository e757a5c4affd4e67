import type { Facts } from './facts.ts';
import type { Verdict } from './verdict.ts';

type EventTold = Verdict['events'][number];

/** What was made to happen until the run ended: what befell many devices at one time is one event. */
export function eventsOf({ befallen, healed, head, self }: Facts): EventTold[] {
  const beganMs = head?.beganAtMs ?? 0;
  const endedMs = self?.endedAtMs ?? Number.POSITIVE_INFINITY;
  const events = new Map<string, EventTold>();
  for (const { what, district, fromMs, toMs } of befallen) {
    if (fromMs > endedMs) continue;
    const key = JSON.stringify([what, district, fromMs, toMs]);
    const known = events.get(key);
    if (known) known.count += 1;
    else {
      // Faults of one name are told apart by when they ended: the first look after that is theirs.
      const look = healed.find((one) => one.what === what && one.endedMs >= Math.min(toMs, endedMs));
      const wellAfterMs = look && look.wellMs !== null ? look.wellMs - look.endedMs : null;
      events.set(key, { what, district, count: 1, fromMs: fromMs - beganMs, toMs: toMs - beganMs, wellAfterMs });
    }
  }
  return [...events.values()].sort((a, b) => a.fromMs - b.fromMs);
}

import { outageAt } from '../devices/habits.ts';
import type { Sender } from '../devices/packets.ts';
import type { Span } from '../models/chance.ts';

/** When a device loses its connection, and when it may connect again. */
export interface OutageStep {
  dueMs: number;
  do: 'cut' | 'open';
}

/** Outages that begin in a stretch of time: a device without a network has no connection either. */
export function outageSteps({ being, habits, dark }: Sender, { fromMs, toMs }: Span, beganAtMs: number): OutageStep[] {
  const stepMs = Math.max(1_000, Math.floor((toMs - fromMs) / 16));
  const seen = new Set<number>();
  const steps: OutageStep[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
    const outage = outageAt(being.seed, habits, atMs, dark);
    if (!outage || seen.has(outage.fromMs)) continue;
    seen.add(outage.fromMs);
    const cutMs = Math.max(outage.fromMs, beganAtMs);
    if (cutMs >= fromMs) steps.push({ dueMs: cutMs, do: 'cut' }, { dueMs: outage.toMs, do: 'open' });
  }
  return steps;
}

import type { Owner } from '../../services/services.ts';
import { type EventSet, eventSet, STORM } from './happenings.ts';
import { type Given, ours } from './ours.ts';
import { plainly } from './plain.ts';
import { type Trace, traceOf } from './trace.ts';

/** Fixed before anything was measured: the first whole numbers. */
const SEEDS = { ordinary: 1, storm: 2 };

/**
 * The two sets of the national plan, an ordinary evening and one with a cloudburst and a cut of mains; and the first
 * twice more, to show how much hangs on what was assumed: with half as much again, and with as few repeats as may be.
 */
export function planSets(hours: number): EventSet[] {
  return [
    eventSet({ name: 'ordinary', seed: SEEDS.ordinary, hours }),
    eventSet({ name: 'storm', seed: SEEDS.storm, hours, bursts: STORM }),
    eventSet({ name: 'ordinary, half as much again', seed: SEEDS.ordinary, hours, times: 1.5 }),
    eventSet({ name: 'ordinary, few repeats', seed: SEEDS.ordinary, hours, calm: true }),
  ];
}

/** The ways that ours is compared with. */
export const PLAIN = ['plain forwarding', 'plain forwarding without faults'] as const;
export const OURS = 'citywatch';

/** Works through a set in each way. */
export async function workedThrough(t: Owner, set: EventSet, given: Given): Promise<Trace[]> {
  const rules = given.book.current();
  const [all, incidents] = [plainly(set, rules, { faults: true }), plainly(set, rules, { faults: false })];
  return [
    traceOf(set, PLAIN[0], all),
    traceOf(set, PLAIN[1], incidents),
    traceOf(set, OURS, await ours(t, set, given)),
  ];
}

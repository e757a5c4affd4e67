import { Delays } from '../fleet/delays.ts';
import type { Delivered, Stage } from '../fleet/ledger-lines.ts';
import type { Facts } from './facts.ts';
import { delaysOf, type Verdict } from './verdict.ts';

type StageTold = Verdict['stages'][number];

const LOOP = 'event loop held up';
const OPENED = 'alert.opened';
/** Of an alert that was told of, by the moments that the target stamped on it and that at which it was told. */
const OF_ALERTS: readonly [string, (told: Stamped) => number][] = [
  ['alert: received, until decided', ({ stamps }) => stamps.decidedMs - stamps.receivedMs],
  ['alert: decided, until committed', ({ stamps }) => stamps.committedMs - stamps.decidedMs],
  ['alert: committed, until told', ({ stamps, atMs }) => atMs - stamps.committedMs],
];

type Stamped = Delivered & { stamps: NonNullable<Delivered['stamps']> };

/**
 * How long each stage of the target's work took: by the moments on alerts that were told of, and by what it counts
 * itself, which is known to the width of its steps. Empty where it says nothing of it.
 */
export function stagesOf({ deliveries, stages }: Facts): StageTold[] {
  const found: StageTold[] = [];
  const stamped = deliveries.filter((one): one is Stamped => one.stamps !== null && isFirst(one));
  if (stamped.length > 0) {
    for (const [name, msOf] of OF_ALERTS) {
      const delays = new Delays();
      for (const one of stamped) delays.add(Math.max(0, msOf(one)));
      found.push({ name, ...delaysOf(delays) });
    }
  }
  for (const name of new Set(stages.map(({ stage }) => stage))) {
    const steps = stepsOf(stages.filter(({ stage }) => stage === name));
    const count = steps.reduce((sum, step) => sum + step.count, 0);
    const [p50Ms, p95Ms, p99Ms, maxMs] = [0.5, 0.95, 0.99, 1].map((share) => quantile(steps, share)) as Quantiles;
    found.push({ name, count, p50Ms, p95Ms, p99Ms, maxMs });
  }
  return found;
}

type Quantiles = [number, number, number, number];

function isFirst({ type, verdict, isRepeat }: Delivered): boolean {
  return type === OPENED && verdict === 'right' && !isRepeat;
}

/** How late the target's event loop was, p99 of each look. */
export function loopOf({ stages, head }: Facts): Verdict['loop'] {
  const beganMs = head?.beganAtMs ?? 0;
  return stages
    .filter(({ stage }) => stage === LOOP)
    .map((one) => ({
      atS: Math.max(0, Math.round((one.atMs - beganMs) / 1_000)),
      p99Ms: quantile(stepsOf([one]), 0.99),
    }));
}

interface Step {
  upToMs: number | null;
  count: number;
}

function stepsOf(stages: readonly Stage[]): Step[] {
  const sums = new Map<number | null, number>();
  for (const { steps } of stages) {
    for (const { upToMs, count } of steps) sums.set(upToMs, (sums.get(upToMs) ?? 0) + count);
  }
  return [...sums]
    .map(([upToMs, count]) => ({ upToMs, count }))
    .sort((a, b) => (a.upToMs ?? Number.POSITIVE_INFINITY) - (b.upToMs ?? Number.POSITIVE_INFINITY));
}

/** The end of the step in which it lies; of what is above the last step no more is known than that. */
function quantile(steps: readonly Step[], share: number): number {
  const wanted = Math.ceil(steps.reduce((sum, { count }) => sum + count, 0) * share);
  let seen = 0;
  let lastMs = 0;
  for (const { upToMs, count } of steps) {
    seen += count;
    lastMs = upToMs ?? lastMs;
    if (seen >= wanted) break;
  }
  return lastMs;
}

import type { EventSet } from './happenings.ts';
import type { Worked } from './operator.ts';

/** One way of working through one set, raw: everything that the figures are made of. */
export interface Trace {
  set: string;
  seed: number;
  way: string;
  happenings: { id: string; truth: string; atMs: number }[];
  items: { shownAtMs: number; ackedAtMs: number; happenings: string[] }[];
  busyS: number;
  left: number;
}

export function traceOf(set: EventSet, way: string, { items, busyS, left }: Worked): Trace {
  const happenings = set.happenings.map(({ id, truth, atMs }) => ({ id, truth, atMs }));
  return { set: set.name, seed: set.seed, way, happenings, items, busyS, left };
}

export interface PlanFigures {
  /** Items that were acknowledged, and how many of these told of an incident. */
  items: number;
  right: number;
  /** Share of these, to three decimals. */
  precision: number;
  /** Incidents, and how many of them were acknowledged at all. */
  incidents: number;
  acked: number;
  /** Seconds from when an incident begins to when the first item of it is acknowledged; of those that were. */
  medianS: number;
  p90S: number;
  meanS: number;
}

/** What the raw numbers come to; `bench/support/national-plan-again.mjs` computes them as well, sharing nothing. */
export function figuresOf({ happenings, items }: Trace): PlanFigures {
  const incidents = happenings.filter(({ truth }) => truth === 'incident');
  const isIncident = new Set(incidents.map(({ id }) => id));
  const right = items.filter((item) => item.happenings.some((id) => isIncident.has(id))).length;
  const waits = incidents.flatMap(({ id, atMs }) => {
    const first = items.find((item) => item.happenings.includes(id));
    return first ? [(first.ackedAtMs - atMs) / 1_000] : [];
  });
  waits.sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.max(0, Math.ceil(share * waits.length) - 1)] ?? 0;
  const sum = waits.reduce((all, one) => all + one, 0);
  return {
    items: items.length,
    right,
    precision: round(right / Math.max(1, items.length)),
    incidents: incidents.length,
    acked: waits.length,
    medianS: round(at(0.5)),
    p90S: round(at(0.9)),
    meanS: round(sum / Math.max(1, waits.length)),
  };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

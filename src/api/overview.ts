import type { Severity } from '../alerts/rules/rules.ts';
import { namesOfScope, ownArea } from '../core/jurisdiction.ts';
import { BoundedMap } from '../core/mechanisms/bounded.ts';
import type { Caller } from '../core/types.ts';
import type { ApiDeps } from './deps.ts';

export interface Overview {
  /** By kind, each device once; `silent` was never heard of. */
  devices: { kind: string; online: number; offline: number; stale: number; silent: number }[];
  messagesPerSecond: number;
  /** Alerts of the police desk that are not closed. */
  alerts: BySeverity;
  /** The same of the maintenance desk. */
  faults: BySeverity;
}

type BySeverity = Record<Severity, number>;

const NONE: BySeverity = { extreme: 0, severe: 0, moderate: 0, minor: 0 };

/** Counting takes a pass over an area's devices, so everybody of that area gets the same answer for this long. */
const FRESH_MS = 2_000;
/** Areas whose answer is remembered; more are counted anew each time. */
const AREAS_MAX = 1_000;

type Parts = Pick<ApiDeps, 'clock' | 'directory' | 'twin' | 'alerts' | 'messageRate'>;

/** What goes on in an area, in numbers; from memory but for the open alerts. */
export class Overviews {
  readonly #parts: Parts;
  readonly #last = new BoundedMap<string, { atMs: number; answer: Promise<Overview> }>(AREAS_MAX);

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What everybody of the area sees is counted for all of them, what only some see for each. */
  async of(caller: Caller): Promise<Overview> {
    const { police, maintenance } = await this.#parts.alerts.queries.ownCounts(caller);
    const { alerts, faults, ...shared } = await this.#ofArea(caller);
    return { ...shared, alerts: together(alerts, police), faults: together(faults, maintenance) };
  }

  #ofArea(caller: Caller): Promise<Overview> {
    const nowMs = this.#parts.clock.monotonicMs();
    const key = namesOfScope(caller).join();
    const known = this.#last.get(key);
    if (known && nowMs - known.atMs < FRESH_MS) return known.answer;
    const answer = this.#count(caller);
    this.#last.set(key, { atMs: nowMs, answer });
    answer.catch(() => this.#last.delete(key));
    return answer;
  }

  async #count(caller: Caller): Promise<Overview> {
    const { directory, twin, alerts, messageRate } = this.#parts;
    const devices = [...twin.counts(directory.within(caller))].map(([kind, counts]) => ({ kind, ...counts }));
    const messagesPerSecond = Math.round(messageRate.perSecond(ownArea(caller)) * 10) / 10;
    const { police, maintenance } = await alerts.queries.openCounts(caller);
    return {
      devices: devices.sort((a, b) => (a.kind < b.kind ? -1 : 1)),
      messagesPerSecond,
      alerts: { ...NONE, ...police },
      faults: { ...NONE, ...maintenance },
    };
  }
}

function together(shared: BySeverity, own: Record<string, number>): BySeverity {
  const sum = { ...shared };
  for (const severity of Object.keys(sum) as Severity[]) sum[severity] += own[severity] ?? 0;
  return sum;
}

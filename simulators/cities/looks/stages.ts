import { line, type Stage } from '../../fleet/ledger-lines.ts';
import type { GatewayClient } from '../../gateway-client.ts';

/** Histograms of a gateway that are stages of its work, in seconds, by the name that they have in a report. */
const STAGES: Readonly<Record<string, string>> = {
  citywatch_journal_sync_seconds: 'group written and synced',
  citywatch_telemetry_stored_seconds: 'received, until stored',
  citywatch_delivery_latency_seconds: 'alert committed, until delivered',
  citywatch_event_loop_delay_seconds: 'event loop held up',
};
const BUCKET = /^(\w+)_bucket\{(?:[^}]*,)?le="([^"]+)"(?:,[^}]*)?\} (\S+)$/gm;

/** Counts of a histogram by the end of each of its steps, ms; null is the last one, which has none. */
type Counts = Map<number | null, number>;

export interface StageWatchOptions {
  gateway: Pick<GatewayClient, 'metrics'>;
  ledger: { add(line: string): void };
  nowMs(): number;
}

/**
 * What a gateway says at `/metrics` of how long its stages take: each look writes down what happened since the one
 * before. One that says nothing, or is away for a moment, is asked again at the next look.
 */
export class StageWatch {
  readonly #options: StageWatchOptions;
  readonly #before = new Map<string, Counts>();
  #looking: Promise<void> | null = null;

  constructor(options: StageWatchOptions) {
    this.#options = options;
  }

  /** Looks once; while a look lasts the next one is left out. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { gateway, ledger, nowMs } = this.#options;
    const text = await gateway.metrics().catch(() => null);
    if (text === null) return;
    for (const [stage, counts] of stagesIn(text)) {
      const before = this.#before.get(stage);
      this.#before.set(stage, counts);
      if (before) ledger.add(line.stage(stepsBetween(before, counts, { stage, atMs: nowMs() })));
    }
  }
}

/** Histograms of stages in a text of Prometheus, all of one name together; counts are of each step alone. */
export function stagesIn(text: string): Map<string, Counts> {
  const found = new Map<string, Counts>();
  for (const [, metric = '', end = '', value] of text.matchAll(BUCKET)) {
    const stage = STAGES[metric];
    if (stage === undefined) continue;
    const counts = found.get(stage) ?? new Map<number | null, number>();
    const upToMs = end === '+Inf' ? null : Number(end) * 1_000;
    counts.set(upToMs, (counts.get(upToMs) ?? 0) + Number(value));
    found.set(stage, counts);
  }
  for (const counts of found.values()) {
    const ends = [...counts.keys()].sort((a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY));
    for (const [at, end] of [...ends.entries()].reverse()) {
      if (at > 0) counts.set(end, counts.get(end)! - counts.get(ends[at - 1]!)!);
    }
  }
  return found;
}

/** A gateway that was started anew counts from nothing: then all that it counted is new. */
function stepsBetween(before: Counts, now: Counts, { stage, atMs }: Pick<Stage, 'stage' | 'atMs'>): Stage {
  const isNew = [...now].some(([end, count]) => count < (before.get(end) ?? 0));
  const steps = [...now].map(([upToMs, count]) => ({ upToMs, count: count - (isNew ? 0 : (before.get(upToMs) ?? 0)) }));
  return { stage, atMs, steps: steps.filter(({ count }) => count > 0) };
}

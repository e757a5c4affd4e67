import type { Clock } from '../../../core/clock.ts';
import { covers, type Jurisdiction, type Scope } from '../../../core/jurisdiction.ts';
import type { ReceivedCount } from '../../journal/received-counts.ts';

const SAMPLE_MS = 2_000;
/** Samples kept: the rate is that of the last ten seconds. */
const SAMPLES_MAX = 6;

interface Sample {
  atMs: number;
  byArea: Map<Jurisdiction, number>;
}

/** How many messages a second are taken in, by area. Costs one look at the journal's own counts every two seconds. */
export class MessageRate {
  readonly #clock: Clock;
  readonly #counts: () => ReceivedCount[];
  #samples: Sample[] = [];
  #stopTimer: () => void = () => {};

  constructor({ clock, counts }: { clock: Clock; counts: () => ReceivedCount[] }) {
    this.#clock = clock;
    this.#counts = counts;
  }

  start(): void {
    this.#sample();
    this.#stopTimer = this.#clock.every(SAMPLE_MS, () => this.#sample());
  }

  stop(): void {
    this.#stopTimer();
  }

  /** Of the devices in `scope`, over the last 10 s; 0 in the first two seconds. */
  perSecond(scope: Scope): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return 0;
    return ((totalIn(last, scope) - totalIn(first, scope)) * 1_000) / (last.atMs - first.atMs);
  }

  #sample(): void {
    const byArea = new Map<Jurisdiction, number>();
    for (const { jurisdiction, messages } of this.#counts()) {
      byArea.set(jurisdiction, (byArea.get(jurisdiction) ?? 0) + messages);
    }
    this.#samples = [...this.#samples, { atMs: this.#clock.monotonicMs(), byArea }].slice(-SAMPLES_MAX);
  }
}

function totalIn({ byArea }: Sample, scope: Scope): number {
  let total = 0;
  for (const [area, messages] of byArea) if (covers(scope, area)) total += messages;
  return total;
}

import { computed, signal } from '@preact/signals';
import { get } from './api.ts';
import { may, noticeEnd } from './session.ts';
import { nowMs, pause } from './ticker.ts';
import type { Kind, Overview, Page } from './types.ts';

const EVERY_MS = 2_000;
/** Two missed answers and a bit: from here on the numbers say how old they are. */
const OLD_MS = 7_000;
/** Points of the little curve: two minutes. */
const RATES_MAX = 60;

export const overview = signal<Overview | null>(null);
export const rates = signal<readonly number[]>([]);
/** Whose open alerts are counted: the police desk's, for technicians those of the maintenance desk. */
export const countedDesk = computed(() => (may('alerts.read') || !may('faults.read') ? 'alerts' : 'faults'));
/** What devices there are, and what they report. */
export const kinds = signal<ReadonlyMap<string, Kind>>(new Map());

const readAtMs = signal<number | null>(null);
/** Age of the numbers in seconds once they are too old to be taken for now; else null. */
export const staleS = computed(() => {
  if (readAtMs.value === null) return null;
  const age = nowMs.value - readAtMs.value;
  return age > OLD_MS ? Math.floor(age / 1_000) : null;
});

/** Reads the counts every 2 s until `signal` is aborted. */
export async function followOverview(signal: AbortSignal): Promise<void> {
  overview.value = null;
  rates.value = [];
  while (!signal.aborted) {
    try {
      const answer = await get<Overview>('/overview', signal);
      overview.value = answer;
      readAtMs.value = nowMs.value;
      rates.value = [...rates.value, answer.messagesPerSecond].slice(-RATES_MAX);
      if (kinds.value.size === 0) await readKinds(signal);
    } catch (error) {
      noticeEnd(error);
    }
    await pause(EVERY_MS, signal).catch(() => undefined);
  }
}

/** The titles of kinds are a nicety: without them the page shows their names. */
async function readKinds(signal: AbortSignal): Promise<void> {
  const { items } = await get<Page<Kind>>('/kinds', signal);
  kinds.value = new Map(items.map((one) => [one.kind, one]));
}

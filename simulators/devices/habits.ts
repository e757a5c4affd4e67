import { chance, type Span } from '../models/chance.ts';

/**
 * What devices in the field do beside reporting. Shares are of their messages, from 0 to 1; all of it follows from the
 * device's seed and the time.
 */
export interface Habits {
  /** Messages that are sent a second time. */
  duplicates: number;
  /** Messages that come late, behind younger ones. */
  reordered: number;
  /** Messages beside the right ones that nobody can read, or that no device of this kind may send. */
  broken: number;
  /** How wrong clocks are at most, in seconds; each device has its own part of it. */
  clockSkewS: number;
  /** How much they lose or gain at most, in millionths. */
  clockDriftPpm: number;
  /** How often a device has no network, and keeps what it measures until it has one again. */
  outagesPerDay: number;
  outageMin: number;
  /** Devices whose records carry no id, as those of old firmware. */
  withoutIds: number;
}

export const HABITS_OF_NONE: Habits = {
  duplicates: 0,
  reordered: 0,
  broken: 0,
  clockSkewS: 0,
  clockDriftPpm: 0,
  outagesPerDay: 0,
  outageMin: 0,
  withoutIds: 0,
};

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Clocks are set at this pace: so long a drift adds up. */
const CLOCK_SET_MS = 6 * 3_600_000;

/** What the device's clock says at a moment. A clock never goes back by itself: it is set right slowly. */
export function clockOf(seed: number, { clockSkewS, clockDriftPpm }: Habits, atMs: number): number {
  if (clockSkewS === 0 && clockDriftPpm === 0) return atMs;
  const skewMs = (chance(seed, 'clock-skew') * 2 - 1) * clockSkewS * 1_000;
  const driftMs = (chance(seed, 'clock-drift') * 2 - 1) * (clockDriftPpm / 1e6) * CLOCK_SET_MS;
  const phase = (atMs % CLOCK_SET_MS) / CLOCK_SET_MS;
  return Math.round(atMs + skewMs + driftMs * (phase < 0.5 ? phase * 2 : 2 - phase * 2));
}

/**
 * The stretch without network that a moment lies in, or null. `dark` are those that were made to happen: a power cut of
 * its district.
 */
export function outageAt(seed: number, habits: Habits, atMs: number, dark: readonly Span[]): Span | null {
  const cut = dark.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  if (cut) return cut;
  const { outagesPerDay, outageMin } = habits;
  if (outagesPerDay <= 0 || outageMin <= 0) return null;
  const slotMs = Math.floor(DAY_MS / outagesPerDay);
  const lastsMs = Math.min(slotMs, outageMin * MINUTE_MS);
  const slot = Math.floor(atMs / slotMs);
  const fromMs = slot * slotMs + Math.floor(chance(seed, 'outage', slot) * (slotMs - lastsMs));
  return fromMs <= atMs && atMs < fromMs + lastsMs ? { fromMs, toMs: fromMs + lastsMs } : null;
}

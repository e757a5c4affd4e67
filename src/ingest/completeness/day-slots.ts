import { DAY_MS } from '../../core/clock.ts';

/** A day of a device in slots of half its period, one bit each. Pure; times are Unix ms. */

/** Devices that report more often than every 10 s are judged as if they did every 10 s: 2 KB a day. */
const SLOT_MS_MIN = 5_000;
/** Longer without a reading than this many periods is a gap. */
const GAP_PERIODS = 2.5;

export interface DaySlots {
  slotMs: number;
  seen: Buffer;
}

export interface Gap {
  fromMs: number;
  toMs: number;
}

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** Half a period, so that two readings in a row hardly ever share a slot however they jitter. */
export function slotMsOf(periodS: number): number {
  return Math.max(SLOT_MS_MIN, Math.round(periodS * 500));
}

export function emptyDay(slotMs: number): DaySlots {
  return { slotMs, seen: Buffer.alloc(Math.ceil(Math.ceil(DAY_MS / slotMs) / 8)) };
}

/** Returns whether it was news. */
export function see({ slotMs, seen }: DaySlots, atMs: number): boolean {
  const slot = Math.floor((atMs - dayOf(atMs) * DAY_MS) / slotMs);
  const bit = 1 << (slot & 7);
  const byte = seen[slot >> 3];
  if (byte === undefined || (byte & bit) !== 0) return false;
  seen[slot >> 3] = byte | bit;
  return true;
}

export function countSeen({ seen }: DaySlots): number {
  let count = 0;
  for (const byte of seen) for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * Times without a reading within `[fromMs, toMs)` of one day, longer than 2.5 periods, as exactly as the slots are. One
 * that goes on over midnight is cut there.
 */
export function gapsOf({ slotMs, seen }: DaySlots, fromMs: number, toMs: number): Gap[] {
  const startMs = dayOf(fromMs) * DAY_MS;
  const longest = GAP_PERIODS * 2 * slotMs;
  const gaps: Gap[] = [];
  let sinceMs = fromMs;
  for (let slot = 0; slot < seen.length * 8; slot += 1) {
    if (((seen[slot >> 3] ?? 0) & (1 << (slot & 7))) === 0) continue;
    const slotFromMs = startMs + slot * slotMs;
    if (slotFromMs >= toMs) break;
    if (slotFromMs - sinceMs > longest) gaps.push({ fromMs: sinceMs, toMs: slotFromMs });
    sinceMs = Math.max(sinceMs, slotFromMs + slotMs);
  }
  if (toMs - sinceMs > longest) gaps.push({ fromMs: sinceMs, toMs });
  return gaps;
}

/** Readings of a device within a span if it missed none. */
export function expectedIn(slotMs: number, spanMs: number): number {
  return Math.floor(Math.max(0, spanMs) / (2 * slotMs));
}

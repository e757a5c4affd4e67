import type { Point } from '../map/geometry.ts';
import type { Passage } from '../types.ts';

/** A place at which a vehicle was read, with all that was told of it there at that moment. */
export interface Stop {
  device: string;
  atMs: number;
  passages: readonly Passage[];
  /** Since the stop before, ms; null for the first one. */
  sinceMs: number | null;
  /** Nobody read it for long before. */
  isGap: boolean;
  /** Straight from the stop before, km; null where one of the two is not on the map. */
  km: number | null;
  /** No car comes here from there in that time. */
  isTooFast: boolean;
}

/** Somebody who is read every few minutes in a city, and not for so long, went where nobody reads plates, or stood. */
export const GAP_MS = 30 * 60_000;
/** Events of one passage are told so close to each other. */
const SAME_MS = 5_000;
const FASTEST_KMH = 220;
/** Checkpoints that look at the same crossing are no journey. */
const JOURNEY_KM_MIN = 1;
const HOUR_MS = 3_600_000;

/** The stops of one vehicle, the first one first. Pure. */
export function stopsOf(passages: readonly Passage[], placeOf: (device: string) => Point | null): Stop[] {
  const sorted = [...passages].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const groups: Passage[][] = [];
  for (const one of sorted) {
    const last = groups.at(-1)?.at(-1);
    const isSame = last?.device === one.device && Date.parse(one.at) - Date.parse(last.at) <= SAME_MS;
    if (isSame) groups.at(-1)!.push(one);
    else groups.push([one]);
  }
  return groups.map((group, at) => stopOf(group, groups[at - 1] ?? null, placeOf));
}

function stopOf(group: Passage[], before: Passage[] | null, placeOf: (device: string) => Point | null): Stop {
  const { device, at } = group[0]!;
  const atMs = Date.parse(at);
  const last = before?.at(-1) ?? null;
  const sinceMs = last === null ? null : atMs - Date.parse(last.at);
  const [from, to] = [last === null ? null : placeOf(last.device), placeOf(device)];
  const km = from && to ? kmBetween(from, to) : null;
  const isTooFast = km !== null && km >= JOURNEY_KM_MIN && km > (FASTEST_KMH * Math.max(1, sinceMs ?? 0)) / HOUR_MS;
  return { device, atMs, passages: group, sinceMs, isGap: (sinceMs ?? 0) > GAP_MS, km, isTooFast };
}

const EARTH_KM = 6_371;

/** Along a great circle. */
function kmBetween([lonA, latA]: Point, [lonB, latB]: Point): number {
  const rad = Math.PI / 180;
  const [dLat, dLon] = [(latB - latA) * rad, (lonB - lonA) * rad];
  const a = Math.sin(dLat / 2) ** 2 + Math.cos(latA * rad) * Math.cos(latB * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** Plates as a whole, as a track is made of one: none of those that are masked. */
export function isWhole(plate: string | null): plate is string {
  return plate !== null && !plate.includes('***');
}

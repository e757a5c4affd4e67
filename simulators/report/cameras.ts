import { Delays } from '../fleet/delays.ts';
import type { Eye } from '../fleet/ledger-lines.ts';
import type { Facts } from './facts.ts';
import { excusedUntil } from './faults.ts';
import { type PromiseTold, promiseTold, type Verdict } from './verdict.ts';

/** A viewer that gets nothing new for longer stands before a picture that does not move. */
const GAP_MAX_MS = 15_000;
/** A camera that nobody pulls yet shows its first picture within this time (issue "The shared monitoring pool"). */
const FIRST_MAX_MS = 25_000;
/** All cameras of a district have video again so long after their power is back (promise P6). */
const POWER_MS = 60_000;

/** What cameras with video, and those who look at them, counted. */
export function camerasOf(facts: Facts): Verdict['cameras'] {
  const { eyes } = facts;
  const watched = eyes.flatMap(({ viewed }) => viewed ?? []);
  const firsts = new Delays();
  for (const { firstAfterMs } of watched) if (firstAfterMs !== null) firsts.add(firstAfterMs);
  return {
    count: eyes.length,
    unasked: eyes.filter(({ asked }) => asked === 0).length,
    playedTwice: eyes.filter(({ playedAtOnce }) => playedAtOnce > 1).length,
    watched: watched.length,
    unshown: watched.filter(({ firstAfterMs }) => firstAfterMs === null).length,
    firstP99Ms: firsts.quantile(0.99),
    longestGapMs: Math.max(0, ...eyes.map((one) => longestGapOf(facts, one))),
  };
}

/** What a gateway owes that has cameras. */
export function promisesOfCameras(facts: Facts): PromiseTold[] {
  const found = camerasOf(facts);
  const noCameras = found.count === 0 ? 'there were no cameras with video' : null;
  const nobody = found.watched === 0 ? 'nobody looked at a camera' : null;
  return [
    promiseTold('cameras that were never asked', found.unasked, 0, noCameras),
    promiseTold('cameras pulled twice at once', found.playedTwice, 0, noCameras),
    promiseTold('watched cameras without any video', found.unshown, 0, nobody),
    promiseTold('first video within, p99 ms', found.firstP99Ms, FIRST_MAX_MS, nobody),
    promiseTold('longest time without new video, ms', found.longestGapMs, GAP_MAX_MS, nobody),
  ];
}

/** Examples of what is wrong, for the report. */
export function blindOf({ eyes }: Facts): string[] {
  const unasked = eyes.filter(({ asked }) => asked === 0).map(({ device }) => `${device}: never asked over ONVIF`);
  const unshown = eyes
    .filter(({ viewed }) => viewed?.firstAfterMs === null)
    .map(({ device }) => `${device}: somebody looked and saw nothing`);
  return [...unasked.slice(0, 3), ...unshown.slice(0, 3)];
}

function longestGapOf(facts: Facts, { district, viewed }: Eye): number {
  const gaps = viewed?.gaps ?? [];
  return Math.max(
    0,
    ...gaps.map(({ fromMs, toMs }) => toMs - Math.max(fromMs, owedFrom(facts, district, fromMs, toMs))),
  );
}

/** From when on video is owed again: a fault or a power cut may have begun at any moment of a gap. */
function owedFrom({ befallen }: Facts, district: string, fromMs: number, toMs: number): number {
  let owedMs = fromMs;
  for (const one of befallen) {
    if (one.fromMs > toMs || one.fromMs < fromMs) continue;
    owedMs = Math.max(owedMs, excusedUntil(befallen, one.fromMs, district));
  }
  owedMs = Math.max(owedMs, excusedUntil(befallen, fromMs, district));
  for (const one of befallen) {
    const isDark = one.what === 'power-cut' && one.district === district;
    if (isDark && one.fromMs <= toMs && one.toMs + POWER_MS >= fromMs) owedMs = Math.max(owedMs, one.toMs + POWER_MS);
  }
  return owedMs;
}

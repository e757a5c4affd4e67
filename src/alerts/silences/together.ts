import { covers, limitedArea } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Knowing, Matchers } from './silence.ts';

/** Kinds of alerts that are told apart by who hides them: each is held against every silence. */
const CELLS_MAX = 1_000;

/** One that is in force, or waits. */
type Beside = Matchers;

/**
 * Which of `others` hide some alert together, and one with these `matchers` as well: every largest set of them. Two
 * that mean different things meet where both mean the same alert: a rule of a city and a kind of one of its districts.
 * Null where they meet in too many ways to be looked at.
 */
export function hidingTogether<One extends Beside>(
  matchers: Matchers,
  others: readonly One[],
  knowing: Knowing,
): One[][] | null {
  const near = others.filter((one) => meeting(matchers, one, knowing));
  const cells = new Map([[keyOf(matchers), matchers]]);
  for (const one of near) {
    for (const cell of [...cells.values()]) {
      const met = meeting(cell, one, knowing);
      if (met) cells.set(keyOf(met), met);
      if (cells.size > CELLS_MAX) return null;
    }
  }
  const sets = new Map<string, One[]>();
  for (const cell of cells.values()) {
    const hiding = near.filter((one) => hidesAllOf(one, cell, knowing));
    if (hiding.length > 0) sets.set(hiding.map((one) => near.indexOf(one)).join(), hiding);
  }
  return largest([...sets.values()]);
}

/** Those that are within no other one: together with more of them it is no less that is left unsaid. */
function largest<One>(sets: One[][]): One[][] {
  const byLength = sets.toSorted((one, other) => other.length - one.length);
  const kept: Set<One>[] = [];
  for (const set of byLength) {
    if (kept.some((larger) => set.every((one) => larger.has(one)))) continue;
    kept.push(new Set(set));
  }
  return kept.map((set) => [...set]);
}

/** Whether all that `other` means is meant by `one`, by what they say themselves. */
function hidesAllOf(one: Matchers, other: Matchers, { trees, devices }: Knowing): boolean {
  const says = (['rule', 'kind'] as const).every((name) => one[name] === null || one[name] === other[name]);
  const isAt = one.device === null || (other.device !== null && isOn(other.device, one.device, devices));
  return says && isAt && covers(limitedArea(trees, one.jurisdiction, one.police), other);
}

/** What both mean; null where nothing can be meant by both. */
function meeting(one: Matchers, other: Matchers, knowing: Knowing): Matchers | null {
  const { devices, trees } = knowing;
  const place = (by: Matchers, to: Matchers) => covers(trees.area(by.jurisdiction), to.jurisdiction);
  const [rule, kind] = [narrower(one.rule, other.rule), narrower(one.kind, other.kind)];
  const device = narrower(one.device, other.device, (a, b) => isOn(a, b, devices));
  const police = narrower(one.police, other.police, (a, b) => trees.below(b).includes(a));
  if (rule === undefined || kind === undefined || device === undefined || police === undefined) return null;
  const jurisdiction = place(one, other) ? other.jurisdiction : place(other, one) ? one.jurisdiction : null;
  if (jurisdiction === null) return null;
  if (kind !== null && device !== null && devices.among(kind, device).length === 0) return null;
  return { jurisdiction, police, rule, kind, device };
}

/** The one that means less; undefined where neither means what the other does. */
function narrower(
  one: string | null,
  other: string | null,
  isWithin: (one: string, other: string) => boolean = () => false,
): string | null | undefined {
  if (one === null || one === other) return other;
  if (other === null || isWithin(one, other)) return one;
  return isWithin(other, one) ? other : undefined;
}

function isOn(device: DeviceId, top: DeviceId, devices: Knowing['devices']): boolean {
  return device === top || devices.isAt(device, top);
}

function keyOf({ jurisdiction, police, rule, kind, device }: Matchers): string {
  return JSON.stringify([jurisdiction, police, rule, kind, device]);
}

import type { Delivered } from '../fleet/ledger-lines.ts';
import type { Facts } from './facts.ts';

const CLOSED = 'alert.closed';

/** An alert that the command centre knows of: told by itself, or part of a storm that it was told of. */
export interface Known {
  device: string;
  alert: string | null;
  /** When it knew of it at the latest, and not before, Unix ms: the same but for parts, which are looked for. */
  atMs: number;
  notBeforeMs: number;
  isPart: boolean;
}

/** What was taken, by the storm that it stands for. */
type Told = ReadonlyMap<string, readonly Delivered[]>;

/** What was told of storms, by the alert that stands for each. */
export function stormsTold(taken: readonly Delivered[]): Told {
  const leaders = new Set(taken.flatMap(({ alert, storm }) => (alert !== null && storm > 0 ? [alert] : [])));
  const found = new Map<string, Delivered[]>([...leaders].map((alert) => [alert, []]));
  for (const one of taken) found.get(one.alert ?? '')?.push(one);
  return found;
}

/**
 * Alerts that the command centre was told of by a storm: those that are listed as its parts, from the moment on at
 * which it was told of the storm. One that is listed under a storm that nobody told of reached nobody, and neither did
 * one that is listed no more and was never told of by itself.
 */
export function partsKnown({ parts, storms }: Facts, taken: readonly Delivered[], told: Told): Known[] {
  const byThemselves = alertsIn(taken);
  const lost = new Set(storms.flatMap(({ gone }) => gone).filter((alert) => !byThemselves.has(alert)));
  return parts.flatMap(({ storm, alert, device, ...seen }) => {
    const leader = told.get(storm)?.find((one) => one.storm > 0);
    if (!leader || device === null || lost.has(alert)) return [];
    const [atMs, notBeforeMs] = [Math.max(seen.atMs, leader.atMs), Math.max(seen.beforeMs, leader.atMs)];
    return [{ device, alert, atMs, notBeforeMs, isPart: true }];
  });
}

/**
 * Storms whose count, as it was told last, is not that of what is listed: fewer than there are, or more, so that some
 * are lost. A part that grew grave has left the storm and was told by itself, and may still be counted. Of a storm that
 * somebody closed no more is told.
 */
export function miscounted({ parts, storms }: Facts, taken: readonly Delivered[], told: Told): string[] {
  const seen = new Set(parts.map(({ alert }) => alert));
  const opened = alertsIn(taken.filter(({ type }) => type === 'alert.opened'));
  return storms.flatMap(({ storm, listed, gone }) => {
    const entries = told.get(storm) ?? [];
    const [first] = entries;
    if (!first || entries.some(({ type }) => type === CLOSED)) return [];
    const count = Math.max(...entries.map((one) => one.storm));
    // Told of later and never opened: parts that left between two looks.
    const unseen = alertsIn(taken.filter(({ atMs, alert }) => atMs >= first.atMs && !seen.has(alert ?? '')));
    const left = gone.length + [...unseen].filter((alert) => !opened.has(alert)).length;
    if (count >= 1 + listed && count <= 1 + listed + left) return [];
    return [`storm ${storm}: told of ${count} alerts, and ${1 + listed} are listed`];
  });
}

function alertsIn(taken: readonly Delivered[]): Set<string> {
  return new Set(taken.flatMap(({ alert }) => alert ?? []));
}

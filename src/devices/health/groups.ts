import type { DeviceId } from '../../core/types.ts';

/** Devices that went offline together, below one parent. */
export interface Outage {
  /** When the first of them did. */
  sinceMs: number;
  /** When the last of them did. */
  lastMs: number;
  members: Set<DeviceId>;
}

interface Group {
  /** Those below that are judged at all. */
  known: Set<DeviceId>;
  /** Those that are offline, and since when. */
  offline: Map<DeviceId, number>;
  outage: Outage | null;
}

const TOGETHER_MIN = 3;
const TOGETHER_MS = 60_000;

/**
 * Finds what went offline together: three or more children of a parent, and more than half of them, within 60 s. It is
 * over when no more than a quarter are dark: those have a cause of their own. Each step costs what is dark below one
 * parent, at most.
 */
export class Groups {
  readonly #groups = new Map<DeviceId, Group>();
  /** Parents whose children are dark together: few, so that asking each device costs nothing. */
  readonly #dark = new Map<DeviceId, Outage>();

  /** Null where the children of this device are not dark together. */
  outageOf(parent: DeviceId): Outage | null {
    return this.#dark.get(parent) ?? null;
  }

  /** How many children are judged. */
  knownOf(parent: DeviceId): number {
    return this.#groups.get(parent)?.known.size ?? 0;
  }

  /** A child is offline since then, or not (`null`). Returns whether an outage of the parent began or ended by it. */
  set(parent: DeviceId, child: DeviceId, offlineSinceMs: number | null): boolean {
    const group = this.#groupOf(parent);
    group.known.add(child);
    const before = group.outage;
    if (offlineSinceMs === null) this.#up(group, child);
    else this.#down(group, child, offlineSinceMs);
    return this.#isTurned(parent, group, before);
  }

  /** The child hangs there no more, or is not judged any more. Returns as {@link set}. */
  leave(parent: DeviceId, child: DeviceId): boolean {
    const group = this.#groups.get(parent);
    if (!group) return false;
    const before = group.outage;
    group.known.delete(child);
    this.#up(group, child);
    if (group.known.size === 0) this.#groups.delete(parent);
    return this.#isTurned(parent, group, before);
  }

  #isTurned(parent: DeviceId, { outage }: Group, before: Outage | null): boolean {
    if (outage === before) return false;
    if (outage) this.#dark.set(parent, outage);
    else this.#dark.delete(parent);
    return true;
  }

  #groupOf(parent: DeviceId): Group {
    const known = this.#groups.get(parent);
    if (known) return known;
    const group: Group = { known: new Set(), offline: new Map(), outage: null };
    this.#groups.set(parent, group);
    return group;
  }

  #down(group: Group, child: DeviceId, sinceMs: number): void {
    group.offline.set(child, sinceMs);
    const { outage } = group;
    if (outage) {
      if (sinceMs < outage.sinceMs - TOGETHER_MS) return;
      outage.members.add(child);
      outage.lastMs = Math.max(outage.lastMs, sinceMs);
      return;
    }
    const together = [...group.offline].filter(([, atMs]) => Math.abs(atMs - sinceMs) <= TOGETHER_MS);
    // Within 60 s from first to last, and not 60 s to both sides of this one.
    const times = together.map(([, atMs]) => atMs).sort((a, b) => a - b);
    const fromMs = widest(times);
    const members = together.filter(([, atMs]) => atMs >= fromMs && atMs <= fromMs + TOGETHER_MS).map(([id]) => id);
    if (members.length < TOGETHER_MIN || members.length * 2 <= group.known.size) return;
    group.outage = { sinceMs: fromMs, lastMs: sinceMs, members: new Set(members) };
  }

  #up(group: Group, child: DeviceId): void {
    group.offline.delete(child);
    const { outage } = group;
    if (!outage) return;
    outage.members.delete(child);
    if (outage.members.size === 0 || outage.members.size * 4 <= group.known.size) group.outage = null;
  }
}

/** The beginning of the 60 s in which most of these times lie; they are in order. */
function widest(times: readonly number[]): number {
  let best = { fromMs: times[0] ?? 0, count: 0 };
  let end = 0;
  for (const [start, fromMs] of times.entries()) {
    while (end < times.length && times[end]! <= fromMs + TOGETHER_MS) end += 1;
    if (end - start > best.count) best = { fromMs, count: end - start };
  }
  return best.fromMs;
}

import type { Place } from '../../core/jurisdiction.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Directory } from '../registry/directory.ts';
import type { HealthBook } from './book.ts';
import { HEALTHS, type Health } from './judge.ts';

export type HealthCounts = Record<Health | 'maintenance', number>;

export interface HealthTallyDeps {
  book: Pick<HealthBook, 'healthOf'>;
  directory: Pick<Directory, 'get' | 'maintained'>;
  observer: Observer;
}

/** Which devices are asked for. */
export interface Asked {
  lies(place: Place): boolean;
  /** All kinds where it is undefined. */
  kind: string | undefined;
}

/** The devices of one kind that stand under one code and belong to one police agency. */
interface Cell {
  counts: HealthCounts;
  /** Those in maintenance among them. */
  ids: Record<Health, Set<DeviceId>>;
}

/** A device as it is counted. */
interface Counted {
  parent: DeviceId | null;
  /** By itself; what hangs on it is, too. */
  isMaintained: boolean;
  place: Place;
  kind: string;
  /** Null for one that does not stand: it is counted nowhere. */
  health: Health | null;
  as: keyof HealthCounts;
}

/**
 * How many devices are how, by area and kind, kept by what changes: a question costs as many steps as there are areas
 * and kinds, and not as there are devices. It is told which device changed, and looks itself what became of it, so that
 * being told twice, or of something else, changes nothing.
 */
export class HealthTally {
  readonly #deps: HealthTallyDeps;
  readonly #devices = new Map<DeviceId, Counted>();
  readonly #children = new Map<DeviceId, Set<DeviceId>>();
  /** By {@link keyOf}. */
  readonly #cells = new Map<string, { place: Place; kinds: Map<string, Cell> }>();
  readonly #all: Record<Health, number> = { online: 0, degraded: 0, offline: 0, unknown: 0 };
  #followed: (id: DeviceId, health: Health | null) => void = () => {};

  constructor(deps: HealthTallyDeps) {
    this.#deps = deps;
    const all = this.#all;
    new Gauge({
      name: 'citywatch_devices_health',
      help: 'Devices that stand, by how they are.',
      labelNames: ['health'],
      registers: [deps.observer.metrics],
      collect() {
        for (const health of HEALTHS) this.set({ health }, all[health]);
      },
    });
  }

  /** A device is new in the registry or otherwise than before, or it is gone from there. Never throws. */
  changed(id: DeviceId): void {
    const before = this.#devices.get(id);
    const entry = this.#deps.directory.get(id);
    const [was, now] = [before?.parent ?? null, entry?.parent ?? null];
    if (was !== now) this.#hang(id, was, now);
    const isMaintained = entry?.state === 'maintenance';
    const isSame = before !== undefined && was === now && before.isMaintained === isMaintained && entry !== undefined;
    if (isSame) this.#count(id);
    else for (const one of this.#below(id)) this.#count(one);
  }

  /** A device is judged otherwise than before, or no more. Never throws. */
  judged(id: DeviceId): void {
    const counted = this.#devices.get(id);
    // What else has changed with it, such as its parent, is told only afterwards: all of it counts now.
    if (counted && counted.health !== this.#deps.book.healthOf(id)) this.changed(id);
  }

  /** Tells from now on of each device whose health is another one; `followed` must not throw. */
  follow(followed: (id: DeviceId, health: Health | null) => void): void {
    this.#followed = followed;
  }

  /** As it is counted; null for a device that does not stand. */
  healthOf(id: DeviceId): Health | null {
    return this.#devices.get(id)?.health ?? null;
  }

  counts(asked: Asked): HealthCounts {
    const counts = none();
    for (const cell of this.#asked(asked)) {
      for (const name of COUNTED) counts[name] += cell.counts[name];
    }
    return counts;
  }

  /** How many are how, those in maintenance among them. */
  healthCounts(asked: Asked): Record<Health, number> {
    const found = { online: 0, degraded: 0, offline: 0, unknown: 0 };
    for (const { ids } of this.#asked(asked)) for (const health of HEALTHS) found[health] += ids[health].size;
    return found;
  }

  /** Those in one of these healths, in maintenance or not, in no order. */
  *ids(asked: Asked, healths: readonly Health[]): Generator<DeviceId> {
    for (const { ids } of this.#asked(asked)) for (const health of healths) yield* ids[health];
  }

  /** As {@link ids}, those that hang on this device. */
  *idsBelow(parent: DeviceId, { lies, kind }: Asked, healths: readonly Health[]): Generator<DeviceId> {
    for (const id of this.#children.get(parent) ?? []) {
      const device = this.#devices.get(id);
      if (!device?.health || !healths.includes(device.health)) continue;
      if ((kind === undefined || device.kind === kind) && lies(device.place)) yield id;
    }
  }

  *#asked({ lies, kind }: Asked): Generator<Cell> {
    for (const { place, kinds } of this.#cells.values()) {
      if (!lies(place)) continue;
      const one = kind === undefined ? undefined : kinds.get(kind);
      if (one) yield one;
      else if (kind === undefined) yield* kinds.values();
    }
  }

  #hang(id: DeviceId, was: DeviceId | null, now: DeviceId | null): void {
    if (was !== null) {
      const children = this.#children.get(was);
      children?.delete(id);
      if (children?.size === 0) this.#children.delete(was);
    }
    if (now === null) return;
    const children = this.#children.get(now);
    if (children) children.add(id);
    else this.#children.set(now, new Set([id]));
  }

  /** The device and all that hangs on it; a set, since edits that come one by one may look like a circle. */
  #below(id: DeviceId): Set<DeviceId> {
    const found = new Set([id]);
    // A set hands out what is added while it is walked.
    for (const one of found) for (const child of this.#children.get(one) ?? []) found.add(child);
    return found;
  }

  /** Takes a device out where it was counted, and counts it as it is now. */
  #count(id: DeviceId): void {
    const { book, directory } = this.#deps;
    const before = this.#devices.get(id);
    if (before) this.#add(id, before, -1);
    const entry = directory.get(id);
    if (!entry) {
      this.#devices.delete(id);
      if (before?.health) this.#followed(id, null);
      return;
    }
    const { identity, state, parent } = entry;
    const health = state === 'retired' ? null : book.healthOf(id);
    const { jurisdiction, police, kind } = identity;
    const place = { jurisdiction, police: police ?? null };
    const as = health === null || directory.maintained(id) !== null ? 'maintenance' : health;
    const now: Counted = { parent, isMaintained: state === 'maintenance', place, kind, health, as };
    this.#devices.set(id, now);
    this.#add(id, now, 1);
    if (health !== (before?.health ?? null)) this.#followed(id, health);
  }

  #add(id: DeviceId, { place, kind, health, as }: Counted, by: 1 | -1): void {
    if (health === null) return;
    this.#all[health] += by;
    const { kinds } = this.#cells.get(keyOf(place)) ?? { kinds: new Map<string, Cell>() };
    const cell = kinds.get(kind) ?? emptyCell();
    cell.counts[as] += by;
    if (by === 1) cell.ids[health].add(id);
    else cell.ids[health].delete(id);
    if (COUNTED.some((name) => cell.counts[name] > 0)) kinds.set(kind, cell);
    else kinds.delete(kind);
    if (kinds.size > 0) this.#cells.set(keyOf(place), { place, kinds });
    else this.#cells.delete(keyOf(place));
  }
}

const COUNTED: readonly (keyof HealthCounts)[] = [...HEALTHS, 'maintenance'];

function keyOf({ jurisdiction, police }: Place): string {
  return `${jurisdiction} ${police ?? ''}`;
}

function none(): HealthCounts {
  return { online: 0, degraded: 0, offline: 0, unknown: 0, maintenance: 0 };
}

function emptyCell(): Cell {
  return { counts: none(), ids: { online: new Set(), degraded: new Set(), offline: new Set(), unknown: new Set() } };
}

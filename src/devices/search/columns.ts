import type { AgencyCode, Jurisdiction, Place } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { HEALTHS, type Health } from '../health/judge.ts';
import type { FieldName } from './fields.ts';
import { hasAnyHealth } from './health.ts';
import { keyOf } from './words.ts';

/** What many devices have in common; see migration 0202. */
export interface Group {
  id: number;
  facets: Partial<Record<FieldName, string>>;
  jurisdiction: Jurisdiction;
}

export interface TagSet {
  id: number;
  tags: string[];
}

/** A device as it is counted. `n` is its number, a small one that nobody else has; `group` and `tagSet` are ids. */
export interface CountedDevice {
  id: DeviceId;
  n: number;
  group: number;
  tagSet: number;
  police: AgencyCode | null;
}

/** Which devices are counted; null: nothing is asked of it. */
export interface Asked {
  /** Whether a place may be counted in at all. */
  sees(place: Place): boolean;
  fits(group: Group): boolean;
  agencies: readonly AgencyCode[] | null;
  /** As {@link keyOf} has it. */
  tag: string | null;
  health: Health | null;
  /** Numbers of those that fit otherwise, in any order and each once; what is not known is passed over. */
  among: ArrayLike<number> | null;
}

export interface Count<Item> {
  item: Item;
  count: number;
}

/** How many there are of each; what there is none of is left out. */
export interface Counts {
  total: number;
  groups: Count<Group>[];
  tagSets: Count<TagSet>[];
  /** Null is that of devices that belong to none. */
  agencies: Count<AgencyCode | null>[];
  /** Of those that stand. */
  healths: Count<Health>[];
}

/** What devices have in columns by its place in a list. */
class Dictionary<Key, Item> {
  readonly items: Item[] = [];
  readonly #places = new Map<Key, number>();

  has(key: Key): boolean {
    return this.#places.has(key);
  }

  /** Undefined where it is not known. */
  placeOf(key: Key): number | undefined {
    return this.#places.get(key);
  }

  /** What is known already stays as it is. */
  add(key: Key, item: Item): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.items.length);
    return this.items.push(item) - 1;
  }
}

const SLOTS_FIRST = 1_024;
/** In the column of groups: nobody has this slot. */
const NOBODY = -1;
const UNKNOWN = HEALTHS.indexOf('unknown');
/** What is known of a place: nothing yet, that it is counted in, that it is not. */
const [SEEN, UNSEEN] = [1, 2];

/**
 * What devices are counted by, in columns of numbers: some 20 bytes for each device, besides its id. To count a hundred
 * thousand takes about a millisecond. A device stands in a slot; slots of devices that are gone are given away again,
 * so that a count walks along those that there are, however many numbers were given away.
 */
export class DeviceColumns {
  readonly #groups = new Dictionary<number, Group & { area: number; stands: boolean }>();
  readonly #areas = new Dictionary<Jurisdiction, Jurisdiction>();
  readonly #tagSets = new Dictionary<number, TagSet & { keys: readonly string[] }>();
  readonly #agencies = new Dictionary<AgencyCode | null, AgencyCode | null>();
  readonly #slots = new Map<DeviceId, number>();
  readonly #free: number[] = [];
  #size = 0;
  /** By number; 0 for none, or the slot and one. */
  #slotOf = new Int32Array(SLOTS_FIRST);
  #n = new Int32Array(SLOTS_FIRST);
  #group = new Int32Array(SLOTS_FIRST);
  #tagSet = new Int32Array(SLOTS_FIRST);
  #agency = new Int32Array(SLOTS_FIRST);
  #health = new Uint8Array(SLOTS_FIRST);

  get size(): number {
    return this.#slots.size;
  }

  knowsGroup(id: number): boolean {
    return this.#groups.has(id);
  }

  knowsTagSet(id: number): boolean {
    return this.#tagSets.has(id);
  }

  addGroup(group: Group): void {
    const area = this.#areas.add(group.jurisdiction, group.jurisdiction);
    this.#groups.add(group.id, { ...group, area, stands: hasAnyHealth(group.facets.state) });
  }

  addTagSet(set: TagSet): void {
    this.#tagSets.add(set.id, { ...set, keys: set.tags.map(keyOf) });
  }

  /** A device is new, or otherwise than before. Its group and its tag set must be known. */
  put({ id, n, group, tagSet, police }: CountedDevice, health: Health | null): void {
    const [ofGroup, ofTags] = [this.#groups.placeOf(group), this.#tagSets.placeOf(tagSet)];
    if (ofGroup === undefined || ofTags === undefined) throw new RangeError(`group ${group} or tags ${tagSet} unknown`);
    const slot = this.#slots.get(id) ?? this.#newSlot(id);
    if (this.#n[slot] !== n) this.#slotOf[this.#n[slot]!] = 0;
    this.#number(n, slot);
    this.#n[slot] = n;
    this.#group[slot] = ofGroup;
    this.#tagSet[slot] = ofTags;
    this.#agency[slot] = this.#agencies.add(police, police);
    this.#health[slot] = codeOf(health);
  }

  /** A device has no row any more; one that is not known is none that has. */
  remove(id: DeviceId): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#slotOf[this.#n[slot]!] = 0;
    this.#n[slot] = 0;
    this.#group[slot] = NOBODY;
    this.#free.push(slot);
  }

  /** A device is judged otherwise. */
  judged(id: DeviceId, health: Health | null): void {
    const slot = this.#slots.get(id);
    if (slot !== undefined) this.#health[slot] = codeOf(health);
  }

  count(asked: Asked): Counts {
    const groups = this.#groups.items;
    const counts = {
      groups: new Int32Array(groups.length),
      tagSets: new Int32Array(this.#tagSets.items.length),
      agencies: new Int32Array(this.#agencies.items.length),
      healths: new Int32Array(HEALTHS.length),
    };
    const isAsked = this.#filter(asked);
    const [group, tagSet, agency, health] = [this.#group, this.#tagSet, this.#agency, this.#health];
    const take = (slot: number): void => {
      if (!isAsked(slot)) return;
      counts.groups[group[slot]!]! += 1;
      counts.tagSets[tagSet[slot]!]! += 1;
      counts.agencies[agency[slot]!]! += 1;
      if (groups[group[slot]!]!.stands) counts.healths[health[slot]!]! += 1;
    };
    const { among } = asked;
    if (among === null) for (let slot = 0; slot < this.#size; slot += 1) take(slot);
    else {
      for (let index = 0; index < among.length; index += 1) {
        const n = among[index]!;
        const slot = n < this.#slotOf.length ? this.#slotOf[n]! - 1 : NOBODY;
        if (slot !== NOBODY) take(slot);
      }
    }
    return {
      total: counts.groups.reduce((sum, count) => sum + count, 0),
      groups: counted(groups, counts.groups),
      tagSets: counted(this.#tagSets.items, counts.tagSets),
      agencies: counted(this.#agencies.items, counts.agencies),
      healths: counted(HEALTHS, counts.healths),
    };
  }

  /** Whether the device of a slot is asked for. Who may see what is decided once for each place that there is. */
  #filter({ sees, fits, agencies, tag, health }: Asked): (slot: number) => boolean {
    const groups = this.#groups.items;
    const stations = this.#agencies.items;
    const isFitting = flags(groups, (group) => fits(group) && (health === null || group.stands));
    const asked = agencies && new Set(agencies);
    const isStation = flags(stations, (code) => asked === null || (code !== null && asked.has(code)));
    const isTagged = flags(this.#tagSets.items, ({ keys }) => tag === null || keys.includes(tag));
    const code = health === null ? null : codeOf(health);
    const known = new Uint8Array(this.#areas.items.length * stations.length);
    return (slot) => {
      const group = this.#group[slot]!;
      if (group === NOBODY || isFitting[group] === 0) return false;
      const station = this.#agency[slot]!;
      if (isStation[station] === 0 || isTagged[this.#tagSet[slot]!] === 0) return false;
      if (code !== null && this.#health[slot] !== code) return false;
      const { area, jurisdiction } = groups[group]!;
      const place = area * stations.length + station;
      if (known[place] === 0) known[place] = sees({ jurisdiction, police: stations[station]! }) ? SEEN : UNSEEN;
      return known[place] === SEEN;
    };
  }

  #newSlot(id: DeviceId): number {
    const slot = this.#free.pop() ?? this.#size;
    if (slot === this.#size) {
      this.#size += 1;
      this.#n = grown(this.#n, slot);
      this.#group = grown(this.#group, slot);
      this.#tagSet = grown(this.#tagSet, slot);
      this.#agency = grown(this.#agency, slot);
      this.#health = grown(this.#health, slot);
    }
    this.#slots.set(id, slot);
    return slot;
  }

  #number(n: number, slot: number): void {
    this.#slotOf = grown(this.#slotOf, n);
    this.#slotOf[n] = slot + 1;
  }
}

/** Of one who stands and of whom nothing is known, nothing was heard. */
function codeOf(health: Health | null): number {
  return health === null ? UNKNOWN : HEALTHS.indexOf(health);
}

function flags<Item>(items: readonly Item[], is: (item: Item) => boolean): Uint8Array {
  return Uint8Array.from(items, (item) => (is(item) ? 1 : 0));
}

function counted<Item>(items: readonly Item[], counts: Int32Array): Count<Item>[] {
  return items.flatMap((item, index) => (counts[index]! > 0 ? [{ item, count: counts[index]! }] : []));
}

/** A column that has this place, with zeros in what is new. */
function grown<Column extends Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(
  column: Column,
  place: number,
): Column {
  if (place < column.length) return column;
  const larger = new (column.constructor as new (length: number) => Column)(Math.max(place + 1, column.length * 2));
  larger.set(column);
  return larger;
}

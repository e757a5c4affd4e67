import { covers, type Jurisdiction, ownArea, type Place, type Tree } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Directory } from '../registry/directory.ts';
import { placesOf } from '../registry/places.ts';
import type { DeviceHealth, HealthBook } from './book.ts';
import type { Cause, Health } from './judge.ts';
import type { Asked, HealthCounts, HealthTally } from './tally.ts';
import { type Words, wordsOf } from './words.ts';

export interface HealthListDeps {
  book: Pick<HealthBook, 'of'>;
  tally: Pick<HealthTally, 'counts' | 'ids' | 'idsBelow'>;
  directory: Pick<Directory, 'maintained' | 'seenBy'>;
  database: Database;
  tree: Tree;
}

/** How a device is, as it may be told to a caller. */
export interface ToldHealth extends Omit<DeviceHealth, 'detail'> {
  /** Null where it is online. */
  why: Words | null;
  /** Whether it, or what it hangs on, is in maintenance: then it counts as that and as nothing else. */
  maintenance: boolean;
}

/** How a device is where no other device is named. */
export type ShownHealth = Pick<ToldHealth, 'health' | 'cause' | 'sinceMs' | 'why'>;

export interface HealthOfDevice extends ToldHealth {
  device: DeviceId;
  name: string;
  kind: string;
  jurisdiction: Jurisdiction;
}

export interface HealthFilter {
  jurisdiction?: Jurisdiction;
  kind?: string;
  /** Without it, those that are degraded or offline. */
  health?: Health;
  cause?: Cause;
  /** Only what hangs on this device. */
  parent?: DeviceId;
  limit: number;
  /** Id of the last device of the page before. */
  after?: DeviceId;
}

/** Which devices are not well, and why; every answer is limited to what the caller may see. */
export class HealthList {
  readonly #deps: HealthListDeps;

  constructor(deps: HealthListDeps) {
    this.#deps = deps;
  }

  /** Null for a device that does not stand. The caller's right to see the device is checked before. */
  of(caller: Caller, id: DeviceId): ToldHealth | null {
    const health = this.#deps.book.of(id);
    return health && this.told(caller, id, health);
  }

  /** As {@link of}, for whoever may see the device. */
  shown(id: DeviceId): ShownHealth | null {
    const found = this.#deps.book.of(id);
    if (!found) return null;
    const { health, cause, sinceMs } = found;
    return { health, cause, sinceMs, why: wordsOf(found, null) };
  }

  /** One page in order of id, and how many there are of each health: of the area and kind, whatever else is asked. */
  async list(
    caller: Caller,
    filter: HealthFilter,
  ): Promise<{ counts: HealthCounts; items: HealthOfDevice[]; next: DeviceId | null }> {
    const { tally, tree } = this.#deps;
    const own = ownArea(caller);
    const area = filter.jurisdiction === undefined ? null : tree.area(filter.jurisdiction);
    const lies = (place: Place): boolean => covers(own, place) && (area === null || covers(area, place));
    const { limit, kind } = filter;
    const ids = this.#ids({ lies, kind }, filter);
    const page = ids.slice(0, limit);
    const next = ids.length > limit ? page.at(-1)! : null;
    return { counts: tally.counts({ lies, kind }), items: await this.#items(caller, page), next };
  }

  /** In order, one more than a page where there are more. */
  #ids(asked: Asked, { health, cause, parent, limit, after }: HealthFilter): DeviceId[] {
    const { book, tally } = this.#deps;
    const healths: Health[] = health === undefined ? ['degraded', 'offline'] : [health];
    const found = parent === undefined ? tally.ids(asked, healths) : tally.idsBelow(parent, asked, healths);
    const first = new FirstOf(limit + 1, after ?? '');
    for (const id of found) if (cause === undefined || book.of(id)?.cause === cause) first.offer(id);
    return first.ids;
  }

  async #items(caller: Caller, ids: DeviceId[]): Promise<HealthOfDevice[]> {
    const { book, directory, database } = this.#deps;
    const places = await placesOf(database, ids);
    return ids.flatMap((id) => {
      const identity = directory.seenBy(caller, id);
      const health = book.of(id);
      if (!identity || !health) return [];
      const { kind, jurisdiction } = identity;
      const name = places.get(id)?.name ?? id;
      return [{ device: id, name, kind, jurisdiction, ...this.told(caller, id, health) }];
    });
  }

  /** Whether what stands in `place` lies in this area, which may be a zone. */
  lies(area: Jurisdiction, place: Jurisdiction): boolean {
    return covers(this.#deps.tree.area(area), place);
  }

  /**
   * What was judged of a device, as it may be told to a caller who may see it. A parent beyond the border explains, and
   * is not named.
   */
  told(caller: Caller, id: DeviceId, { detail, because: by, ...health }: DeviceHealth): ToldHealth {
    const { directory } = this.#deps;
    const because = by !== null && directory.seenBy(caller, by) ? by : null;
    const why = wordsOf({ cause: health.cause, detail }, because);
    return { ...health, because, why, maintenance: directory.maintained(id) !== null };
  }
}

/** The first of many ids in order, so that a page of a whole city is no sorting of all of it. */
class FirstOf {
  readonly ids: DeviceId[] = [];
  readonly #max: number;
  readonly #after: DeviceId;

  constructor(max: number, after: DeviceId) {
    this.#max = max;
    this.#after = after;
  }

  offer(id: DeviceId): void {
    if (id <= this.#after || (this.ids.length === this.#max && id >= this.ids.at(-1)!)) return;
    let [from, to] = [0, this.ids.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.ids[middle]! < id) from = middle + 1;
      else to = middle;
    }
    this.ids.splice(from, 0, id);
    if (this.ids.length > this.#max) this.ids.pop();
  }
}

import { covers, type Jurisdiction, ownArea, type Tree } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Directory } from '../registry/directory.ts';
import { placesOf } from '../registry/places.ts';
import type { DeviceHealth, HealthBook } from './book.ts';
import { type Cause, HEALTHS, type Health } from './judge.ts';
import { type Words, wordsOf } from './words.ts';

export interface HealthListDeps {
  book: Pick<HealthBook, 'of' | 'healthOf'>;
  directory: Pick<Directory, 'within' | 'get' | 'maintained' | 'seenBy'>;
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

export type HealthCounts = Record<Health | 'maintenance', number>;

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
    const { book, directory, tree } = this.#deps;
    const counts = Object.fromEntries([...HEALTHS, 'maintenance'].map((name) => [name, 0])) as HealthCounts;
    const found: DeviceId[] = [];
    const area = filter.jurisdiction === undefined ? null : tree.area(filter.jurisdiction);
    for (const device of directory.within(ownArea(caller))) {
      if (filter.kind !== undefined && device.kind !== filter.kind) continue;
      if (area !== null && !covers(area, device.jurisdiction)) continue;
      const health = book.healthOf(device.id);
      if (health === null) continue;
      counts[directory.maintained(device.id) === null ? health : 'maintenance'] += 1;
      if (this.#isAsked(device, health, filter)) found.push(device.id);
    }
    const { limit, after = '' } = filter;
    const ids = found.filter((id) => id > after).sort((one, other) => (one < other ? -1 : 1));
    const page = ids.slice(0, limit);
    return { counts, items: await this.#items(caller, page), next: ids.length > limit ? page.at(-1)! : null };
  }

  #isAsked({ id }: DeviceIdentity, health: Health, filter: HealthFilter): boolean {
    const { book, directory } = this.#deps;
    const isWrong = health === 'degraded' || health === 'offline';
    if (filter.health === undefined ? !isWrong : health !== filter.health) return false;
    if (filter.cause !== undefined && book.of(id)?.cause !== filter.cause) return false;
    return filter.parent === undefined || directory.get(id)?.parent === filter.parent;
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

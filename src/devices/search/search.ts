import type { Caller, Device, DeviceId } from '../../core/types.ts';
import { type Database, type RawBuilder, sql } from '../../platform/database/database.ts';
import { findDevices } from '../registry/queries.ts';
import type { Group } from './columns.ts';
import { Counting, type Facets, type OwnerCount } from './counting.ts';
import type { DeviceFilter } from './filter.ts';
import { all, type Condition, Finding, type FindingDeps, found, wantedIn } from './finding.ts';
import { KeptColumns } from './kept-columns.ts';
import type { Wanted } from './words.ts';

const LIST_MAX = 500;
/** Devices that are looked at in order of id, before an index says where those that fit are. */
const NEAR = 1_000;
/** Devices that a whole text tells and that come before all others: more of them are nobody's one device. */
const EXACT_MAX = 100;
/** Stands before the id in a cursor as long as devices come that were told exactly; no id begins with it. */
const EXACT = '!';

export interface DevicePage {
  /** 1-500. */
  limit: number;
  /** `next` of the page before. */
  after?: string | undefined;
}

/** Finds devices, and counts them. */
export class DeviceSearch {
  readonly #database: Database;
  readonly #finding: Finding;
  readonly #columns: KeptColumns;
  readonly #counting: Counting;

  constructor(deps: FindingDeps) {
    this.#database = deps.database;
    this.#finding = new Finding(deps);
    this.#columns = new KeptColumns(deps);
    this.#counting = new Counting(deps, this.#finding, this.#columns);
  }

  /** Has what devices are counted by in memory before somebody asks, and keeps it up. */
  start(): void {
    this.#columns.start();
  }

  stop(): Promise<void> {
    return this.#columns.stop();
  }

  /** One page in order of id, after those that the words tell exactly; `next` is the `after` of the following page. */
  async list(caller: Caller, filter: DeviceFilter & DevicePage): Promise<{ items: Device[]; next: string | null }> {
    const limit = Math.min(Math.max(1, filter.limit), LIST_MAX);
    const ids = await this.#ids(caller, filter, limit + 1);
    const page = ids.slice(0, limit);
    const items = await findDevices(this.#database, caller, page.map(stripped));
    return { items, next: ids.length > limit ? page.at(-1)! : null };
  }

  /** All that a list has, a page at a time, `max` at most. */
  async *pages(caller: Caller, filter: DeviceFilter, max: number): AsyncGenerator<Device[]> {
    let after: string | undefined;
    for (let left = max; left > 0; ) {
      const { items, next } = await this.list(caller, { ...filter, limit: Math.min(left, LIST_MAX), after });
      yield items;
      if (next === null) return;
      left -= items.length;
      after = next;
    }
  }

  /** How many of a list have which value of each field. */
  facets(caller: Caller, filter: DeviceFilter): Promise<Facets> {
    return this.#counting.facets(caller, filter);
  }

  /** How many of a list there are for each owner that files name in each area; null where they name none. */
  owners(caller: Caller, filter: DeviceFilter): Promise<OwnerCount[]> {
    return this.#counting.owners(caller, filter);
  }

  /** Ids of a page as a cursor has them, in order; `count` at most. */
  async #ids(caller: Caller, filter: DeviceFilter & DevicePage, count: number): Promise<string[]> {
    const groups = await this.#finding.groups(caller, filter);
    const wanted = wantedIn(filter);
    const after = filter.after ?? (wanted ? EXACT : '');
    const exact = wanted ? await this.#exact(caller, filter, { groups, wanted }) : [];
    const begun = after.startsWith(EXACT) ? after.slice(EXACT.length) : null;
    const first = begun === null ? [] : exact.filter((id) => id > begun).map((id) => `${EXACT}${id}`);
    if (first.length >= count) return first.slice(0, count);
    const conditions = await this.#finding.conditions(caller, filter, groups);
    if (conditions === null || wanted?.terms.length === 0) return first;
    if (exact.length > 0) conditions.push(sql`d.id <> all (${exact}::text[])`);
    const from = { id: begun === null ? after : '', count: count - first.length };
    const isNarrow = filter.parent !== undefined || filter.below !== undefined;
    const near = isNarrow ? [] : await this.#near(conditions, from);
    return [...first, ...(near.length === from.count ? near : await this.#far(conditions, from))];
  }

  /** Of the next {@link NEAR} devices in order those that fit: enough for a page, where many fit. */
  #near(conditions: Condition[], { id, count }: { id: DeviceId; count: number }): Promise<DeviceId[]> {
    return this.#read(sql`
      select id from (select * from device_search where id > ${id} order by id limit ${NEAR}) as d
      where ${all(conditions)} order by id limit ${count}`);
  }

  /** Those that an index finds, put in order: where few fit. */
  #far(conditions: Condition[], { id, count }: { id: DeviceId; count: number }): Promise<DeviceId[]> {
    // The fence of `offset` keeps PostgreSQL from looking for few devices by reading all in order of id.
    return this.#read(sql`
      select id from (select id from device_search as d where ${all(conditions)} offset 0) as hits
      where id > ${id} order by id limit ${count}`);
  }

  /** Those that the whole text tells, in order. */
  async #exact(
    caller: Caller,
    filter: DeviceFilter,
    { groups, wanted }: { groups: readonly Group[]; wanted: Wanted },
  ): Promise<DeviceId[]> {
    const conditions = await this.#finding.conditions(caller, { ...filter, q: undefined, text: undefined }, groups);
    if (conditions === null) return [];
    return this.#far([...conditions, found(wanted.exactly)], { id: '', count: EXACT_MAX });
  }

  async #read(query: RawBuilder<unknown>): Promise<DeviceId[]> {
    const { rows } = await (query as RawBuilder<{ id: DeviceId }>).execute(this.#database.tables());
    return rows.map(({ id }) => id);
  }
}

function stripped(place: string): DeviceId {
  return place.startsWith(EXACT) ? place.slice(EXACT.length) : place;
}

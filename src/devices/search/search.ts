import { type Jurisdiction, wholeAreas } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, withinJurisdiction } from '../../platform/database/database.ts';
import { findDevices } from '../registry/queries.ts';
import { boxText, polygonText } from './area.ts';
import { FIELD_NAMES, type FieldName } from './fields.ts';
import type { DeviceFilter } from './filter.ts';
import { type HealthPort, hasAnyHealth, hasHealth } from './health.ts';
import { type Level, levelsOf } from './levels.ts';
import { ofScope } from './scope.ts';
import { type FacetCount, totals } from './totals.ts';
import type { SearchTrees } from './trees.ts';
import { exactly, keyOf, type Term, type Wanted, wantedBy } from './words.ts';

/** Tables of migration 0202; what each column means stands there. */
interface SearchTables {
  device_tag_set: { id: number; tags: string[] };
  device_group: { id: number; facets: Partial<Record<FieldName, string>>; jurisdiction: string };
}

type Group = SearchTables['device_group'];
type Condition = RawBuilder<boolean>;

interface GroupCount {
  id: number;
  count: number;
}

const LIST_MAX = 500;
/** Devices that are looked at in order of id, before an index says where those that fit are. */
const NEAR = 1_000;
/** Devices that a whole text tells and that come before all others: more of them are nobody's one device. */
const EXACT_MAX = 100;
/** Stands before the id in a cursor as long as devices come that were told exactly; no id begins with it. */
const EXACT = '!';

/** Says of the files of positions which of them mean a department. */
export interface OwnersPort {
  /** Every name by which files call it or what it followed. */
  namesOf(department: string): string[];
  owns(department: string, owner: string, jurisdiction: Jurisdiction): boolean;
}

export interface DevicePage {
  /** 1-500. */
  limit: number;
  /** `next` of the page before. */
  after?: string | undefined;
}

export interface OwnerCount {
  owner: string | null;
  jurisdiction: Jurisdiction;
  count: number;
}

export interface Facets {
  total: number;
  fields: Record<FieldName, FacetCount[]>;
  tag: FacetCount[];
  /** Each device once for its agency and for each above it. */
  police: FacetCount[];
  /** Each device once for every level of the caller's area that it lies in. */
  jurisdiction: (FacetCount & { level: Level })[];
}

/**
 * Finds devices, and counts them. What a caller may not see is left out in one place, {@link ofScope}: every statement
 * names the groups of devices it may look at, and the police agencies where the caller is limited to some.
 */
export class DeviceSearch {
  readonly #database: Database;
  readonly #owners: OwnersPort;
  readonly #healths: HealthPort;
  readonly #trees: SearchTrees;

  constructor(database: Database, owners: OwnersPort, trees: SearchTrees, healths: HealthPort) {
    this.#database = database;
    this.#trees = trees;
    this.#owners = owners;
    this.#healths = healths;
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
  async facets(caller: Caller, filter: DeviceFilter): Promise<Facets> {
    const { groups, rows, tagRows, stations } = await this.#counted(caller, filter);
    const tags = await this.#tags(tagRows.map(({ id }) => id));
    const facets = new Map(groups.map((group) => [group.id, group.facets]));
    const places = new Map(groups.map((group) => [group.id, group.jurisdiction]));
    const counted = (name: FieldName) => totals(rows, ({ id }) => [facets.get(id)?.[name] ?? []].flat());
    const levels = new Map<string, Level>();
    const whole = wholeAreas(caller);
    const areas = totals(rows, ({ id }) =>
      levelsOf(places.get(id) ?? '', whole).map(({ level, code }) => {
        levels.set(code, level);
        return code;
      }),
    );
    return {
      total: rows.reduce((sum, { count }) => sum + count, 0),
      fields: Object.fromEntries(FIELD_NAMES.map((name) => [name, counted(name)])) as Facets['fields'],
      tag: totals(tagRows, ({ id }) => tags.get(id) ?? []),
      police: totals(stations, ({ id }) => this.#trees.lineOf(id ?? '')),
      jurisdiction: areas.map((area) => ({ ...area, level: levels.get(area.value)! })),
    };
  }

  /** How many of a list there are for each owner that files name in each area; null where they name none. */
  async owners(caller: Caller, filter: DeviceFilter): Promise<OwnerCount[]> {
    const { groups, rows } = await this.#counted(caller, filter);
    const counts = new Map(rows.map(({ id, count }) => [id, count]));
    return groups.flatMap(({ id, facets, jurisdiction }) => {
      const count = counts.get(id);
      return count === undefined ? [] : [{ owner: facets.owner ?? null, jurisdiction, count }];
    });
  }

  async #counted(caller: Caller, filter: DeviceFilter) {
    const groups = await this.#groups(caller, filter);
    const conditions = (await this.#conditions(caller, filter, groups)) ?? [sql<boolean>`false`];
    return { groups, ...(await this.#counts(conditions)) };
  }

  /** By group, by set of tags and by police agency. What fits is found once: to find it is what costs. */
  async #counts(conditions: readonly Condition[]) {
    const { rows } = await sql<GroupCount & { station: string | null; by: 'group' | 'tags' | 'station' }>`
      select coalesce(group_id, tag_set) as id, police as station, count(*)::integer as count,
        case 0 when grouping(group_id) then 'group' when grouping(tag_set) then 'tags' else 'station' end as by
      from device_search as d where ${all(conditions)}
      group by grouping sets ((group_id), (tag_set), (police))`.execute(this.#database.tables());
    const stations = rows.filter(({ by }) => by === 'station').map(({ station: id, count }) => ({ id, count }));
    return { rows: rows.filter(({ by }) => by === 'group'), tagRows: rows.filter(({ by }) => by === 'tags'), stations };
  }

  async #tags(sets: readonly number[]): Promise<Map<number, string[]>> {
    const db = this.#database.tables<SearchTables>();
    const query = db.selectFrom('device_tag_set').selectAll().where(sql<boolean>`id = any (${sets}::integer[])`);
    return new Map((await query.execute()).map(({ id, tags }) => [id, tags]));
  }

  /** Ids of a page as a cursor has them, in order; `count` at most. */
  async #ids(caller: Caller, filter: DeviceFilter & DevicePage, count: number): Promise<string[]> {
    const groups = await this.#groups(caller, filter);
    const wanted = wantedIn(filter);
    const after = filter.after ?? (wanted ? EXACT : '');
    const exact = wanted ? await this.#exact(caller, filter, { groups, wanted }) : [];
    const begun = after.startsWith(EXACT) ? after.slice(EXACT.length) : null;
    const first = begun === null ? [] : exact.filter((id) => id > begun).map((id) => `${EXACT}${id}`);
    if (first.length >= count) return first.slice(0, count);
    const conditions = await this.#conditions(caller, filter, groups);
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
    const conditions = await this.#conditions(caller, { ...filter, q: undefined, text: undefined }, groups);
    if (conditions === null) return [];
    return this.#far([...conditions, found(wanted.exactly)], { id: '', count: EXACT_MAX });
  }

  async #read(query: RawBuilder<unknown>): Promise<DeviceId[]> {
    const { rows } = await (query as RawBuilder<{ id: DeviceId }>).execute(this.#database.tables());
    return rows.map(({ id }) => id);
  }

  /**
   * The groups of the caller's areas whose fields fit. Whatever is found, listed or counted is of these, and of what
   * {@link ofScope} leaves of them.
   */
  async #groups(caller: Caller, filter: DeviceFilter): Promise<Group[]> {
    const db = this.#database.tables<SearchTables>();
    let query = withinJurisdiction(db.selectFrom('device_group').selectAll(), 'jurisdiction', wholeAreas(caller));
    if (filter.jurisdiction !== undefined)
      query = withinJurisdiction(query, 'jurisdiction', this.#trees.area(filter.jurisdiction));
    if (filter.state === undefined) query = query.where(sql<boolean>`facets ->> 'state' <> 'retired'`);
    for (const name of FIELD_NAMES) {
      const value = filter[name];
      if (value !== undefined) query = query.where(sql<boolean>`facets ->> ${sql.lit(name)} = ${value}`);
    }
    const { department } = filter;
    if (department === undefined) return query.execute();
    const names = this.#owners.namesOf(department);
    const groups = await query.where(sql<boolean>`facets ->> 'owner' = any (${names}::text[])`).execute();
    return groups.filter((one) => this.#owners.owns(department, one.facets.owner ?? '', one.jurisdiction));
  }

  /** What a device must fulfil, which the statement calls `d`; null where none can. */
  async #conditions(caller: Caller, filter: DeviceFilter, groups: readonly Group[]): Promise<Condition[] | null> {
    const { parent, below, bbox, polygon, gbId, tag } = filter;
    for (const id of [parent, below]) if (id !== undefined && !(await this.#sees(caller, id))) return null;
    const fitting = filter.health ? groups.filter(({ facets }) => hasAnyHealth(facets.state)) : groups;
    const conditions: Condition[] = [ofScope(caller, fitting)];
    if (filter.health !== undefined) conditions.push(hasHealth(this.#healths, filter.health));
    if (parent !== undefined) conditions.push(sql`d.parent = ${parent}`);
    if (below !== undefined) conditions.push(sql`d.id in (${hangingBelow(below)})`);
    if (bbox !== undefined) conditions.push(sql`d.place <@ ${boxText(bbox)}::box`);
    if (polygon !== undefined) conditions.push(sql`d.place <@ ${polygonText(polygon)}::polygon`);
    if (filter.certificateBefore !== undefined) conditions.push(showsCertificate(filter.certificateBefore));
    const { police } = filter;
    if (police !== undefined) conditions.push(sql`d.police = any (${this.#trees.below(police)}::text[])`);
    if (gbId !== undefined) conditions.push(found(exactly('gb', gbId)));
    if (tag !== undefined) conditions.push(found(exactly('tag', keyOf(tag))));
    const wanted = wantedIn(filter);
    if (wanted === null) return conditions;
    if (wanted.terms.length === 0) return [...conditions, found(wanted.exactly)];
    const words = wanted.terms.map(({ lexemes }) => lexemes).join(' & ');
    return [...conditions, found(words), ...wanted.terms.flatMap(phraseOf)];
  }

  /** Whether the device may be named by the caller: what hangs on it tells of it. */
  async #sees(caller: Caller, id: DeviceId): Promise<boolean> {
    return (await findDevices(this.#database, caller, [id])).length > 0;
  }
}

function wantedIn({ q, text }: DeviceFilter): Wanted | null {
  const said = q ?? text;
  return said === undefined ? null : wantedBy(said);
}

/** The query stands in a query of its own, so that it is always taken for a rare one, for which the index is used. */
function found(lexemes: string): Condition {
  return sql`d.lexemes @@ (select ${lexemes}::tsquery)`;
}

function phraseOf({ phrase, orElse }: Term): Condition[] {
  if (phrase === null) return [];
  const stands = sql<boolean>`d.words like ${phrase}`;
  return [orElse === null ? stands : sql<boolean>`(${stands} or ${found(orElse)})`];
}

/** That what hangs there shows a certificate which ends before this moment. */
function showsCertificate(beforeMs: number): Condition {
  return sql`d.id in (select position_id from unit join assignment on unit_id = unit.id and to_ms is null
    where cert_not_after_ms < ${beforeMs}::bigint)`;
}

function hangingBelow(id: DeviceId): RawBuilder<unknown> {
  return sql`with recursive below (id) as (
      select id from device_search where parent = ${id}
      union select child.id from device_search as child join below on child.parent = below.id
    ) select id from below`;
}

function all(conditions: readonly Condition[]): RawBuilder<boolean> {
  return sql.join(conditions, sql` and `) as RawBuilder<boolean>;
}

function stripped(place: string): DeviceId {
  return place.startsWith(EXACT) ? place.slice(EXACT.length) : place;
}

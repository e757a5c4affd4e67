import { type Jurisdiction, wholeAreas } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, type RawBuilder, sql } from '../../platform/database/database.ts';
import { FIELD_NAMES, type FieldName } from './fields.ts';
import type { DeviceFilter } from './filter.ts';
import { all, type Condition, type Finding, type FindingDeps, type SearchTables } from './finding.ts';
import { hasAnyHealth, type ToldHealths } from './health.ts';
import { type Level, levelsOf } from './levels.ts';
import { type FacetCount, totals } from './totals.ts';
import type { SearchTrees } from './trees.ts';

interface GroupCount {
  id: number;
  count: number;
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
  /** Of those that stand, how they are now. */
  health: FacetCount[];
  /** Each device once for every level of the caller's area that it lies in. */
  jurisdiction: (FacetCount & { level: Level })[];
}

/** What the rows of a count are by, as `grouping` says it. */
const [GROUP, TAG_SET, STATION, HEALTH] = [3, 5, 6, 7];

/** Counts the devices of a list. */
export class Counting {
  readonly #database: Database;
  readonly #finding: Finding;
  readonly #trees: SearchTrees;

  constructor({ database, trees }: FindingDeps, finding: Finding) {
    this.#database = database;
    this.#trees = trees;
    this.#finding = finding;
  }

  /** How many of a list have which value of each field. */
  async facets(caller: Caller, filter: DeviceFilter): Promise<Facets> {
    const { groups, rows, tagRows, stations, healths } = await this.#counted(caller, filter, true);
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
      police: totals(stations, ({ station }) => this.#trees.lineOf(station ?? '')),
      health: healths,
      jurisdiction: areas.map((area) => ({ ...area, level: levels.get(area.value)! })),
    };
  }

  /** How many of a list there are for each owner that files name in each area; null where they name none. */
  async owners(caller: Caller, filter: DeviceFilter): Promise<OwnerCount[]> {
    const { groups, rows } = await this.#counted(caller, filter, false);
    const counts = new Map(rows.map(({ id, count }) => [id, count]));
    return groups.flatMap(({ id, facets, jurisdiction }) => {
      const count = counts.get(id);
      return count === undefined ? [] : [{ owner: facets.owner ?? null, jurisdiction, count }];
    });
  }

  async #counted(caller: Caller, filter: DeviceFilter, withHealth: boolean) {
    const groups = await this.#finding.groups(caller, filter);
    const conditions = (await this.#finding.conditions(caller, filter, groups)) ?? [sql<boolean>`false`];
    const told = withHealth ? this.#finding.healthsOf(caller, filter) : null;
    const { rows, tagRows, stations, healthRows } = await this.#counts(conditions, told?.by ?? null);
    const standing = new Set(groups.filter(({ facets }) => hasAnyHealth(facets.state)).map(({ id }) => id));
    const all = rows.reduce((sum, { id, count }) => sum + (standing.has(id) ? count : 0), 0);
    return { groups, rows, tagRows, stations, healths: told ? shownHealths(told, healthRows, all) : [] };
  }

  /** By group, tags, police agency and health. What fits is found once and counted four times: to find it costs. */
  async #counts(conditions: readonly Condition[], health: RawBuilder<number> | null) {
    const [also, by] = health ? [sql`, health`, sql`, (health)`] : [sql``, sql``];
    // The fence of `offset` has the health of each device looked up once.
    const { rows } = await sql<GroupCount & { station: string | null; what: number }>`
      select coalesce(group_id, tag_set${also}) as id, police as station, count(*)::integer as count,
        grouping(group_id, tag_set, police) as what
      from (select group_id, tag_set, police, ${health ?? sql`null::integer`} as health from device_search as d
        where ${all(conditions)} offset 0) as hits
      group by grouping sets ((group_id), (tag_set), (police)${by})`.execute(this.#database.tables());
    const of = (which: number) => rows.filter(({ what }) => what === which);
    return { rows: of(GROUP), tagRows: of(TAG_SET), stations: of(STATION), healthRows: of(HEALTH) };
  }

  async #tags(sets: readonly number[]): Promise<Map<number, string[]>> {
    const db = this.#database.tables<SearchTables>();
    const query = db.selectFrom('device_tag_set').selectAll().where(sql<boolean>`id = any (${sets}::integer[])`);
    return new Map((await query.execute()).map(({ id, tags }) => [id, tags]));
  }
}

/** Those with most first; whoever is in none of the short lists is as most are. */
function shownHealths(
  { most, others, known }: ToldHealths,
  rows: readonly GroupCount[],
  standing: number,
): FacetCount[] {
  const counts = rows.flatMap(({ id, count }) => {
    const value = others[id];
    return value ? [{ value, count }] : [];
  });
  const left = standing - counts.reduce((sum, { count }) => sum + count, 0);
  const all = known ?? [...counts, { value: most, count: left }];
  return all
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1));
}

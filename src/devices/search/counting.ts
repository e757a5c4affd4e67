import { covers, type Jurisdiction, wholeAreas } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import type { Asked, Count, Counts, Group } from './columns.ts';
import { FIELD_NAMES, type FieldName } from './fields.ts';
import type { DeviceFilter } from './filter.ts';
import { all, type Condition, type Finding, type FindingDeps } from './finding.ts';
import type { KeptColumns } from './kept-columns.ts';
import { type Level, levelsOf } from './levels.ts';
import type { OwnersPort } from './owners.ts';
import { type FacetCount, totals } from './totals.ts';
import type { SearchTrees } from './trees.ts';
import { keyOf } from './words.ts';

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

/**
 * Counts the devices of a list. What the database alone can say, such as by words or by place, is asked there; all else
 * is counted from memory.
 */
export class Counting {
  readonly #database: Database;
  readonly #finding: Finding;
  readonly #columns: KeptColumns;
  readonly #trees: SearchTrees;
  readonly #owners: OwnersPort;

  constructor({ database, trees, owners }: FindingDeps, finding: Finding, columns: KeptColumns) {
    this.#database = database;
    this.#trees = trees;
    this.#owners = owners;
    this.#finding = finding;
    this.#columns = columns;
  }

  /** How many of a list have which value of each field. */
  async facets(caller: Caller, filter: DeviceFilter): Promise<Facets> {
    const { total, groups, tagSets, agencies, healths } = await this.#counts(caller, filter);
    const levels = new Map<string, Level>();
    const whole = wholeAreas(caller);
    const places = totals(groups, ({ item }) => [item.jurisdiction]);
    const areas = totals(places, ({ value }) =>
      levelsOf(value, whole).map(({ level, code }) => {
        levels.set(code, level);
        return code;
      }),
    );
    return {
      total,
      fields: Object.fromEntries(FIELD_NAMES.map((name) => [name, byField(groups, name)])) as Facets['fields'],
      tag: totals(tagSets, ({ item }) => item.tags),
      police: totals(agencies, ({ item }) => this.#trees.lineOf(item ?? '')),
      health: totals(healths, ({ item }) => [item]),
      jurisdiction: areas.map((area) => ({ ...area, level: levels.get(area.value)! })),
    };
  }

  /** How many of a list there are for each owner that files name in each area; null where they name none. */
  async owners(caller: Caller, filter: DeviceFilter): Promise<OwnerCount[]> {
    const { groups } = await this.#counts(caller, filter);
    return groups.map(({ item: { facets, jurisdiction }, count }) => {
      return { owner: facets.owner ?? null, jurisdiction, count };
    });
  }

  async #counts(caller: Caller, filter: DeviceFilter): Promise<Counts> {
    const conditions = await this.#finding.conditionsOfRows(caller, filter);
    // What is counted of these is read afterwards: who may see a device goes by where it stands then.
    const among = conditions?.length === 0 ? null : await this.#numbers(conditions ?? [sql`false`]);
    const columns = await this.#columns.current();
    return columns.count({ ...this.#asked(caller, filter), among });
  }

  /** What is asked of columns. Nothing is counted but what {@link covers} says that the caller may see. */
  #asked(caller: Caller, filter: DeviceFilter): Omit<Asked, 'among'> {
    const { jurisdiction, police, tag, health } = filter;
    const area = jurisdiction === undefined ? null : this.#trees.area(jurisdiction);
    return {
      sees: (place) => covers(caller, place),
      fits: this.#fits(filter, (code) => area === null || covers(area, code)),
      agencies: police === undefined ? null : this.#trees.below(police),
      tag: tag === undefined ? null : keyOf(tag),
      health: health ?? null,
    };
  }

  #fits({ department, ...filter }: DeviceFilter, lies: (code: Jurisdiction) => boolean): (group: Group) => boolean {
    const names = department === undefined ? null : new Set(this.#owners.namesOf(department));
    const isOwned = (owner: string, jurisdiction: Jurisdiction): boolean =>
      names === null || (names.has(owner) && this.#owners.owns(department!, owner, jurisdiction));
    return ({ facets, jurisdiction }) => {
      if (filter.state === undefined && facets.state === 'retired') return false;
      if (FIELD_NAMES.some((name) => filter[name] !== undefined && filter[name] !== facets[name])) return false;
      return lies(jurisdiction) && isOwned(facets.owner ?? '', jurisdiction);
    };
  }

  /** Numbers of devices whose rows fulfil all of it. */
  async #numbers(conditions: readonly Condition[]): Promise<Int32Array> {
    // In one value: a hundred thousand rows would take longer to be handed over than to be found, and as text as well.
    const { rows } = await sql<{ numbers: Buffer | null }>`
      select string_agg(int4send(n), '') as numbers from device_search as d where ${all(conditions)}`.execute(
      this.#database.tables(),
    );
    return numbersIn(rows[0]!.numbers ?? Buffer.alloc(0));
  }
}

function byField(groups: readonly Count<Group>[], name: FieldName): FacetCount[] {
  return totals(groups, ({ item }) => [item.facets[name] ?? []].flat());
}

/** As `int4send` of PostgreSQL writes them one behind the other. */
function numbersIn(bytes: Buffer): Int32Array {
  const numbers = new Int32Array(bytes.length / 4);
  for (let index = 0; index < numbers.length; index += 1) numbers[index] = bytes.readInt32BE(4 * index);
  return numbers;
}

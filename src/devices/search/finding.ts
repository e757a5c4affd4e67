import { covers, type Jurisdiction, wholeAreas } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, withinJurisdiction } from '../../platform/database/database.ts';
import type { Asked } from '../health/tally.ts';
import { findDevices } from '../registry/queries.ts';
import { boxText, polygonText } from './area.ts';
import { FIELD_NAMES, type FieldName } from './fields.ts';
import type { DeviceFilter } from './filter.ts';
import { type HealthPort, hasAnyHealth, hasHealth, type ToldHealths, tellHealths } from './health.ts';
import { ofScope } from './scope.ts';
import type { SearchTrees } from './trees.ts';
import { exactly, keyOf, type Term, type Wanted, wantedBy } from './words.ts';

/** Tables of migration 0202; what each column means stands there. */
export interface SearchTables {
  device_tag_set: { id: number; tags: string[] };
  device_group: { id: number; facets: Partial<Record<FieldName, string>>; jurisdiction: string };
}

export type Group = SearchTables['device_group'];
export type Condition = RawBuilder<boolean>;

/** Says of the files of positions which of them mean a department. */
export interface OwnersPort {
  /** Every name by which files call it or what it followed. */
  namesOf(department: string): string[];
  owns(department: string, owner: string, jurisdiction: Jurisdiction): boolean;
}

export interface FindingDeps {
  database: Database;
  owners: OwnersPort;
  trees: SearchTrees;
  healths: HealthPort;
}

/**
 * What a device must fulfil to be of a list. What a caller may not see is left out in one place, {@link ofScope}: every
 * statement names the groups of devices it may look at, and the police agencies where the caller is limited to some.
 */
export class Finding {
  readonly #deps: FindingDeps;

  constructor(deps: FindingDeps) {
    this.#deps = deps;
  }

  /**
   * The groups of the caller's areas whose fields fit. Whatever is found, listed or counted is of these, and of what
   * {@link ofScope} leaves of them.
   */
  async groups(caller: Caller, filter: DeviceFilter): Promise<Group[]> {
    const db = this.#deps.database.tables<SearchTables>();
    let query = withinJurisdiction(db.selectFrom('device_group').selectAll(), 'jurisdiction', wholeAreas(caller));
    if (filter.jurisdiction !== undefined)
      query = withinJurisdiction(query, 'jurisdiction', this.#deps.trees.area(filter.jurisdiction));
    if (filter.state === undefined) query = query.where(sql<boolean>`facets ->> 'state' <> 'retired'`);
    for (const name of FIELD_NAMES) {
      const value = filter[name];
      if (value !== undefined) query = query.where(sql<boolean>`facets ->> ${sql.lit(name)} = ${value}`);
    }
    const { department } = filter;
    if (department === undefined) return query.execute();
    const names = this.#deps.owners.namesOf(department);
    const groups = await query.where(sql<boolean>`facets ->> 'owner' = any (${names}::text[])`).execute();
    return groups.filter((one) => this.#deps.owners.owns(department, one.facets.owner ?? '', one.jurisdiction));
  }

  /** What a device must fulfil, which the statement calls `d`; null where none can. */
  async conditions(caller: Caller, filter: DeviceFilter, groups: readonly Group[]): Promise<Condition[] | null> {
    const { parent, below, bbox, polygon, gbId, tag } = filter;
    for (const id of [parent, below]) if (id !== undefined && !(await this.#sees(caller, id))) return null;
    const fitting = filter.health ? groups.filter(({ facets }) => hasAnyHealth(facets.state)) : groups;
    const conditions: Condition[] = [ofScope(caller, fitting)];
    if (filter.health !== undefined)
      conditions.push(hasHealth(this.#deps.healths, this.asked(caller, filter), filter.health));
    if (parent !== undefined) conditions.push(sql`d.parent = ${parent}`);
    if (below !== undefined) conditions.push(sql`d.id in (${hangingBelow(below)})`);
    if (bbox !== undefined) conditions.push(sql`d.place <@ ${boxText(bbox)}::box`);
    if (polygon !== undefined) conditions.push(sql`d.place <@ ${polygonText(polygon)}::polygon`);
    if (filter.certificateBefore !== undefined) conditions.push(showsCertificate(filter.certificateBefore));
    const { police } = filter;
    if (police !== undefined) conditions.push(sql`d.police = any (${this.#deps.trees.below(police)}::text[])`);
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
    return (await findDevices(this.#deps.database, caller, [id])).length > 0;
  }

  /** How the devices of a list are counted by health. */
  healthsOf(caller: Caller, filter: DeviceFilter): ToldHealths {
    if (filter.health !== undefined) return { known: null, by: null, others: [], most: filter.health };
    const { jurisdiction: _area, kind: _kind, ...others } = filter;
    const isAll = Object.values(others).every((value) => value === undefined);
    return tellHealths(this.#deps.healths, this.asked(caller, filter), isAll);
  }

  /** The part of a filter that is known of each device without looking it up. */
  asked(caller: Caller, { jurisdiction, kind }: DeviceFilter): Asked {
    const area = jurisdiction === undefined ? null : this.#deps.trees.area(jurisdiction);
    return { lies: (place) => covers(caller, place) && (area === null || covers(area, place)), kind };
  }
}

export function wantedIn({ q, text }: DeviceFilter): Wanted | null {
  const said = q ?? text;
  return said === undefined ? null : wantedBy(said);
}

/** The query stands in a query of its own, so that it is always taken for a rare one, for which the index is used. */
export function found(lexemes: string): Condition {
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

export function all(conditions: readonly Condition[]): RawBuilder<boolean> {
  return sql.join(conditions, sql` and `) as RawBuilder<boolean>;
}

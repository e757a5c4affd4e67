import type { Clock } from '../../core/clock.ts';
import { covers, wholeAreas } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, withinJurisdiction } from '../../platform/database/database.ts';
import type { Asked } from '../health/tally.ts';
import { findDevices } from '../registry/queries.ts';
import { boxText, polygonText } from './area.ts';
import type { Group } from './columns.ts';
import { FIELD_NAMES } from './fields.ts';
import type { DeviceFilter } from './filter.ts';
import { type HealthPort, hasAnyHealth, hasHealth } from './health.ts';
import type { SearchTables } from './kept-columns.ts';
import type { OwnersPort } from './owners.ts';
import { ofScope } from './scope.ts';
import type { SearchTrees } from './trees.ts';
import { exactly, keyOf, type Term, type Wanted, wantedBy } from './words.ts';

export type Condition = RawBuilder<boolean>;

export interface FindingDeps {
  database: Database;
  owners: OwnersPort;
  trees: SearchTrees;
  healths: HealthPort;
  clock: Clock;
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
    const ofRows = await this.conditionsOfRows(caller, filter);
    if (ofRows === null) return null;
    const { health, police, tag } = filter;
    const fitting = health ? groups.filter(({ facets }) => hasAnyHealth(facets.state)) : groups;
    const conditions: Condition[] = [ofScope(caller, fitting)];
    if (health !== undefined) conditions.push(hasHealth(this.#deps.healths, this.#asked(caller, filter), health));
    if (police !== undefined) conditions.push(sql`d.police = any (${this.#deps.trees.below(police)}::text[])`);
    if (tag !== undefined) conditions.push(found(exactly('tag', keyOf(tag))));
    return [...conditions, ...ofRows];
  }

  /**
   * Of {@link conditions} those that stand in the rows of the database and in no memory; they say nothing of what the
   * caller may see. Null where no device fulfils them.
   */
  async conditionsOfRows(caller: Caller, filter: DeviceFilter): Promise<Condition[] | null> {
    const { parent, below, bbox, polygon, gbId } = filter;
    for (const id of [parent, below]) if (id !== undefined && !(await this.#sees(caller, id))) return null;
    const conditions: Condition[] = [];
    if (parent !== undefined) conditions.push(sql`d.parent = ${parent}`);
    if (below !== undefined) conditions.push(sql`d.id in (${hangingBelow(below)})`);
    if (bbox !== undefined) conditions.push(sql`d.place <@ ${boxText(bbox)}::box`);
    if (polygon !== undefined) conditions.push(sql`d.place <@ ${polygonText(polygon)}::polygon`);
    if (filter.certificateBefore !== undefined) conditions.push(showsCertificate(filter.certificateBefore));
    if (gbId !== undefined) conditions.push(found(exactly('gb', gbId)));
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

  /** The part of a filter that is known of each device without looking it up. */
  #asked(caller: Caller, { jurisdiction, kind }: DeviceFilter): Asked {
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

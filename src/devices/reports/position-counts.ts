import type { Area, Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller, DeviceState } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { ReportTables } from './tables.ts';

/** How many positions have this code, kind and state. */
export interface PositionCount {
  jurisdiction: Jurisdiction;
  kind: string;
  state: DeviceState;
  count: number;
}

/**
 * Positions that are not retired and that the caller may see, counted; none for who is limited to an agency. Goes
 * by the index of the search for devices: it reads no position, and nothing of other areas.
 */
export async function countPositions(
  database: Tables,
  caller: Caller,
  { area, kind }: { area?: Area | null; kind?: string },
): Promise<PositionCount[]> {
  const facet = (name: 'kind' | 'state') => sql<string>`g.facets ->> ${sql.lit(name)}`;
  const counted = sql<{ count: number }>`(select count(*)::int as count from device_search where group_id = g.id)`;
  const groups = database.tables<ReportTables>().selectFrom('device_group as g');
  let query = withinJurisdiction(groups, 'g.jurisdiction', caller).where(facet('state'), '<>', 'retired');
  if (area) query = withinJurisdiction(query, 'g.jurisdiction', area);
  if (kind !== undefined) query = query.where(facet('kind'), '=', kind);
  return query
    .innerJoinLateral(counted.as<'found'>('found'), (join) => join.onTrue())
    .select(['g.jurisdiction', facet('kind').as('kind'), facet('state').$castTo<DeviceState>().as('state')])
    .select(sql<number>`sum(found.count)::int`.as('count'))
    .groupBy(['g.jurisdiction', facet('kind'), facet('state')])
    .having(sql<number>`sum(found.count)`, '>', 0)
    .execute();
}

/**
 * The same as it stood at a moment: what was registered by then and not retired yet, in the state that it had, where it
 * lies today. Reads every position of the area.
 */
export async function countPositionsAt(
  database: Tables,
  caller: Caller,
  { area, kind, atMs }: { area?: Area | null; kind?: string; atMs: number },
): Promise<PositionCount[]> {
  let there = database
    .tables<RegistryTables>()
    .selectFrom('position')
    .selectAll()
    .where('created_at_ms', '<=', atMs)
    .where(sql<boolean>`(retired_at_ms is null or retired_at_ms > ${atMs}::bigint)`);
  there = withinJurisdiction(there, 'jurisdiction', caller, 'police');
  if (area) there = withinJurisdiction(there, 'jurisdiction', area);
  if (kind !== undefined) there = there.where('kind', '=', kind);
  const { rows } = await sql<PositionCount>`
    with stepped as (
      select distinct on (position_id) position_id, state from life_step where at_ms <= ${atMs}::bigint
      order by position_id, id desc
    )
    select p.jurisdiction, p.kind, coalesce(s.state, p.first_state) as state, count(*)::int as count
    from (${there}) p left join stepped s on s.position_id = p.id group by 1, 2, 3`.execute(database.tables());
  return rows;
}

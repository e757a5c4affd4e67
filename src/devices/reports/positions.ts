import type { Jurisdiction, Tree } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type RawBuilder, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** Which positions a report is about. */
export interface AreaFilter {
  jurisdiction?: Jurisdiction;
  kind?: string;
}

/**
 * Positions that are accepted or in service, also while they are worked on, as a caller may see them: what every report
 * of how devices do begins with.
 */
export function servingPositions(database: Tables, tree: Tree, caller: Caller, { jurisdiction, kind }: AreaFilter) {
  const all = database.tables<RegistryTables>().selectFrom('position').selectAll();
  const serving = all.where('state', 'in', ['accepted', 'in-service', 'maintenance']);
  let query = withinJurisdiction(serving, 'jurisdiction', caller, 'police');
  if (jurisdiction !== undefined) query = withinJurisdiction(query, 'jurisdiction', tree.area(jurisdiction));
  if (kind !== undefined) query = query.where('kind', '=', kind);
  return query;
}

/** As {@link servingPositions}, with those that served until they were retired, at `sinceMs` or later. */
export function servedPositions(database: Tables, tree: Tree, caller: Caller, asked: AreaFilter & { sinceMs: number }) {
  const { jurisdiction, kind, sinceMs } = asked;
  const serving = (state: RawBuilder<unknown>) => sql<boolean>`${state} in ('accepted', 'in-service', 'maintenance')`;
  const last = sql`coalesce((select state from life_step where position_id = position.id order by id desc limit 1),
    first_state)`;
  const all = database.tables<RegistryTables>().selectFrom('position').selectAll();
  const gone = sql<boolean>`(retired_at_ms > ${sinceMs}::bigint and ${serving(last)})`;
  let query = all.where(sql<boolean>`(${serving(sql`state`)} or ${gone})`);
  query = withinJurisdiction(query, 'jurisdiction', caller, 'police');
  if (jurisdiction !== undefined) query = withinJurisdiction(query, 'jurisdiction', tree.area(jurisdiction));
  if (kind !== undefined) query = query.where('kind', '=', kind);
  return query;
}

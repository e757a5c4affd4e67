import { covers, type Jurisdiction, partsOf } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type RawBuilder, sql } from '../../platform/database/database.ts';

/**
 * What the caller may see of devices of these groups, which the statement calls `d`: of an area that is limited to
 * police agencies what belongs to those.
 */
export function ofScope(
  caller: Caller,
  groups: readonly { id: number; jurisdiction: Jurisdiction }[],
): RawBuilder<boolean> {
  const parts = partsOf(caller).map(({ police, ...area }) => {
    const ids = groups.filter(({ jurisdiction }) => covers(area, jurisdiction)).map(({ id }) => id);
    const isIn = sql<boolean>`d.group_id = any (${ids}::integer[])`;
    return police ? sql<boolean>`(d.police = any (${police.agencies}::text[]) and ${isIn})` : isIn;
  });
  return sql`(${sql.join(parts, sql` or `)})`;
}

import type { Jurisdiction, Scope } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** A device that is gone, where it stood last, and until when (Unix ms). */
export interface RetiredDevice {
  id: DeviceId;
  kind: string;
  jurisdiction: Jurisdiction;
  retiredAtMs: number;
}

/** Devices of an area that were retired at that moment or later. */
export async function retiredSince(database: Tables, scope: Scope, sinceMs: number): Promise<RetiredDevice[]> {
  const rows = database
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'kind', 'jurisdiction', sql<number>`retired_at_ms`.as('retiredAtMs')])
    .where(sql<boolean>`retired_at_ms >= ${sinceMs}::bigint`);
  return await withinJurisdiction(rows, 'jurisdiction', scope, 'police').execute();
}

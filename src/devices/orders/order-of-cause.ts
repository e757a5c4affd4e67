import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { orderOf, type WorkOrder } from './order.ts';
import { UNCLOSED } from './states.ts';
import type { OrderTables } from './tables.ts';

/** The order of a cause that is not closed, locked; null where there is none. */
export async function openOf(tx: Tables, device: DeviceId, cause: string): Promise<WorkOrder | null> {
  const rows = tx.tables<OrderTables>().selectFrom('work_order').selectAll().where('device', '=', device);
  const open = rows.where('cause', '=', cause).where('state', 'in', UNCLOSED).forUpdate();
  const found = await open.executeTakeFirst();
  return found ? orderOf(found) : null;
}

/** The newest order of a cause that was told of it since then, whatever became of it. */
export async function toldSince(
  tx: Tables,
  { device, cause, sinceMs }: { device: DeviceId; cause: string; sinceMs: number },
): Promise<WorkOrder | null> {
  const rows = tx.tables<OrderTables>().selectFrom('work_order').selectAll().where('device', '=', device);
  const told = rows.where('cause', '=', cause).where('last_ms', '>=', sinceMs).orderBy('last_ms', 'desc').limit(1);
  const found = await told.executeTakeFirst();
  return found ? orderOf(found) : null;
}

import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { WorkOrder } from './order.ts';
import { ORDER_STEPS } from './states.ts';
import type { OrderTables } from './tables.ts';

/** A step that does not fit the order as it is by now. Both states go with it: which one holds is for people to say. */
export class OrderConflict extends CitywatchError {
  /** The order as it was at the version that the caller named; null where it never had that one. */
  readonly seen: WorkOrder | null;
  readonly current: WorkOrder;

  constructor(detail: string, { seen, current }: { seen: WorkOrder | null; current: WorkOrder }) {
    super('conflict.state', { detail });
    this.seen = seen;
    this.current = current;
  }
}

/** That somebody changed the order since the caller read it: who, when and to what. */
export async function staleOrder(tx: Tables, current: WorkOrder, version: number): Promise<OrderConflict> {
  const steps = tx.tables<OrderTables>().selectFrom('work_order_step').where('order_number', '=', current.number);
  const seen = steps.select('after').where('version', '=', version).orderBy('seq', 'desc').limit(1);
  const last = steps.select(['by_name', 'at_ms']).where('version', '=', current.version).orderBy('seq').limit(1);
  const by = await last.executeTakeFirst();
  const since = by ? ` since ${toRfc3339(by.at_ms)} by ${by.by_name}` : '';
  const now = `version ${current.version}, ${current.state}${since}`;
  const detail = `${current.number} is not at version ${version}: it is at ${now}; read it again.`;
  return new OrderConflict(detail, { seen: (await seen.executeTakeFirst())?.after ?? null, current });
}

/** That the table of states does not have this step. */
export function notAStep(current: WorkOrder, to: string): OrderConflict {
  const next = Object.keys(ORDER_STEPS[current.state]);
  const may = next.length > 0 ? `it may become ${next.join(' or ')}` : 'nothing follows that';
  return new OrderConflict(`${current.number} is ${current.state}, and ${may}, not ${to}.`, { seen: current, current });
}

import type { Generated } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { WorkOrder, WorkOrderRow } from './order.ts';
import type { OrderState } from './states.ts';

/** What a step was. */
export type StepKind = 'opened' | 'came-again' | 'changed' | 'noted';

/** Tables of migration 0216; what each column means stands there. */
export interface OrderTables extends RegistryTables {
  work_order: WorkOrderRow;
  work_order_count: { year: number; last: number };
  work_order_step: {
    seq: Generated<number>;
    id: string;
    order_number: string;
    what: StepKind;
    at_ms: number;
    by_type: string;
    by_id: string;
    by_name: string;
    state: OrderState;
    version: number;
    note: string | null;
    request_hash: Buffer;
    after: WorkOrder;
  };
}

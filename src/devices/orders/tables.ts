import type { Generated } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { WorkOrder } from './order.ts';
import type { OrderState } from './states.ts';

/** What a step was. */
export type StepKind = 'opened' | 'came-again' | 'changed' | 'noted';

/** Tables of migration 0216; what each column means stands there. */
export interface OrderTables extends RegistryTables {
  work_order: {
    number: string;
    device: string;
    title: string;
    content: string | null;
    cause: string | null;
    state: OrderState;
    version: number;
    assignee: string | null;
    due_ms: number | null;
    opened_ms: number;
    opened_by: string;
    occurrences: number;
    last_ms: number;
    closed_ms: number | null;
    unit_before: string;
    unit_after: string | null;
  };
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

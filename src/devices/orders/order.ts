import type { Caller, DeviceId } from '../../core/types.ts';
import type { OrderState } from './states.ts';

/** A piece of work on a device. It is as it stands in answers that are kept, so fields are only ever added. */
export interface WorkOrder {
  /** `W-2026-17`. */
  number: string;
  device: DeviceId;
  title: string;
  text: string | null;
  cause: string | null;
  state: OrderState;
  version: number;
  assignee: string | null;
  dueMs: number | null;
  openedMs: number;
  openedBy: string;
  /** How often its cause came, and when last. */
  occurrences: number;
  lastMs: number;
  closedMs: number | null;
  /** Ids of what hung there when it was opened, and when it was done. */
  unitBefore: string;
  unitAfter: string | null;
}

/** A row of `work_order`; what each column means stands in migration 0216. */
export interface WorkOrderRow {
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
}

/** What an order that is somebody's names them by; once it was the name, which several people may have. */
export function namesOf({ username, name }: Caller): [own: string, ...others: string[]] {
  return username === undefined ? [name] : [username, name];
}

export function orderOf(row: WorkOrderRow): WorkOrder {
  const { number, device, title, content: text, cause, state, version, assignee, occurrences } = row;
  return {
    number,
    device,
    title,
    text,
    cause,
    state,
    version,
    assignee,
    occurrences,
    dueMs: row.due_ms,
    openedMs: row.opened_ms,
    openedBy: row.opened_by,
    lastMs: row.last_ms,
    closedMs: row.closed_ms,
    unitBefore: row.unit_before,
    unitAfter: row.unit_after,
  };
}

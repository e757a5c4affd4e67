import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import type { AlertRow, AlertTables } from '../desk/tables.ts';
import { deviceIn } from '../rules/conditions/subject.ts';

/** Why somebody is to go to a device. */
export interface AlertOccasion {
  device: DeviceId;
  /** `alert:` and the rule: while an order of it is open, the next alert of the rule is added to that one. */
  cause: string;
  title: string;
  text: string;
  /** When the alert was opened (Unix ms): an order that was told of it since then is told nothing more. */
  sinceMs: number;
}

/** Work orders, which another part keeps. */
export interface WorkOrdersPort {
  /** Errors: `not-found` and `conflict.state` for a device that is gone or retired. */
  openFor(occasion: AlertOccasion): Promise<unknown>;
}

export interface AlertOrdersDeps {
  database: Database<'alerts'>;
  clock: Clock;
  orders: WorkOrdersPort;
}

/** An alert that is held back is looked at again; what holds it back ends at some time, or the alert does. */
const AGAIN_MS = 60_000;
const TITLE_MAX = 128;

/**
 * Opens a work order for an alert whose rule asks for one. What is held back, as in a maintenance, waits; what is over
 * by then needs nobody.
 */
export class AlertOrders {
  readonly #deps: AlertOrdersDeps;

  constructor(deps: AlertOrdersDeps) {
    this.#deps = deps;
  }

  /** Handler of the queue `alert-orders`; the key is the alert's id. */
  async handle(id: string): Promise<WorkResult> {
    const { database, clock, orders } = this.#deps;
    const alerts = database.tables<AlertTables>().selectFrom('alert').selectAll().where('id', '=', id);
    const alert = await alerts.executeTakeFirst();
    const device = alert ? deviceIn(alert.device) : null;
    if (!alert || device === null || alert.visibility === 'test') return DONE;
    if (alert.visibility !== 'normal') {
      const isOver = alert.condition !== 'active' || alert.handling === 'closed';
      return isOver ? DONE : { again: { atMs: clock.nowMs() + AGAIN_MS } };
    }
    await orders.openFor(occasionOf(alert, device)).catch((error: unknown) => {
      const isGone = error instanceof CitywatchError && ['not-found', 'conflict.state'].includes(error.code);
      if (!isGone) throw error;
    });
    return DONE;
  }
}

function occasionOf({ id, rule, title, severity, committed_at_ms }: AlertRow, device: DeviceId): AlertOccasion {
  const words = `${title.zh} ${title.en}`;
  return {
    device,
    cause: `alert:${rule}`,
    title: words.length > TITLE_MAX ? `${words.slice(0, TITLE_MAX - 1)}…` : words,
    text: `${severity} alert ${id}`,
    sinceMs: committed_at_ms,
  };
}

import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import type { AlertRow, AlertTables } from '../desk/tables.ts';
import { deviceIn } from '../rules/conditions/subject.ts';
import { causeOf, type Faulty, type Tree } from './one-cause.ts';

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
  tree: Tree;
  /** Whether it is offline: that has an order of its own. */
  isDark(device: DeviceId): boolean;
}

/** An alert that is held back is looked at again; what holds it back ends at some time, or the alert does. */
const AGAIN_MS = 60_000;
/** What is over by then needs nobody; and what else has the same fault is known by then. */
const FAULT_LASTS_MS = 60_000;
/** Faults that began so far apart have nothing to do with each other. */
const TOGETHER_MS = 600_000;
/** Faults of one rule that are looked at for one cause. */
const FAULTS_MAX = 5_000;
const TITLE_MAX = 128;

/**
 * Opens a work order for an alert whose rule asks for one. What is held back, as in a maintenance, waits; what is over
 * by then needs nobody. A fault has lasted a while, and those of one cause get one order.
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
    if (!alert || device === null || alert.exercise || alert.visibility === 'test') return DONE;
    // A part of a storm is told of by another one; that its device is to be mended is as true.
    if (alert.visibility !== 'normal' && alert.storm === null) {
      const isOver = alert.condition !== 'active' || alert.handling === 'closed';
      return isOver ? DONE : { again: { atMs: clock.nowMs() + AGAIN_MS } };
    }
    const atMs = alert.class === 'incident' ? null : this.#waitsUntil(alert, device);
    if (atMs === 'over') return DONE;
    if (atMs !== null) return { again: { atMs } };
    const at = alert.class === 'incident' ? device : await this.#causeOf(alert, device);
    await orders.openFor(occasionOf(alert, at)).catch((error: unknown) => {
      const isGone = error instanceof CitywatchError && ['not-found', 'conflict.state'].includes(error.code);
      if (!isGone) throw error;
    });
    return DONE;
  }

  /** When a fault is looked at again; null where it has lasted long enough. */
  #waitsUntil(alert: AlertRow, device: DeviceId): number | 'over' | null {
    const { clock, isDark } = this.#deps;
    const nowMs = clock.nowMs();
    if (alert.handling === 'closed' || alert.condition === 'cleared' || alert.condition === 'stale') return 'over';
    const lastsMs = nowMs - alert.fired_at_ms;
    // After the clock was set back it is not known how long it has lasted.
    if (lastsMs < FAULT_LASTS_MS) return nowMs + Math.min(FAULT_LASTS_MS, FAULT_LASTS_MS - lastsMs);
    return isDark(device) ? nowMs + AGAIN_MS : null;
  }

  async #causeOf({ rule, jurisdiction, first_at_ms }: AlertRow, device: DeviceId): Promise<DeviceId> {
    const { database, tree } = this.#deps;
    const rows = await database
      .tables<AlertTables>()
      .selectFrom('alert')
      .select(['device', 'jurisdiction'])
      .where('rule', '=', rule)
      .where('handling', '!=', 'closed')
      .where('condition', 'in', ['active', 'recovering'])
      .where('first_at_ms', '>=', first_at_ms - TOGETHER_MS)
      .where('first_at_ms', '<=', first_at_ms + TOGETHER_MS)
      .orderBy('first_at_ms')
      .orderBy('id')
      .limit(FAULTS_MAX)
      .execute();
    const all = rows.flatMap((row): Faulty[] => (deviceIn(row.device) === null ? [] : [row]));
    return causeOf({ device, jurisdiction }, all, tree);
  }
}

function occasionOf({ id, rule, title, severity, fired_at_ms }: AlertRow, device: DeviceId): AlertOccasion {
  const words = `${title.zh} ${title.en}`;
  return {
    device,
    cause: `alert:${rule}`,
    title: words.length > TITLE_MAX ? `${words.slice(0, TITLE_MAX - 1)}…` : words,
    text: `${severity} alert ${id}`,
    sinceMs: fired_at_ms,
  };
}

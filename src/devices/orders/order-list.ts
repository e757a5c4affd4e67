import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { Hanging } from '../registry/tables.ts';
import { namesOf, orderOf, type WorkOrder } from './order.ts';
import { type OrderState, UNCLOSED } from './states.ts';
import type { OrderTables, StepKind } from './tables.ts';

export interface OrderListDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  clock: Clock;
  /** How long a closed order is kept, in days. */
  keepDays: number;
}

export interface OrderFilter {
  device?: DeviceId;
  state?: OrderState;
  /** Those that are neither verified nor cancelled. */
  unclosed?: boolean;
  assignee?: string;
  /** Those of whoever asks: that they took, or that were given to them, by user name or by name. */
  mine?: boolean;
  /** Unclosed, and their due date has passed. */
  overdue?: boolean;
  limit: number;
  after?: string;
}

/** What was done with an order. */
export interface OrderStep {
  /** The id that whoever asked for it chose. */
  id: string;
  what: StepKind;
  atMs: number;
  by: string;
  state: OrderState;
  version: number;
  note: string | null;
}

/** A unit that came to hang at the device while its order was under way. */
export interface OrderSwap {
  unit: string;
  serial: string | null;
  mac: string | null;
  how: Hanging;
  atMs: number;
  by: string | null;
}

export interface OrderDetail extends WorkOrder {
  /** Oldest first. */
  steps: OrderStep[];
  /** Oldest first. */
  swaps: OrderSwap[];
}

const SWAPS_MAX = 100;
const BATCH = 500;

/** Work orders as people see them: those of the devices that they may see. */
export class OrderList {
  readonly #deps: OrderListDeps;

  constructor(deps: OrderListDeps) {
    this.#deps = deps;
  }

  /** Newest first. */
  async list(caller: Caller, filter: OrderFilter): Promise<{ items: WorkOrder[]; next: string | null }> {
    const { device, state, assignee, mine, overdue, unclosed, limit, after } = filter;
    let query = orders(this.#deps.database, caller);
    if (device !== undefined) query = query.where('device', '=', device);
    if (state !== undefined) query = query.where('work_order.state', '=', state);
    if (unclosed || overdue) query = query.where('work_order.state', 'in', UNCLOSED);
    if (overdue) query = query.where('due_ms', '<', this.#deps.clock.nowMs());
    if (assignee !== undefined) query = query.where('assignee', '=', assignee);
    if (mine) query = query.where('assignee', 'in', namesOf(caller));
    const [openedMs, number = ''] = after?.split(' ') ?? [];
    if (openedMs !== undefined)
      query = query.where(sql<boolean>`(opened_ms, number) < (${openedMs}::bigint, ${number})`);
    const rows = await query
      .orderBy('opened_ms', 'desc')
      .orderBy('number', 'desc')
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit).map(orderOf);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last ? `${last.openedMs} ${last.number}` : null };
  }

  /** Errors: `not-found`, alike for what is foreign and what is absent. */
  async get(caller: Caller, number: string): Promise<OrderDetail> {
    const { database } = this.#deps;
    const row = await orders(database, caller).where('number', '=', number).executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    const order = orderOf(row);
    const db = database.tables<OrderTables>();
    const steps = db.selectFrom('work_order_step').selectAll().where('order_number', '=', number).orderBy('seq');
    const told = (await steps.execute()).map(({ id, what, at_ms: atMs, by_name: by, state, version, note }) => {
      return { id, what, atMs, by, state, version, note };
    });
    return { ...order, steps: told, swaps: await swapsDuring(database, order) };
  }

  /** Removes orders that were closed long enough before `nowMs`, with all that belongs to them. */
  async prune(nowMs: number): Promise<void> {
    const { database, ownership, keepDays } = this.#deps;
    const beforeMs = nowMs - keepDays * DAY_MS;
    await ownership.transaction(database, 'that old work orders are gone', async (tx) => {
      const db = tx.tables<OrderTables>();
      const old = db.selectFrom('work_order').select('number').where('closed_ms', '<', beforeMs).limit(BATCH);
      await db.deleteFrom('work_order').where('number', 'in', old).execute();
    });
  }
}

function orders(tables: Tables, caller: Caller) {
  const query = tables
    .tables<OrderTables>()
    .selectFrom('work_order')
    .innerJoin('position', 'position.id', 'device')
    .selectAll('work_order');
  return withinJurisdiction(query, 'position.jurisdiction', ownArea(caller), 'position.police');
}

async function swapsDuring(tables: Tables, { device, openedMs, closedMs }: WorkOrder): Promise<OrderSwap[]> {
  const stays = tables.tables<OrderTables>().selectFrom('assignment').innerJoin('unit', 'unit.id', 'unit_id');
  let during = stays.where('position_id', '=', device).where('from_ms', '>', openedMs);
  if (closedMs !== null) during = during.where('from_ms', '<=', closedMs);
  const rows = await during
    .select(['unit_id', 'serial', 'mac', 'how', 'from_ms', 'by_name'])
    .orderBy('from_ms')
    .limit(SWAPS_MAX)
    .execute();
  return rows.map(({ unit_id: unit, serial, mac, how, from_ms: atMs, by_name: by }) => {
    return { unit, serial, mac, how, atMs, by };
  });
}

import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { COUNTRY, type Jurisdiction, ownArea, type Scope } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, jsonb, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { SYSTEM } from '../cameras/setup.ts';
import { hangingAt } from '../units/places.ts';
import { notAStep, staleOrder } from './conflict.ts';
import type { OrderInput, OrderStepInput } from './input.ts';
import { namesOf, orderOf, type WorkOrder } from './order.ts';
import { openOf, toldSince } from './order-of-cause.ts';
import { answeredBefore, type ClientRequest, ownRequest, requestOf } from './request.ts';
import { AT_WORK, isUnclosed, ORDER_STEPS, type OrderRight } from './states.ts';
import type { OrderTables, StepKind } from './tables.ts';

export interface OrdersDeps {
  database: Database;
  clock: Clock;
  authority: { may(caller: Caller, right: OrderRight): boolean };
}

/** Why the gateway itself opens an order: a check that failed, a fault, an alert. */
export interface Occasion {
  device: DeviceId;
  /** Stable, such as `check:auth`: while an order of it is open, it is added to that one. */
  cause: string;
  title: string;
  text: string | null;
  /** When it began (Unix ms): an order that was told of it since then, closed or not, is told nothing more. */
  sinceMs?: number;
}

/** An order, and whether it was there already. */
export interface Opened {
  order: WorkOrder;
  added: boolean;
}

interface Opening extends Omit<OrderInput, 'id'> {
  request: ClientRequest;
  sinceMs?: number | undefined;
}

interface Step {
  request: ClientRequest;
  what: StepKind;
  note: string | null;
  jurisdiction: Jurisdiction;
  before: WorkOrder | null;
  atMs: number;
}

/** What a flapping fault may add to an order; further ones are counted. */
const TOLD_MAX = 100;
const STEPS_MAX = 1_000;

/**
 * Work on devices. Each step is one transaction with its audit row; a request that comes again changes nothing and is
 * answered the same; one that was made for another state than the present one is refused with both. Who may see the
 * device may see its orders.
 */
export class Orders {
  readonly #deps: OrdersDeps;

  constructor(deps: OrdersDeps) {
    this.#deps = deps;
  }

  /**
   * Errors: `not-found`, `conflict.state` for a retired device, `auth.forbidden` for who may not give work to others,
   * `idempotency.mismatch`.
   */
  async open(caller: Caller, { id, ...input }: OrderInput): Promise<Opened> {
    const isForOther = input.assignee !== null && !namesOf(caller).includes(input.assignee);
    if (isForOther && !this.#deps.authority.may(caller, 'orders.keep')) throw new CitywatchError('auth.forbidden');
    return this.#open({ ...input, request: requestOf(caller, id, input) });
  }

  /**
   * For what the gateway finds, by itself or for somebody who asked it to: opens an order of this cause, or adds to the
   * one that is open. One that was said to be done is opened again. Errors: as {@link open}.
   */
  openFor(occasion: Occasion, caller: Caller = SYSTEM): Promise<Opened> {
    const request = requestOf(caller, randomUUID(), occasion);
    return this.#open({ ...occasion, due: null, assignee: null, request });
  }

  /**
   * Errors: `not-found`, `auth.forbidden` for a step that is not this caller's to make, `idempotency.mismatch`, and
   * `conflict.state` as an {@link OrderConflict}, where the order is not as the caller saw it, or may not become that.
   */
  step(caller: Caller, number: string, { id, ...input }: OrderStepInput): Promise<WorkOrder> {
    const request = requestOf(caller, id, { number, ...input });
    return this.#deps.database.transaction(async (tx) => {
      const { order: before, jurisdiction } = await lockOrder(tx, ownArea(caller), number);
      const answered = await answeredBefore(tx, request);
      if (answered) return answered;
      await requireRoom(tx, number);
      const change = this.#change(caller, before, input);
      if (input.version !== undefined && input.version !== before.version) {
        throw await staleOrder(tx, before, input.version);
      }
      if (input.to !== undefined && !(input.to in ORDER_STEPS[before.state])) throw notAStep(before, input.to);
      const atMs = this.#deps.clock.nowMs();
      const isOnlyNote = Object.keys(change).length === 0;
      const unit = input.to === 'done' ? { unit_after: (await hangingAt(tx, before.device)).unitId } : {};
      const closed = input.to !== undefined && !isUnclosed(input.to) ? { closed_ms: atMs } : {};
      const raised = isOnlyNote ? {} : { version: before.version + 1, ...change, ...unit, ...closed };
      const order = isOnlyNote ? before : await update(tx, number, raised);
      const what = isOnlyNote ? 'noted' : 'changed';
      await this.#write(tx, order, { request, what, note: input.note ?? null, jurisdiction, before, atMs });
      return order;
    });
  }

  /**
   * The cause of an order is gone, since when is known: one that nobody has is cancelled, any other one says so, once
   * for each time that its cause came. Resolves with what became of it; null where there is none that is not closed.
   */
  causeGone({
    device,
    cause,
    sinceMs,
  }: {
    device: DeviceId;
    cause: string;
    sinceMs: number;
  }): Promise<WorkOrder | null> {
    return this.#deps.database.transaction(async (tx) => {
      const jurisdiction = await lockDevice(tx, COUNTRY, device);
      const before = await openOf(tx, device, cause);
      if (!before) return null;
      const request = ownRequest(`back ${before.number} ${before.occurrences}`);
      if (await answeredBefore(tx, request)) return before;
      await requireRoom(tx, before.number);
      const atMs = this.#deps.clock.nowMs();
      const isNobodys = before.state === 'open' && before.assignee === null;
      const closed = { state: 'cancelled', version: before.version + 1, closed_ms: atMs } as const;
      const order = isNobodys ? await update(tx, before.number, closed) : before;
      const what = isNobodys ? 'changed' : 'noted';
      const note = `设备已恢复 The device is back since ${toRfc3339(sinceMs)}`;
      await this.#write(tx, order, { request, what, note, jurisdiction, before, atMs });
      return order;
    });
  }

  /** Whether somebody may be working on it: then a check shows its picture. */
  async isOpen(number: string, device: DeviceId): Promise<boolean> {
    const orders = this.#deps.database.tables<OrderTables>().selectFrom('work_order').select('number');
    const found = orders.where('number', '=', number).where('device', '=', device).where('state', 'in', AT_WORK);
    return (await found.executeTakeFirst()) !== undefined;
  }

  /** Columns that the step changes. */
  #change(caller: Caller, before: WorkOrder, { to, assignee, due }: Omit<OrderStepInput, 'id'>) {
    const { authority } = this.#deps;
    const right = to === undefined ? undefined : ORDER_STEPS[before.state][to];
    const isKeepers = assignee !== undefined || due !== undefined;
    for (const needed of [right ?? 'orders.work', isKeepers ? 'orders.keep' : 'orders.work'] as const) {
      if (!authority.may(caller, needed)) throw new CitywatchError('auth.forbidden');
    }
    const [own] = namesOf(caller);
    const taken = to === 'taken' ? own : null;
    const whose = assignee !== undefined ? { assignee } : to === 'taken' || to === 'open' ? { assignee: taken } : {};
    return {
      ...(to === undefined ? {} : { state: to }),
      ...whose,
      ...(due === undefined ? {} : { due_ms: due }),
    };
  }

  #open({ request, device, cause, sinceMs, ...input }: Opening): Promise<Opened> {
    const { database, clock } = this.#deps;
    return database.transaction(async (tx) => {
      const jurisdiction = await lockDevice(tx, ownArea(request.caller), device);
      const answered = await answeredBefore(tx, request);
      if (answered) return { order: answered, added: answered.occurrences > 1 };
      const told = cause === null || sinceMs === undefined ? null : await toldSince(tx, { device, cause, sinceMs });
      if (told) return { order: told, added: true };
      const atMs = clock.nowMs();
      const known = cause === null ? null : await openOf(tx, device, cause);
      if (known) return { order: await this.#again(tx, known, { request, jurisdiction, atMs, input }), added: true };
      const { caller } = request;
      const row: OrderTables['work_order'] = {
        number: await nextNumber(tx, new Date(atMs).getUTCFullYear()),
        device,
        title: input.title,
        content: input.text,
        cause,
        state: 'open',
        version: 1,
        assignee: input.assignee,
        due_ms: input.due,
        opened_ms: atMs,
        opened_by: caller.name,
        occurrences: 1,
        last_ms: atMs,
        closed_ms: null,
        unit_before: (await hangingAt(tx, device)).unitId,
        unit_after: null,
      };
      await tx.tables<OrderTables>().insertInto('work_order').values(row).execute();
      const order = orderOf(row);
      await this.#write(tx, order, { request, what: 'opened', note: null, jurisdiction, before: null, atMs });
      return { order, added: false };
    });
  }

  /** Its cause came again while it is not closed: it is not done, whatever was said. */
  async #again(
    tx: Tables,
    before: WorkOrder,
    { input, ...step }: Pick<Step, 'request' | 'jurisdiction' | 'atMs'> & { input: Pick<OrderInput, 'title' | 'text'> },
  ): Promise<WorkOrder> {
    const reopened =
      before.state === 'done' ? ({ state: 'open', assignee: null, version: before.version + 1 } as const) : {};
    const change = { occurrences: before.occurrences + 1, last_ms: step.atMs, ...reopened };
    const order = await update(tx, before.number, change);
    const isTold = order.occurrences <= TOLD_MAX || order.version !== before.version || step.request.caller !== SYSTEM;
    const note = input.text ?? input.title;
    if (isTold) await this.#write(tx, order, { ...step, what: 'came-again', note, before });
    return order;
  }

  async #write(tx: Tables, order: WorkOrder, { request, what, note, jurisdiction, before, atMs }: Step): Promise<void> {
    const { caller, id, hash } = request;
    const row = {
      id,
      order_number: order.number,
      what,
      at_ms: atMs,
      by_type: caller.type,
      by_id: caller.id,
      by_name: caller.name,
      state: order.state,
      version: order.version,
      note,
      request_hash: hash,
      after: jsonb(order),
    };
    await tx.tables<OrderTables>().insertInto('work_order_step').values(row).execute();
    const subject = `order/${order.number}`;
    const after = { ...order, note };
    await recordAudit(tx, { caller, action: `order.${what}`, subject, jurisdiction, before, after, atMs });
  }
}

async function lockDevice(tx: Tables, scope: Scope, id: DeviceId): Promise<Jurisdiction> {
  const rows = tx.tables<OrderTables>().selectFrom('position').select(['jurisdiction', 'state']).where('id', '=', id);
  const found = await withinJurisdiction(rows.forUpdate(), 'jurisdiction', scope, 'police').executeTakeFirst();
  if (!found) throw new CitywatchError('not-found');
  if (found.state === 'retired') throw new CitywatchError('conflict.state', { detail: 'The device is retired.' });
  return found.jurisdiction;
}

/** Locks an order. Errors: `not-found`, also for one of a device beyond `scope`. */
async function lockOrder(
  tx: Tables,
  scope: Scope,
  number: string,
): Promise<{ order: WorkOrder; jurisdiction: Jurisdiction }> {
  const rows = tx
    .tables<OrderTables>()
    .selectFrom('work_order')
    .innerJoin('position', 'position.id', 'device')
    .selectAll('work_order')
    .select('position.jurisdiction')
    .where('number', '=', number)
    .forUpdate('work_order');
  const found = await withinJurisdiction(rows, 'position.jurisdiction', scope, 'position.police').executeTakeFirst();
  if (!found) throw new CitywatchError('not-found');
  return { order: orderOf(found), jurisdiction: found.jurisdiction };
}

type Change = Partial<Omit<OrderTables['work_order'], 'number'>>;

async function update(tx: Tables, number: string, change: Change): Promise<WorkOrder> {
  const rows = tx.tables<OrderTables>().updateTable('work_order').set(change).where('number', '=', number);
  return orderOf(await rows.returningAll().executeTakeFirstOrThrow());
}

async function nextNumber(tx: Tables, year: number): Promise<string> {
  const { rows } = await sql<{ last: number }>`
    insert into work_order_count (year, last) values (${year}, 1)
    on conflict (year) do update set last = work_order_count.last + 1 returning last`.execute(tx.tables());
  return `W-${year}-${rows[0]!.last}`;
}

async function requireRoom(tx: Tables, number: string): Promise<void> {
  const steps = tx.tables<OrderTables>().selectFrom('work_order_step').where('order_number', '=', number);
  const { count } = await steps.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  if (Number(count) < STEPS_MAX) return;
  const detail = `An order has at most ${STEPS_MAX} steps and notes; close it and open another.`;
  throw new CitywatchError('conflict.state', { detail });
}

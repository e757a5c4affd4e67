import { randomUUID } from 'node:crypto';
import { systemCaller } from '../../core/callers/system-caller.ts';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, ownArea } from '../../core/jurisdiction.ts';
import { maskPlatesSaid } from '../../core/plates.ts';
import type { Caller } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { DONE, enqueueWork, type WorkResult } from '../../platform/work/work.ts';
import { requireUuid } from '../desk/queries.ts';
import { WATCHLIST_ENDS_QUEUE } from '../desk/queues.ts';
import { addEntries } from './entries.ts';
import type { WatchedPlates } from './matching/watched-plates.ts';
import { type Act, endsAtMs, newOrder, type Order, type Person, step } from './order.ts';
import {
  columnsOf,
  type EntryInput,
  orderOf,
  type Particulars,
  type WatchlistRow,
  type WatchlistTables,
} from './tables.ts';
import { showWatchlist, visibleTo, type WatchlistView } from './view.ts';

export interface WatchlistInput {
  name: string;
  jurisdiction: string;
  reason: string;
  case: string;
  entries: readonly EntryInput[];
  /** Without it the list is an emergency until the last of its plates ends. */
  order?: OrderInput;
}

export interface OrderInput extends Particulars {
  /** In force at once, before anybody has approved it. */
  emergency: boolean;
  /** Of a covert order: ids of those who may know of it, beside who makes it. */
  named: readonly string[];
  fromMs: number | null;
  untilMs: number;
}

export interface WatchlistDeps {
  database: Database;
  clock: Clock;
  /** Key of the plate hashes, 32 bytes. */
  key: Buffer;
  /** What matches by them: told of every change. */
  plates: Pick<WatchedPlates, 'load'>;
  /** Those of `ids` behind whom the same person stands as behind `id`. */
  samePersonAmong(tables: Tables, id: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** A control order is for a case, not for good. */
const ORDER_DAYS_MAX = 366;

/** Notes that time has passed. */
const SYSTEM: Caller = systemCaller({ id: 'citywatch', name: 'citywatch', role: 'admin' });

/** Control orders (布控): who asks for which plates, who approves, and how it ends. Each step leaves an audit row. */
export class Watchlists {
  readonly #deps: WatchlistDeps;

  constructor(deps: WatchlistDeps) {
    this.#deps = deps;
  }

  /**
   * Makes a draft, or an emergency that is in force at once. Errors: `request.invalid` for an area that is not the
   * caller's, for an end in the past or beyond a year, and for what is no whole plate.
   */
  async create(caller: Caller, input: WatchlistInput): Promise<{ id: string; entries: number }> {
    const { database, clock, plates } = this.#deps;
    const { jurisdiction, entries } = input;
    // Every reader of an alert is told its name.
    const [name, reason] = [maskPlatesSaid(input.name), maskPlatesSaid(input.reason)];
    if (!covers(ownArea(caller), jurisdiction)) {
      throw invalid('jurisdiction', `lies outside your jurisdiction ${caller.jurisdiction}`);
    }
    const nowMs = clock.nowMs();
    const given = orderGiven(input, nowMs);
    const id = randomUUID();
    const order = newOrder(personOf(caller), given, nowMs);
    const row = {
      id,
      name,
      jurisdiction,
      reason,
      case_number: input.case,
      created_by: caller.name,
      created_at_ms: nowMs,
      named: given.named && [...new Set([caller.id, ...given.named])],
      particulars: given.particulars && JSON.stringify(given.particulars),
      ...columnsOf(order),
    };
    const count = await database.transaction(async (tx) => {
      await tx.tables<WatchlistTables>().insertInto('watchlist').values(row).execute();
      const added = await addEntries(tx, { list: id, key: this.#deps.key, nowMs }, entries);
      if (added.refused[0])
        throw invalid(`entries.${added.refused[0].index}.${added.refused[0].field}`, added.refused[0].why);
      const after = { name, reason, case: input.case, entries: added.added };
      await this.#audit(tx, {
        caller,
        action: 'create',
        row: { id, jurisdiction, named: row.named },
        after,
        atMs: nowMs,
      });
      await this.#noteEnd(tx, id, order);
      return added.added;
    });
    await plates.load();
    return { id, entries: count };
  }

  /**
   * Takes a step of an order that the caller may see. Errors: `not-found`; `conflict.state` where it stands elsewhere;
   * `auth.forbidden` for who would be the second person to themselves; `request.invalid`.
   */
  async step(caller: Caller, id: string, asked: StepInput): Promise<WatchlistView> {
    const { database, clock, plates } = this.#deps;
    const act = 'reason' in asked ? { ...asked, reason: maskPlatesSaid(asked.reason) } : asked;
    if (act.type === 'ask-renewal' && act.untilMs > clock.nowMs() + ORDER_DAYS_MAX * DAY_MS) throw beyondYear('until');
    const shown = await database.transaction(async (tx) => {
      const row = await this.#locked(tx, caller, id);
      return await this.#take(tx, { caller, row, act: await this.#actOf(tx, caller, row, act) });
    });
    await plates.load();
    return shown;
  }

  async #actOf(tx: Tables, caller: Caller, row: WatchlistRow, input: StepInput): Promise<Act> {
    const by = personOf(caller);
    if (input.type !== 'approve' && input.type !== 'reject') return { ...input, by };
    const { requestedBy, asked } = orderOf(row);
    const askers = [requestedBy, asked?.by].flatMap((one) => one?.id ?? []);
    return { ...input, by, alsoIs: await this.#deps.samePersonAmong(tx, by.id, askers) };
  }

  /** Ends an order that no second person has approved. Errors: as {@link step}; `precondition.stale`. */
  async remove(caller: Caller, id: string, version: number): Promise<void> {
    const { database, plates } = this.#deps;
    await database.transaction(async (tx) => {
      const row = await this.#locked(tx, caller, id);
      if (row.version !== version) throw new CitywatchError('precondition.stale');
      await this.#take(tx, { caller, row, act: { type: 'withdraw', by: personOf(caller) } });
    });
    await plates.load();
  }

  /** Handler of the queue of ends; the key is the id of a list. What was renewed meanwhile is looked at again. */
  async handleEnd(id: string): Promise<WorkResult> {
    const { database, clock, plates } = this.#deps;
    const next = await database.transaction(async (tx) => {
      const all = tx.tables<WatchlistTables>().selectFrom('watchlist').selectAll().where('id', '=', id).forUpdate();
      const row = await all.executeTakeFirst();
      if (!row || orderOf(row).ended !== null) return null;
      const order = orderOf(row);
      if (clock.nowMs() < endsAtMs(order)) return endsAtMs(order);
      await this.#take(tx, { caller: SYSTEM, row, act: { type: 'time' } });
      return null;
    });
    if (next !== null) return { again: { atMs: next } };
    await plates.load();
    return DONE;
  }

  async #take(
    tx: Tables,
    { caller, row, act }: { caller: Caller; row: WatchlistRow; act: Act },
  ): Promise<WatchlistView> {
    const nowMs = this.#deps.clock.nowMs();
    const taken = step(orderOf(row), act, nowMs);
    if (taken === null) return showWatchlist(row, { caller, nowMs });
    if ('refused' in taken) throw refusal(taken);
    const { order, action } = taken;
    const written = { ...columnsOf(order), version: row.version + 1 };
    await tx.tables<WatchlistTables>().updateTable('watchlist').set(written).where('id', '=', row.id).execute();
    const { asked, ended } = order;
    const why = asked?.reason ?? ended?.reason ?? null;
    const after = { state: order.state, until: order.untilMs, asked: asked?.what ?? null, why };
    await this.#audit(tx, { caller, action, row, before: { state: row.state }, after, atMs: nowMs });
    if (ended === null) await this.#noteEnd(tx, row.id, order);
    return showWatchlist({ ...row, ...written, life: order }, { caller, nowMs });
  }

  async #locked(tx: Tables, caller: Caller, id: string): Promise<WatchlistRow> {
    const all = tx.tables<WatchlistTables>().selectFrom('watchlist').selectAll().where('id', '=', requireUuid(id));
    const row = await visibleTo(caller, all).forUpdate().executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return row;
  }

  async #noteEnd(tx: Tables, id: string, order: Order): Promise<void> {
    if (order.state === 'draft') return;
    const dueAtMs = endsAtMs(order);
    await enqueueWork(tx, this.#deps.clock, [{ queue: WATCHLIST_ENDS_QUEUE, key: id, dueAtMs }]);
  }

  /** Of a covert order the trail says what was done by whom, and not what it is about. */
  #audit(tx: Tables, { caller, action, row, before, after, atMs }: ToAudit): Promise<void> {
    const isCovert = row.named !== null;
    return recordAudit(tx, {
      caller,
      action: `watchlist.${action}`,
      subject: `watchlist/${row.id}`,
      jurisdiction: row.jurisdiction,
      before,
      after: isCovert ? { covert: true } : after,
      atMs,
    });
  }
}

interface ToAudit {
  caller: Caller;
  action: string;
  row: Pick<WatchlistRow, 'id' | 'jurisdiction' | 'named'>;
  before?: object;
  after: object;
  atMs: number;
}

/** A step as somebody asks for it. */
export type StepInput =
  | { type: 'request' }
  | { type: 'approve' }
  | { type: 'reject'; reason: string }
  | { type: 'ask-renewal'; untilMs: number; reason: string }
  | { type: 'ask-revocation'; reason: string };

interface Given {
  fromMs: number | null;
  untilMs: number;
  emergency: boolean;
  named: readonly string[] | null;
  particulars: Particulars | null;
}

function orderGiven({ order, entries }: WatchlistInput, nowMs: number): Given {
  if (!order) {
    const untilMs = Math.max(...entries.map(({ validUntilMs }) => validUntilMs ?? 0));
    return { fromMs: null, untilMs, emergency: true, named: null, particulars: null };
  }
  const { emergency, named, fromMs, untilMs, ...particulars } = order;
  if (untilMs <= nowMs) throw invalid('order.until', 'must lie in the future');
  if (untilMs > nowMs + ORDER_DAYS_MAX * DAY_MS) throw beyondYear('order.until');
  if (fromMs !== null && fromMs >= untilMs) throw invalid('order.from', 'must be earlier than until');
  const isCovert = order.handling === 'covert';
  if (!isCovert && named.length > 0) throw invalid('order.named', 'is for covert orders: leave it out');
  return { fromMs, untilMs, emergency, named: isCovert ? named : null, particulars };
}

function personOf({ id, name }: Caller): Person {
  return { id, name };
}

function beyondYear(path: string): CitywatchError {
  return invalid(path, `must lie within the next ${ORDER_DAYS_MAX} days: an order that is needed longer is renewed`);
}

function refusal({ refused, why }: { refused: 'state' | 'same-person' | 'until'; why: string }): CitywatchError {
  if (refused === 'until') return invalid('until', why);
  return new CitywatchError(refused === 'state' ? 'conflict.state' : 'auth.forbidden', { detail: why });
}

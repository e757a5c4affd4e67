import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../platform/database/database.ts';
import { requireUuid } from '../desk/queries.ts';
import { type HitsPage, hitsOfList, type ListedHit } from './hits/hits-of-list.ts';
import { awaitsApproval, type Order, orderIsOver, type Person } from './order.ts';
import { orderOf, type WatchlistRow, type WatchlistTables } from './tables.ts';

/** A control order as those see it who may know of it: without its plates. */
export function showWatchlist(row: WatchlistRow, { caller, nowMs }: { caller: Pick<Caller, 'id'>; nowMs: number }) {
  const { requestedBy, requestedAtMs, approvedBy, approvedAtMs, approveByMs, fromMs, untilMs, asked, ended, ...order } =
    orderOf(row);
  return {
    id: row.id,
    name: row.name,
    jurisdiction: row.jurisdiction,
    reason: row.reason,
    case: row.case_number,
    createdBy: row.created_by,
    createdAt: toRfc3339(row.created_at_ms),
    state: order.state === 'active' && (fromMs ?? 0) > nowMs ? ('approved' as const) : order.state,
    inForce: !orderIsOver(orderOf(row), nowMs) && (fromMs ?? 0) <= nowMs,
    emergency: order.emergency,
    entries: row.entries,
    from: momentOf(fromMs),
    until: toRfc3339(untilMs),
    approveBy: momentOf(approveByMs),
    order: row.particulars,
    named: row.named,
    requestedBy: requestedBy?.name ?? null,
    requestedAt: momentOf(requestedAtMs),
    approvedBy: approvedBy?.name ?? null,
    approvedAt: momentOf(approvedAtMs),
    byYou: waitsBy(orderOf(row))?.id === caller.id,
    asked: asked && {
      what: asked.what,
      by: asked.by.name,
      at: toRfc3339(asked.atMs),
      reason: asked.reason,
      until: asked.what === 'renewal' ? toRfc3339(asked.untilMs) : null,
    },
    ended: ended && { by: ended.by?.name ?? null, at: toRfc3339(ended.atMs), reason: ended.reason },
    version: row.version,
  };
}

export type WatchlistView = ReturnType<typeof showWatchlist>;

/** Who asked for what waits for a second person; null where nothing does. */
function waitsBy(order: Order): Person | null {
  return awaitsApproval(order) ? order.requestedBy : (order.asked?.by ?? null);
}

function momentOf(atMs: number | null): string | null {
  return atMs === null ? null : toRfc3339(atMs);
}

/** Of these lists those of the caller's own area, and of covert ones those that name the caller. */
export function visibleTo<Query extends Parameters<typeof withinJurisdiction>[0]>(caller: Caller, query: Query): Query {
  const within = withinJurisdiction(query, 'jurisdiction', ownArea(caller));
  return within.where(sql<boolean>`(named is null or ${caller.id} = any (named))`) as Query;
}

/** A plate of a list, masked: what is stored tells no more. */
export interface EntryView {
  id: string;
  plate: string;
  colour: string | null;
  reason: string;
  validUntil: string | null;
}

export interface WatchlistPage {
  limit: number;
  /** Where the page before ended. */
  after?: string;
}

/** Reads of control orders. */
export class WatchlistQueries {
  readonly #database: Database;
  readonly #nowMs: () => number;

  constructor(database: Database, nowMs: () => number) {
    this.#database = database;
    this.#nowMs = nowMs;
  }

  /** In the order in which they were made: those that have not ended, or all. */
  async list(caller: Caller, { ended = false } = {}): Promise<WatchlistView[]> {
    const all = this.#lists().selectAll().orderBy('created_at_ms').orderBy('id');
    const asked = ended ? all : all.where('removed_at_ms', 'is', null);
    const nowMs = this.#nowMs();
    return (await visibleTo(caller, asked).execute()).map((row) => showWatchlist(row, { caller, nowMs }));
  }

  async get(caller: Caller, id: string): Promise<WatchlistView> {
    return showWatchlist(await this.#row(caller, id), { caller, nowMs: this.#nowMs() });
  }

  /** A page of its plates, by id. */
  async entries(caller: Caller, id: string, { limit, after }: WatchlistPage) {
    const { id: list } = await this.#row(caller, id);
    const all = this.#database.tables<WatchlistTables>().selectFrom('watchlist_entry').selectAll();
    const ofList = all.where('watchlist_id', '=', list).where('removed_at_ms', 'is', null);
    const paged = after === undefined ? ofList : ofList.where(sql<boolean>`(plate_hash, id) > ${placeOf(after)}`);
    const rows = await paged
      .orderBy('plate_hash')
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const items = page.map(
      (row): EntryView => ({
        id: row.id,
        plate: row.plate_masked,
        colour: row.colour,
        reason: row.reason,
        validUntil: momentOf(row.valid_until_ms),
      }),
    );
    return { items, next: last ? `${last.plate_hash}/${last.id}` : null };
  }

  /** A page of hits on its plates that the caller may see, the newest first. Errors: `not-found`, `request.cursor`. */
  async hits(caller: Caller, id: string, page: HitsPage): Promise<{ items: ListedHit[]; next: string | null }> {
    const { id: list } = await this.#row(caller, id);
    return await hitsOfList(this.#database, caller, { list, ...page });
  }

  async #row(caller: Caller, id: string): Promise<WatchlistRow> {
    const row = await visibleTo(caller, this.#lists().selectAll().where('id', '=', requireUuid(id))).executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return row;
  }

  #lists() {
    return this.#database.tables<WatchlistTables>().selectFrom('watchlist');
  }
}

function placeOf(text: string) {
  const [, hash, id] = /^([0-9a-f]{64})\/([0-9a-f-]{36})$/.exec(text) ?? [];
  if (hash === undefined || id === undefined) throw new CitywatchError('request.cursor');
  return sql`(${hash}::text, ${id}::uuid)`;
}

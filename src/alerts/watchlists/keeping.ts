import { createHash } from 'node:crypto';
import { systemCaller } from '../../core/callers/system-caller.ts';
import { DAY_MS, toRfc3339 } from '../../core/clock.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, type RawBuilder, type Selectable, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { WatchlistTables } from './tables.ts';

export interface WatchlistKeepingDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  /** How long orders, their plates and permits are kept after their end, in days. */
  keepDays: number;
}

type Entry = Selectable<WatchlistTables['watchlist_entry']>;

/** Plates of one transaction; a list may have a million. */
const ENTRIES_AT_ONCE = 10_000;
const LISTS_AT_ONCE = 200;
const PERMITS_AT_ONCE = 200;
/** Transactions of one call: a stop waits for them. */
const BATCHES_MAX = 25;

const ITSELF: Caller = systemCaller({ id: 'watchlists', name: 'housekeeping', role: 'administrator' });

/**
 * Removes control orders that ended long ago, with their plates, plates of other lists that did, and permits to see
 * plates whole. What goes is in the audit trail: how many, and a hash of it. A plate stays as long as an alert that
 * names it, and a list as long as one of its plates.
 */
export class WatchlistKeeping {
  readonly #deps: WatchlistKeepingDeps;

  constructor(deps: WatchlistKeepingDeps) {
    this.#deps = deps;
  }

  /** What goes is gone, so `nowMs` is the time that is believed (`core/mechanisms/believed-time.ts`). */
  async prune(nowMs: number): Promise<void> {
    const keptFromMs = Math.floor(nowMs - this.#deps.keepDays * DAY_MS);
    await this.#rounds(ENTRIES_AT_ONCE, (tx) => entriesGo(tx, ofOverLists(keptFromMs), { keptFromMs, nowMs }));
    await this.#rounds(ENTRIES_AT_ONCE, (tx) => entriesGo(tx, ofOverPlates(keptFromMs), { keptFromMs, nowMs }));
    await this.#rounds(LISTS_AT_ONCE, (tx) => listsGo(tx, { keptFromMs, nowMs }));
    await this.#rounds(PERMITS_AT_ONCE, (tx) => permitsGo(tx, { keptFromMs, nowMs }));
  }

  async #rounds(most: number, some: (tx: Tables) => Promise<number>): Promise<void> {
    const { database, ownership } = this.#deps;
    for (let round = 0; round < BATCHES_MAX; round += 1) {
      if ((await ownership.transaction(database, 'that old watchlists are gone', some)) < most) return;
    }
  }
}

interface Times {
  keptFromMs: number;
  nowMs: number;
}

/** Plates of lists that ended before. */
function ofOverLists(keptFromMs: number): RawBuilder<boolean> {
  return sql<boolean>`entry.watchlist_id in (
    select id from watchlist where least(removed_at_ms, until_ms) < ${keptFromMs})`;
}

/** Plates whose own time ended before; the index `watchlist_entry_over` finds them among those in force. */
function ofOverPlates(keptFromMs: number): RawBuilder<boolean> {
  return sql<boolean>`least(entry.removed_at_ms, entry.valid_until_ms) < ${keptFromMs}`;
}

/** Some plates that no alert names; resolves with how many went. */
async function entriesGo(tx: Tables, which: RawBuilder<boolean>, { keptFromMs, nowMs }: Times): Promise<number> {
  const { rows } = await sql<Entry & { jurisdiction: string }>`
    with gone as (
      select entry.*, list.jurisdiction from watchlist_entry entry join watchlist list on list.id = entry.watchlist_id
      where ${which}
        and not exists (select from alert where alert.data ? 'wanted_plate' and alert.data ->> 'entry' = entry.id::text)
        and not exists (
          select from alert where alert.data ? 'also_entries' and alert.data -> 'also_entries' ? entry.id::text)
      limit ${ENTRIES_AT_ONCE} for update of entry
    ), deleted as (delete from watchlist_entry using gone where watchlist_entry.id = gone.id),
    counted as (
      update watchlist set entries = entries - lost.n
      from (select watchlist_id, count(*)::integer as n from gone where removed_at_ms is null group by 1) lost
      where watchlist.id = lost.watchlist_id
    )
    select * from gone order by watchlist_id, id`.execute(tx.tables());
  const lists = new Map<string, typeof rows>();
  for (const row of rows) lists.set(row.watchlist_id, [...(lists.get(row.watchlist_id) ?? []), row]);
  for (const [list, entries] of lists) {
    await recordAudit(tx, {
      caller: ITSELF,
      action: 'watchlist.prune-plates',
      subject: `watchlist/${list}`,
      jurisdiction: entries[0]!.jurisdiction,
      after: {
        keptFrom: toRfc3339(keptFromMs),
        plates: entries.length,
        sha256: hashOf(
          entries.map((one) => [one.id, one.plate_hash, one.colour, one.valid_until_ms, one.removed_at_ms]),
        ),
      },
      atMs: nowMs,
    });
  }
  return rows.length;
}

/** Orders that ended before and have no plates left. */
async function listsGo(tx: Tables, { keptFromMs, nowMs }: Times): Promise<number> {
  const { rows } = await sql<Selectable<WatchlistTables['watchlist']>>`
    with gone as (
      select list.* from watchlist list where least(list.removed_at_ms, list.until_ms) < ${keptFromMs}
        and not exists (select from watchlist_entry entry where entry.watchlist_id = list.id)
      order by list.id limit ${LISTS_AT_ONCE} for update of list
    ), deleted as (delete from watchlist using gone where watchlist.id = gone.id)
    select * from gone order by id`.execute(tx.tables());
  for (const { id, jurisdiction, state, created_at_ms, until_ms, removed_at_ms, version } of rows) {
    await recordAudit(tx, {
      caller: ITSELF,
      action: 'watchlist.prune',
      subject: `watchlist/${id}`,
      jurisdiction,
      after: {
        keptFrom: toRfc3339(keptFromMs),
        state,
        sha256: hashOf([[id, state, jurisdiction, created_at_ms, until_ms, removed_at_ms, version]]),
      },
      atMs: nowMs,
    });
  }
  return rows.length;
}

/** Permits that ended before, of whichever holder. */
async function permitsGo(tx: Tables, { keptFromMs, nowMs }: Times): Promise<number> {
  const { rows } = await sql<Selectable<WatchlistTables['plate_permit']>>`
    with gone as (
      select * from plate_permit where least(ended_at_ms, until_ms) < ${keptFromMs}
      order by id limit ${PERMITS_AT_ONCE} for update
    ), deleted as (delete from plate_permit using gone where plate_permit.id = gone.id)
    select * from gone order by id`.execute(tx.tables());
  for (const { id, jurisdiction, holder_type, holder_id, case_number, given_at_ms, until_ms, ended_at_ms } of rows) {
    await recordAudit(tx, {
      caller: ITSELF,
      action: 'plate-permit.prune',
      subject: `plate-permit/${id}`,
      jurisdiction,
      after: {
        keptFrom: toRfc3339(keptFromMs),
        sha256: hashOf([[id, holder_type, holder_id, jurisdiction, case_number, given_at_ms, until_ms, ended_at_ms]]),
      },
      atMs: nowMs,
    });
  }
  return rows.length;
}

/** SHA-256, in hex, of rows that go: a line of JSON for each. */
function hashOf(rows: readonly (readonly unknown[])[]): string {
  const all = createHash('sha256');
  for (const row of rows) all.update(`${JSON.stringify(row)}\n`);
  return all.digest('hex');
}

import { DAY_MS } from '../../../core/clock.ts';
import { type Database, type RawBuilder, sql } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import { dayNumber } from '../recorded-days.ts';

export interface RecordPruningDeps {
  database: Database;
  ownership: Pick<Ownership, 'write'>;
}

/** How long records of recordings are kept, days. */
const RECORDS_KEPT = {
  /** Holes, and how much was recorded on a day: as counts of traffic. */
  days: 400,
  /** Proofs of removal, and pins that ended: as the registers. */
  proofs: 1_096,
  /** Lists of removed files: most of what a proof takes, and its hash stays. */
  lists: 90,
} as const;

const AT_ONCE = 5_000;
/** Batches of one table in one chore; the next chore goes on. */
const BATCHES_MAX = 40;

/** Rows of one table that are past their time. */
interface Old {
  what: 'holes' | 'days' | 'pins' | 'removals';
  beforeMs: number;
  atMs: number;
  /** Deletes some of them and returns them whole. */
  gone: RawBuilder<unknown>;
}

/**
 * Removes what is old of the records of recordings. How many rows went, and the hash of them all, stays in one row for
 * each table, so that who has them can show that they are those.
 */
export class RecordPruning {
  readonly #deps: RecordPruningDeps;

  constructor(deps: RecordPruningDeps) {
    this.#deps = deps;
  }

  /** `nowMs` is the time that is believed, as what goes is gone. */
  async prune(nowMs: number): Promise<void> {
    const atMs = Math.floor(nowMs);
    const daysMs = Math.floor(nowMs - RECORDS_KEPT.days * DAY_MS);
    const proofsMs = Math.floor(nowMs - RECORDS_KEPT.proofs * DAY_MS);
    await this.#all({
      what: 'holes',
      beforeMs: daysMs,
      atMs,
      gone: some('recording_gap', sql`to_ms < ${daysMs}::bigint`),
    });
    // A day of which files are left is counted on.
    const isOver = sql`day < ${dayNumber(daysMs)}::int and kept_ms = 0`;
    await this.#all({ what: 'days', beforeMs: daysMs, atMs, gone: some('recording_day', isOver) });
    const hasEnded = sql`until_ms < ${proofsMs}::bigint`;
    await this.#all({ what: 'pins', beforeMs: proofsMs, atMs, gone: some('recording_pin', hasEnded) });
    // The last one stays: the next goes on from it.
    const isBefore = sql`at_ms < ${proofsMs}::bigint and number < (select max(number) from recording_removal)`;
    await this.#all({ what: 'removals', beforeMs: proofsMs, atMs, gone: someRemovals(isBefore) });
    await this.#dropLists(Math.floor(nowMs - RECORDS_KEPT.lists * DAY_MS));
  }

  async #all(old: Old): Promise<void> {
    for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
      const [pruned] = await this.#some(old);
      if (!pruned || pruned.count < AT_ONCE) return;
    }
  }

  #some({ what, beforeMs, atMs, gone }: Old): Promise<{ count: number }[]> {
    const { database, ownership } = this.#deps;
    const isRemovals = what === 'removals';
    const last = isRemovals ? sql`(array_agg(number order by number desc))[1]` : sql`null::bigint`;
    const lastHash = isRemovals ? sql`(array_agg(hash order by number desc))[1]` : sql`null::bytea`;
    const counted = sql`
      select count(*) as count, string_agg(gone::text, E'\n' order by gone::text collate "C") as list,
        ${last} as last_number, ${lastHash} as last_hash from gone`;
    const body = sql`
      insert into recording_pruned as stood (what, rows, before_ms, at_ms, hash, last_number, last_hash)
      select ${what}, count, ${beforeMs}::bigint, ${atMs}::bigint,
        sha256(coalesce((select hash from recording_pruned where what = ${what}), '') || convert_to(list, 'UTF8')),
        last_number, last_hash
      from counted where count > 0
      on conflict (what) do update set rows = stood.rows + excluded.rows, before_ms = excluded.before_ms,
        at_ms = excluded.at_ms, hash = excluded.hash, last_number = excluded.last_number,
        last_hash = excluded.last_hash
      returning (select count from counted)::int as count`;
    const along = [
      { name: 'gone', body: gone },
      { name: 'counted', body: counted },
    ];
    return ownership.write<{ count: number }>(database, { what: 'old records of recordings', along, body });
  }

  async #dropLists(beforeMs: number): Promise<void> {
    const { database, ownership } = this.#deps;
    const body = sql`
      delete from recording_removal_list using owner where number in (
        select number from recording_removal_list join recording_removal using (number)
        where at_ms < ${beforeMs}::bigint order by number limit ${AT_ONCE})
      returning number`;
    await ownership.write(database, { what: 'old lists of removed recordings', body });
  }
}

function some(table: 'recording_gap' | 'recording_day' | 'recording_pin', isOld: RawBuilder<unknown>) {
  return sql`
    delete from ${sql.table(table)} using owner where ${sql.table(table)}.ctid = any (array(
      select ctid from ${sql.table(table)} where ${isOld} limit ${AT_ONCE}))
    returning ${sql.table(table)}.*`;
}

/** From the beginning of the chain. */
function someRemovals(isOld: RawBuilder<unknown>) {
  return sql`
    delete from recording_removal using owner where number = any (array(
      select number from recording_removal where ${isOld} order by number limit ${AT_ONCE}))
    returning recording_removal.*`;
}

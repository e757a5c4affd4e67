import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { type DeadLetterGroup, type GroupKey, idsOfGroup, listGroups } from './dead-letter-groups.ts';
import type { DeadLetterReplay } from './dead-letter-replay.ts';
import { type DeadLetter, type DeadLetterPlace, fromRow } from './dead-letter-row.ts';
import type { DeadLetterRow, IngestTables } from './tables.ts';

export interface DeadLetterFilter {
  limit: number;
  /** Where the page before ended. */
  after?: string;
  device?: string;
  kind?: string;
  reason?: string;
  /** Null for devices that have not said theirs. */
  firmware?: string | null;
  /** Whether it was replayed. */
  replayed?: boolean;
}

/** What became of a wish to replay. */
export interface Replayed {
  replayed: string[];
  skipped: { id: string; reason: string }[];
}

export interface ReplayedPage extends Replayed {
  /** Where to go on; null at the end of the group. */
  next: string | null;
}

export interface DeadLettersDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  replay: Pick<DeadLetterReplay, 'ask'>;
  clock: Clock;
}

/** Dead letters are kept this long and up to this many; the ledger keeps counting those that are gone. */
const KEEP_MS = 30 * DAY_MS;
const KEEP_ROWS = 1_000_000;
const PRUNE_ROWS = 10_000;

/** What could not be used: shown, grouped, and judged again after its cause is mended. */
export class DeadLetters {
  readonly #deps: DeadLettersDeps;

  constructor(deps: DeadLettersDeps) {
    this.#deps = deps;
  }

  /** Newest first. */
  async list(caller: Caller, filter: DeadLetterFilter): Promise<{ items: DeadLetter[]; next: string | null }> {
    const { device, kind, reason, limit } = filter;
    const db = this.#deps.database.tables<IngestTables>();
    let query = withinJurisdiction(db.selectFrom('dead_letter').selectAll(), 'jurisdiction', ownArea(caller));
    if (device !== undefined) query = query.where('device', '=', device);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (reason !== undefined) query = query.where('reason', '=', reason);
    if (filter.firmware !== undefined) query = query.where('firmware', 'is not distinct from', filter.firmware);
    if (filter.replayed !== undefined) query = query.where('replayed_at_ms', filter.replayed ? 'is not' : 'is', null);
    if (filter.after !== undefined) {
      const { atMs, lane, offset, index } = parseKey(filter.after);
      query = query.where(
        sql<boolean>`(-received_at_ms, lane, journal_offset, record_index) >
          (${-atMs}::bigint, ${lane}::text, ${offset}::bigint, ${index}::int)`,
      );
    }
    const rows = await query
      .orderBy('received_at_ms', 'desc')
      .orderBy('lane')
      .orderBy('journal_offset')
      .orderBy('record_index')
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return { items: page.map(fromRow), next: last ? printKey(last) : null };
  }

  /** How many wait of each reason, kind and firmware, most first: what to mend next. */
  groups(caller: Caller): Promise<DeadLetterGroup[]> {
    return listGroups(this.#deps.database, caller);
  }

  /**
   * Replays up to `limit` of a group, oldest first. What becomes a dead letter again meanwhile is not tried twice, so
   * going on with `next` comes to an end.
   *
   * Errors: `request.cursor`.
   */
  async replayGroup(caller: Caller, group: GroupKey, page: { limit: number; after?: string }): Promise<ReplayedPage> {
    const { ids, next } = await idsOfGroup(this.#deps.database, caller, { ...group, ...page });
    return { ...(await this.replay(caller, ids)), next };
  }

  /**
   * Appends the payloads once more, to be judged by the current version of their kinds. What was replayed before, or is
   * not the caller's, is skipped with a reason. What is answered as replayed takes effect, also after a crash or behind
   * a full journal.
   */
  async replay(caller: Caller, ids: string[]): Promise<Replayed> {
    const replayed: string[] = [];
    const skipped: { id: string; reason: string }[] = [];
    for (const id of ids) {
      const reason = await this.#replayOne(caller, id);
      if (reason === null) replayed.push(id);
      else skipped.push({ id, reason });
    }
    return { replayed, skipped };
  }

  #replayOne(caller: Caller, id: string): Promise<string | null> {
    const place = parseId(id);
    return place ? this.#deps.replay.ask(caller, place) : Promise.resolve('not-found');
  }

  /** Deletes what is too old or too much, at most 10,000 rows; returns how many, so that the caller may go on. */
  async prune(nowMs: number): Promise<number> {
    const db = this.#deps.database.tables<IngestTables>();
    const newest = db.selectFrom('dead_letter').select('received_at_ms').orderBy('received_at_ms', 'desc');
    const surplus = await newest.offset(KEEP_ROWS).limit(1).executeTakeFirst();
    const beforeMs = Math.max(nowMs - KEEP_MS, surplus?.received_at_ms ?? 0);
    const gone = sql<{ lane: string }>`
      with gone as (
        select lane, journal_offset, record_index from dead_letter where received_at_ms < ${beforeMs}
        order by received_at_ms limit ${PRUNE_ROWS}
      ), removed as (
        delete from dead_letter d using gone g
        where (d.lane, d.journal_offset, d.record_index) = (g.lane, g.journal_offset, g.record_index) returning d.lane
      ), payloads as (
        delete from dead_letter_payload p using gone g where (p.lane, p.journal_offset) = (g.lane, g.journal_offset)
        and not exists (
          select from dead_letter d where (d.lane, d.journal_offset) = (p.lane, p.journal_offset)
          and (d.lane, d.journal_offset, d.record_index) not in (select lane, journal_offset, record_index from gone))
      ) select lane from removed`;
    const { database, ownership } = this.#deps;
    const { rows } = await ownership.transaction(database, 'that old dead letters are gone', (tx) =>
      gone.execute(tx.tables()),
    );
    return rows.length;
  }
}

function parseId(id: string): DeadLetterPlace | null {
  const [, lane, offset, index] = /^(live|bulk)-(\d{1,15})(?::(\d{1,6}))?$/.exec(id) ?? [];
  if (lane === undefined) return null;
  return { lane, journal_offset: Number(offset), record_index: index === undefined ? -1 : Number(index) };
}

function printKey(row: DeadLetterRow): string {
  return `${row.received_at_ms}.${row.lane}.${row.journal_offset}.${row.record_index}`;
}

function parseKey(text: string) {
  const [, atMs, lane, offset, index] = /^(\d{1,15})\.(live|bulk)\.(\d{1,15})\.(-?\d{1,6})$/.exec(text) ?? [];
  if (lane === undefined) throw new CitywatchError('request.cursor');
  return { atMs: Number(atMs), lane, offset: Number(offset), index: Number(index) };
}

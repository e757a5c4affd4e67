import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { hashPlate, maskPlate, maskPlatesWithin, normalizePlate } from '../../core/plates.ts';
import type { Caller } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import { spooled } from '../../platform/files/spool.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { requireUuid } from '../desk/queries.ts';
import { ENTRY_FILE_BYTES_MAX, type EntryFault, readEntries, requireEntryFile } from './entry-file.ts';
import { hasUnread, plateKey } from './matching/plate-forms.ts';
import type { EntryInput, WatchlistTables } from './tables.ts';
import { visibleTo } from './view.ts';

/** Plates in one request that is no file. */
export const WATCHLIST_ENTRIES_MAX = 10_000;
/** Plates of one list. */
export const LIST_ENTRIES_MAX = 1_000_000;
/** Rows of one statement, and of one transaction of a file. */
const ROWS_AT_ONCE = 1_000;
const PLATE_LENGTH_MAX = 16;
const FILE_LIMITS = { linesMax: ROWS_AT_ONCE, bytesMax: ENTRY_FILE_BYTES_MAX };

export interface AddedEntries {
  added: number;
  /** Those that the list had already, or that came twice. */
  known: number;
  refused: { index: number; field: 'plate' | 'validUntil'; why: string }[];
}

/**
 * Writes plates into a list, those it has already once. What is no whole plate, or has ended, is named and left out.
 * Errors: `conflict.state` where the list would become too long; `held` is how many it has.
 */
export async function addEntries(
  tx: Tables,
  { list, key, nowMs, held }: { list: string; key: Buffer; nowMs: number; held: number },
  entries: readonly EntryInput[],
): Promise<AddedEntries> {
  const refused: AddedEntries['refused'] = [];
  const rows = new Map<string, ReturnType<typeof rowOf>>();
  for (const [index, entry] of entries.entries()) {
    const wrong = faultOf(entry, nowMs);
    if (wrong) refused.push({ index, ...wrong });
    else {
      const row = rowOf(list, key, entry);
      rows.set(`${row.plate_hash} ${row.colour}`, row);
    }
  }
  if (held + rows.size > LIST_ENTRIES_MAX) {
    const detail = `A list has at most ${LIST_ENTRIES_MAX} plates: put the rest into another.`;
    throw new CitywatchError('conflict.state', { detail });
  }
  let added = 0;
  for (const some of chunksOf([...rows.values()], ROWS_AT_ONCE)) added += await insert(tx, list, some);
  if (added > 0) {
    const counted = { entries: sql<number>`entries + ${added}::integer` };
    await tx.tables<WatchlistTables>().updateTable('watchlist').set(counted).where('id', '=', list).execute();
  }
  return { added, known: entries.length - refused.length - added, refused };
}

function faultOf({ plate, validUntilMs = null }: EntryInput, nowMs: number) {
  const key = plateKey(plate);
  if (key === '' || [...key].length > PLATE_LENGTH_MAX || hasUnread(key)) {
    return { field: 'plate' as const, why: `must be a whole plate of at most ${PLATE_LENGTH_MAX} characters` };
  }
  if (validUntilMs !== null && validUntilMs <= nowMs) {
    return { field: 'validUntil' as const, why: 'must lie in the future' };
  }
  return null;
}

function rowOf(list: string, key: Buffer, { plate, colour = null, reason, validUntilMs = null }: EntryInput) {
  return {
    id: randomUUID(),
    watchlist_id: list,
    plate_hash: hashPlate(key, plateKey(plate)),
    plate_masked: maskPlate(normalizePlate(plate)),
    colour,
    // Every reader of an alert is told it.
    reason: maskPlatesWithin(reason),
    valid_until_ms: validUntilMs,
    removed_at_ms: null,
  };
}

/** The list is locked, or new: nobody else adds to it meanwhile. */
async function insert(tx: Tables, list: string, rows: readonly ReturnType<typeof rowOf>[]): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into watchlist_entry
      (id, watchlist_id, plate_hash, plate_masked, colour, reason, valid_until_ms)
    select id, watchlist_id, plate_hash, plate_masked, colour, reason, valid_until_ms
    from jsonb_populate_recordset(null::watchlist_entry, ${JSON.stringify(rows)}::jsonb) as given
    where not exists (
      select from watchlist_entry as was where was.watchlist_id = ${list}::uuid and was.plate_hash = given.plate_hash
        and was.colour is not distinct from given.colour and was.removed_at_ms is null)`.execute(tx.tables());
  return Number(numAffectedRows ?? 0);
}

export interface EntryFilesDeps {
  database: Database;
  clock: Pick<Clock, 'nowMs'>;
  key: Buffer;
  /** Where a file is kept while its plates are taken: who sends it does not wait for the database. */
  directory: string;
}

/** What became of a file. */
export interface EntryFileResult {
  lines: number;
  added: number;
  known: number;
  refused: number;
  /** The first of the lines that were refused. */
  faults: EntryFault[];
  /** Plates of the list by now. */
  entries: number;
}

const FAULTS_SHOWN_MAX = 100;

/**
 * Takes files of plates into drafts, however long, in little memory. Of one that breaks off, or is no CSV to its end,
 * nothing is taken.
 */
export class EntryFiles {
  readonly #deps: EntryFilesDeps;

  constructor(deps: EntryFilesDeps) {
    this.#deps = deps;
  }

  /**
   * Adds the plates of a CSV file to a draft, a thousand lines in each transaction. Errors: `not-found`;
   * `conflict.state` where it is no draft any more, or is full; `request.invalid` for what is no such file;
   * `request.too-large`, `store.full`.
   */
  async add(caller: Caller, id: string, bytes: AsyncIterable<Buffer>): Promise<EntryFileResult> {
    const result: EntryFileResult = { lines: 0, added: 0, known: 0, refused: 0, faults: [], entries: 0 };
    // Before the first byte is read.
    result.entries = await this.#into(caller, id, [], result);
    const spool = await spooled(bytes, { directory: this.#deps.directory, bytesMax: ENTRY_FILE_BYTES_MAX });
    try {
      await requireEntryFile(spool.read(), ENTRY_FILE_BYTES_MAX);
      for await (const { entries, faults, lines } of readEntries(spool.read(), FILE_LIMITS)) {
        const before = result.lines;
        result.lines += lines;
        note(result, faults);
        result.entries = await this.#into(caller, id, entries, result).catch((error) => {
          throw afterLines(error, before);
        });
      }
    } finally {
      await spool.close();
    }
    return result;
  }

  /** Returns how many plates the list has by now. */
  async #into(
    caller: Caller,
    id: string,
    entries: readonly (EntryInput & { line: number })[],
    result: EntryFileResult,
  ): Promise<number> {
    const { database, clock, key } = this.#deps;
    return await database.transaction(async (tx) => {
      const all = tx.tables<WatchlistTables>().selectFrom('watchlist').selectAll().where('id', '=', requireUuid(id));
      const row = await visibleTo(caller, all).forUpdate().executeTakeFirst();
      if (!row) throw new CitywatchError('not-found');
      if (row.state !== 'draft') {
        const detail = `It is ${row.state}: plates are added to drafts only. Make another list for more.`;
        throw new CitywatchError('conflict.state', { detail });
      }
      if (entries.length === 0) return row.entries;
      const nowMs = clock.nowMs();
      const added = await addEntries(tx, { list: row.id, key, nowMs, held: row.entries }, entries);
      result.added += added.added;
      result.known += added.known;
      note(
        result,
        added.refused.map(({ index, field, why }) => ({ line: entries[index]!.line, message: `${field}: ${why}` })),
      );
      const after = row.named ? { covert: true } : { added: added.added, at: toRfc3339(nowMs) };
      const subject = `watchlist/${row.id}`;
      const { jurisdiction } = row;
      await recordAudit(tx, { caller, action: 'watchlist.add', subject, jurisdiction, after, atMs: nowMs });
      return row.entries + added.added;
    });
  }
}

/** The same error for a file of which some lines were taken before. */
function afterLines(error: unknown, lines: number): unknown {
  if (lines === 0 || !(error instanceof CitywatchError)) return error;
  const taken = `The first ${lines} lines after the titles were taken; sent again, they change nothing.`;
  return new CitywatchError(error.code, { detail: `${error.message} ${taken}`, cause: error });
}

function note(result: EntryFileResult, faults: readonly EntryFault[]): void {
  result.refused += faults.length;
  result.faults.push(...faults.slice(0, Math.max(0, FAULTS_SHOWN_MAX - result.faults.length)));
}

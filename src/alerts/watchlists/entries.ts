import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { hashPlate, maskPlate, maskPlatesSaid, normalizePlate } from '../../core/plates.ts';
import type { Caller } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import { spooled } from '../../platform/files/spool.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { requireUuid } from '../desk/queries.ts';
import { ENTRY_FILE_BYTES_MAX, type EntryFault, readEntries, requireEntryFile } from './entry-file.ts';
import { hasUnread, plateKey } from './matching/plate-forms.ts';
import type { EntryInput, WatchlistRow, WatchlistTables } from './tables.ts';
import { visibleTo } from './view.ts';

/** Plates in one request that is no file. */
export const WATCHLIST_ENTRIES_MAX = 10_000;
/** Plates of one list. */
export const LIST_ENTRIES_MAX = 1_000_000;
/** Rows of one statement. */
const ROWS_AT_ONCE = 1_000;
const PLATE_LENGTH_MAX = 16;
const FILE_LIMITS = { linesMax: ROWS_AT_ONCE, bytesMax: ENTRY_FILE_BYTES_MAX };

export interface AddedEntries {
  added: number;
  /** Those that the list had already, or that came twice. */
  known: number;
  refused: { index: number; field: 'plate' | 'validUntil'; why: string }[];
}

/** Of a list that is locked, or new. */
interface Into {
  list: string;
  key: Buffer;
  nowMs: number;
}

/** Writes plates into a new list, each once. What is no whole plate, or has ended, is named and left out. */
export async function addEntries(tx: Tables, into: Into, entries: readonly EntryInput[]): Promise<AddedEntries> {
  const result = await insertEntries(tx, into, entries);
  await countEntries(tx, into.list, result.added);
  return result;
}

/** The same for a list of any age, which does not count them yet. */
async function insertEntries(tx: Tables, into: Into, entries: readonly EntryInput[]): Promise<AddedEntries> {
  const { list, key, nowMs } = into;
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
  let added = 0;
  for (const some of chunksOf([...rows.values()], ROWS_AT_ONCE)) added += await insert(tx, list, some);
  return { added, known: entries.length - refused.length - added, refused };
}

async function countEntries(tx: Tables, list: string, added: number): Promise<void> {
  if (added === 0) return;
  const counted = { entries: sql<number>`entries + ${added}::integer` };
  await tx.tables<WatchlistTables>().updateTable('watchlist').set(counted).where('id', '=', list).execute();
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
    reason: maskPlatesSaid(reason),
    valid_until_ms: validUntilMs,
    removed_at_ms: null,
  };
}

/**
 * The list is locked, or new: nobody else adds to it meanwhile. `offset 0` keeps PostgreSQL from joining the batch
 * with the whole list: rows that are not committed yet are counted by nobody, and it takes a long list for a short one.
 */
async function insert(tx: Tables, list: string, rows: readonly ReturnType<typeof rowOf>[]): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into watchlist_entry
      (id, watchlist_id, plate_hash, plate_masked, colour, reason, valid_until_ms)
    select id, watchlist_id, plate_hash, plate_masked, colour, reason, valid_until_ms
    from jsonb_populate_recordset(null::watchlist_entry, ${JSON.stringify(rows)}::jsonb) as given
    where not exists (
      select from watchlist_entry as was where was.watchlist_id = ${list}::uuid and was.plate_hash = given.plate_hash
        and was.colour is not distinct from given.colour and was.removed_at_ms is null offset 0)`.execute(tx.tables());
  return Number(numAffectedRows ?? 0);
}

export interface EntryFilesDeps {
  database: Database;
  clock: Pick<Clock, 'nowMs'>;
  key: Buffer;
  /** Where a file is kept while its plates are taken: who sends it does not wait for the database. */
  directory: string;
  /** {@link LIST_ENTRIES_MAX} when absent. */
  entriesMax?: number;
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
 * Takes files of plates into drafts, however long, in little memory. Of one that breaks off, is no CSV to its end, or
 * has more than its list may have, nothing is taken.
 */
export class EntryFiles {
  readonly #deps: EntryFilesDeps;

  constructor(deps: EntryFilesDeps) {
    this.#deps = deps;
  }

  /**
   * Adds the plates of a CSV file to a draft, with one transaction. Errors: `not-found`; `conflict.state` where it is
   * no draft any more, or would become too long; `request.invalid` for what is no such file; `request.too-large`,
   * `store.full`.
   */
  async add(caller: Caller, id: string, bytes: AsyncIterable<Buffer>): Promise<EntryFileResult> {
    const { database, directory } = this.#deps;
    // Before the first byte is read.
    await database.transaction((tx) => lockedDraft(tx, caller, id));
    const spool = await spooled(bytes, { directory, bytesMax: ENTRY_FILE_BYTES_MAX });
    try {
      await requireEntryFile(spool.read(), ENTRY_FILE_BYTES_MAX);
      return await database.transaction((tx) => this.#take(tx, { caller, id, read: () => spool.read() }));
    } finally {
      await spool.close();
    }
  }

  async #take(
    tx: Tables,
    { caller, id, read }: { caller: Caller; id: string; read: () => AsyncIterable<Buffer> },
  ): Promise<EntryFileResult> {
    const { clock, key, entriesMax = LIST_ENTRIES_MAX } = this.#deps;
    const row = await lockedDraft(tx, caller, id);
    const into = { list: row.id, key, nowMs: clock.nowMs() };
    const result: EntryFileResult = { lines: 0, added: 0, known: 0, refused: 0, faults: [], entries: row.entries };
    for await (const { entries, faults, lines } of readEntries(read(), FILE_LIMITS)) {
      const { added, known, refused } = await insertEntries(tx, into, entries);
      result.lines += lines;
      result.added += added;
      result.known += known;
      result.entries += added;
      note(result, faults);
      note(
        result,
        refused.map(({ index, field, why }) => ({ line: entries[index]!.line, message: `${field}: ${why}` })),
      );
      if (result.entries > entriesMax) throw tooMany(row.entries, entriesMax);
    }
    await countEntries(tx, row.id, result.added);
    await auditFile(tx, { caller, row, added: result.added, atMs: into.nowMs });
    return result;
  }
}

async function lockedDraft(tx: Tables, caller: Caller, id: string): Promise<WatchlistRow> {
  const all = tx.tables<WatchlistTables>().selectFrom('watchlist').selectAll().where('id', '=', requireUuid(id));
  const row = await visibleTo(caller, all).forUpdate().executeTakeFirst();
  if (!row) throw new CitywatchError('not-found');
  if (row.state !== 'draft') {
    const detail = `It is ${row.state}: plates are added to drafts only. Make another list for more.`;
    throw new CitywatchError('conflict.state', { detail });
  }
  return row;
}

async function auditFile(
  tx: Tables,
  { caller, row, added, atMs }: { caller: Caller; row: WatchlistRow; added: number; atMs: number },
): Promise<void> {
  const after = row.named ? { covert: true } : { added, at: toRfc3339(atMs) };
  const { jurisdiction } = row;
  await recordAudit(tx, { caller, action: 'watchlist.add', subject: `watchlist/${row.id}`, jurisdiction, after, atMs });
}

function tooMany(held: number, max: number): CitywatchError {
  const room = Math.max(0, max - held);
  const detail =
    `A list has at most ${max} plates, and this one has room for ${room} more: nothing of the file was taken. ` +
    'Put some of its lines into another list.';
  return new CitywatchError('conflict.state', { detail });
}

function note(result: EntryFileResult, faults: readonly EntryFault[]): void {
  result.refused += faults.length;
  result.faults.push(...faults.slice(0, Math.max(0, FAULTS_SHOWN_MAX - result.faults.length)));
}

import type { IncarnationOf } from '../../core/receipt.ts';
import type { Lane } from '../../core/types.ts';
import { type ColumnType, type Generated, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { ReceivedCount } from '../journal/received-counts.ts';
import type { IngestTables } from '../ledger/tables.ts';
import { READERS } from '../readers/cursor.ts';
import type { Adoption, Cursor, DatabaseSide, KnownLife, ReaderNames } from './lives.ts';

export interface LivesTables {
  journal_life: {
    id: string;
    from_live: number;
    from_bulk: number;
    since_at_ms: number;
    why: string;
    before: ColumnType<Cursor[], string, string>;
    seq: Generated<number>;
  };
  journal_opening: { seq: Generated<number>; id: string; at_ms: number };
  ingest_received: { incarnation: string; lane: string; kind: string; jurisdiction: string; messages: number };
}

/** By what a cursor is written, and for whom. */
export interface CursorWriter {
  incarnationOf: IncarnationOf;
  ownership: Pick<Ownership, 'self' | 'write' | 'refused'>;
}

/** Readers that keep their cursors in a table of their own, elsewhere. */
export interface CursorKeeper {
  readonly readers: ReaderNames;
  cursors(tables: Tables): Promise<Cursor[]>;
  /** Stores where these readers go on; those of others are left out. */
  move(tx: Tables, cursors: Adoption['cursors'], by: CursorWriter): Promise<void>;
  /** Gives cursors of versions without incarnations their name. */
  name(tx: Tables, incarnation: string): Promise<void>;
}

/** Whether this database was ever brought to a version that writes down which journals it was used with. */
export async function knowsLives(tables: Tables): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`select to_regclass('journal_opening') is not null as known`.execute(
    tables.tables(),
  );
  return rows[0]?.known === true;
}

/** What the database knows of the journals it was used with. */
export async function readDatabaseSide(tables: Tables, keepers: readonly CursorKeeper[]): Promise<DatabaseSide> {
  const db = tables.tables<LivesTables & IngestTables>();
  const lives = await readKnownLives(tables);
  const openings = await db.selectFrom('journal_opening').select('id').orderBy('seq').execute();
  const own = await db
    .selectFrom('ingest_cursor')
    .select(['reader', 'lane', 'journal_offset as offset', 'incarnation'])
    // A reader of another version reads nothing here.
    .where(
      'reader',
      'in',
      READERS.map(({ reader }) => reader),
    )
    .execute();
  const others = await Promise.all(keepers.map((keeper) => keeper.cursors(tables)));
  const cursors = [...own.map((row) => ({ ...row, lane: row.lane as Lane })), ...others.flat()];
  return { lives, openings: openings.map(({ id }) => id), cursors };
}

/** Lives of journals, oldest first. */
export async function readKnownLives(tables: Tables): Promise<(KnownLife & { why: string })[]> {
  const rows = await tables.tables<LivesTables>().selectFrom('journal_life').selectAll().orderBy('seq').execute();
  return rows.map(({ id, from_live: live, from_bulk: bulk, since_at_ms: sinceMs, why, before }) => {
    return { id, from: { live, bulk }, sinceMs, why, before };
  });
}

/** Writes down starts, and lives that the database does not know yet. */
export async function storeOpening(
  tx: Tables,
  {
    lives,
    openings,
    why,
    atMs,
  }: { lives: readonly KnownLife[]; openings: readonly string[]; why: string; atMs: number },
): Promise<void> {
  const db = tx.tables<LivesTables>();
  const rows = lives.map(({ id, from, sinceMs, before }) => {
    return {
      id,
      from_live: from.live,
      from_bulk: from.bulk,
      since_at_ms: sinceMs,
      why,
      before: JSON.stringify(before),
    };
  });
  if (rows.length > 0) {
    await db
      .insertInto('journal_life')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  if (openings.length === 0) return;
  const starts = openings.map((id) => ({ id, at_ms: atMs }));
  await db.insertInto('journal_opening').values(starts).execute();
}

/** Names what versions without incarnations have written. */
export async function nameOldRows(tx: Tables, keepers: readonly CursorKeeper[], incarnation: string): Promise<void> {
  const db = tx.tables<IngestTables>();
  await db.updateTable('ingest_cursor').set({ incarnation }).where('incarnation', 'is', null).execute();
  await db.updateTable('ingest_ledger').set({ incarnation }).where('incarnation', '=', '').execute();
  for (const keeper of keepers) await keeper.name(tx, incarnation);
}

/** Stores where the readers of the telemetry side go on. */
export async function moveCursors(
  tx: Tables,
  cursors: Adoption['cursors'],
  { incarnationOf, ownership, atMs }: CursorWriter & { atMs: number },
): Promise<void> {
  if (cursors.length === 0) return;
  const what = 'where the readers go on';
  const body = sql`
    insert into ingest_cursor (reader, lane, journal_offset, incarnation, node, epoch, updated_at_ms)
    select reader, lane, at, incarnation, ${ownership.self.node}::text, owner.epoch, ${atMs}::bigint
    from owner, unnest(${cursors.map(({ reader }) => reader)}::text[], ${cursors.map(({ lane }) => lane)}::text[],
      ${cursors.map(({ offset }) => offset)}::bigint[], ${cursors.map(incarnationOf)}::text[])
      as given (reader, lane, at, incarnation)
    on conflict (reader, lane) do update set journal_offset = excluded.journal_offset,
      incarnation = excluded.incarnation, node = excluded.node, epoch = excluded.epoch,
      updated_at_ms = excluded.updated_at_ms
    where ingest_cursor.epoch <= excluded.epoch
    returning lane`;
  const moved = await ownership.write(tx, { what, body });
  if (moved.length < cursors.length) throw ownership.refused(what);
}

/** Writes down what the journal took in of a life that has ended. */
export async function closeLife(
  tx: Tables,
  { incarnation, lane, counts }: { incarnation: string; lane: Lane; counts: readonly ReceivedCount[] },
): Promise<void> {
  if (counts.length === 0) return;
  await tx
    .tables<LivesTables>()
    .insertInto('ingest_received')
    .values(counts.map(({ kind, jurisdiction, messages }) => ({ incarnation, lane, kind, jurisdiction, messages })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

import type { IncarnationOf } from '../../core/receipt.ts';
import type { JournalPosition, Lane } from '../../core/types.ts';
import { type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { tableOf } from '../../platform/database/prepared.ts';
import type { AlertTables } from '../desk/tables.ts';

/** The name of the reader whose cursors stand here. */
export const RULES_READER = 'rules';

interface CursorWriter {
  incarnationOf: IncarnationOf;
  ownership: Pick<Ownership, 'self' | 'write' | 'refused'>;
}

/** Moves the cursors as part of a larger statement; returns a row for each that no later owner has moved. */
export function movingCursors(
  cursors: readonly JournalPosition[],
  { incarnationOf, ownership }: Pick<CursorWriter, 'incarnationOf'> & { ownership: Pick<Ownership, 'self'> },
): RawBuilder<unknown> {
  const given = tableOf('given', cursors, {
    lane: ['text', ({ lane }) => lane],
    at: ['bigint', ({ offset }) => offset],
    incarnation: ['text', incarnationOf],
  });
  return sql`
    insert into rule_cursor (lane, journal_offset, incarnation, node, epoch)
    select lane, at, incarnation, ${ownership.self.node}::text, owner.epoch
    from owner, ${given}
    on conflict (lane) do update set journal_offset = excluded.journal_offset, incarnation = excluded.incarnation,
      node = excluded.node, epoch = excluded.epoch
    where rule_cursor.epoch <= excluded.epoch
    returning lane`;
}

/**
 * Stores where the rules stand, within the caller's transaction. Throws `lease.lost` where another node has taken over:
 * then nothing of the transaction may stay.
 */
export async function saveRuleCursors(
  tx: Tables,
  cursors: readonly JournalPosition[],
  { incarnationOf, ownership }: CursorWriter,
): Promise<void> {
  if (cursors.length === 0) return;
  const what = 'where the rules stand';
  const moved = await ownership.write(tx, { what, body: movingCursors(cursors, { incarnationOf, ownership }) });
  if (moved.length < cursors.length) throw ownership.refused(what);
}

/** The cursors of the rules for whoever compares all cursors with the journal, or sets them all at once. */
export const ruleCursors = {
  readers: [{ reader: RULES_READER, lanes: ['live', 'bulk'] }] as const,

  async cursors(tables: Tables) {
    const rows = await tables.tables<AlertTables>().selectFrom('rule_cursor').selectAll().execute();
    return rows.map(({ lane, journal_offset: offset, incarnation }) => {
      return { reader: RULES_READER, lane: lane as Lane, offset, incarnation };
    });
  },

  move: saveRuleCursors,

  /** Gives cursors of versions without incarnations their name. */
  async name(tx: Tables, incarnation: string): Promise<void> {
    const db = tx.tables<AlertTables>();
    await db.updateTable('rule_cursor').set({ incarnation }).where('incarnation', 'is', null).execute();
  },
};

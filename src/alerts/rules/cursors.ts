import type { IncarnationOf } from '../../core/receipt.ts';
import type { JournalPosition, Lane } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { AlertTables } from '../desk/tables.ts';

/** The name of the reader whose cursors stand here. */
export const RULES_READER = 'rules';

/** Stores where the rules stand, within the transaction that holds what they did. */
export async function saveRuleCursors(
  tx: Tables,
  cursors: readonly JournalPosition[],
  incarnationOf: IncarnationOf,
): Promise<void> {
  if (cursors.length === 0) return;
  await tx
    .tables<AlertTables>()
    .insertInto('rule_cursor')
    .values(
      cursors.map(({ lane, offset }) => {
        return { lane, journal_offset: offset, incarnation: incarnationOf({ lane, offset }) };
      }),
    )
    .onConflict((conflict) =>
      conflict.column('lane').doUpdateSet({
        journal_offset: sql<number>`excluded.journal_offset`,
        incarnation: sql<string>`excluded.incarnation`,
      }),
    )
    .execute();
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

import { type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import type { ShiftRow } from './shifts.ts';
import type { DutyTables } from './tables.ts';

/** Whether it is with people of a shift: with whom it is assigned to, else with whom it was acknowledged by. */
export function heldBy({ people, usernames }: Pick<ShiftRow, 'people' | 'usernames'>): RawBuilder<boolean> {
  return sql<boolean>`coalesce(
    assigned_to = any (${usernames}::text[]), acked_by_id = any (${people}::text[]), false)`;
}

/** What only some may know of is handed over by them alone: everybody of the area reads a hand-over. */
export function openForAll(tx: Tables) {
  const police = tx.tables<DutyTables>().selectFrom('alert').where('desk', '=', 'police');
  return police.where('handling', '!=', 'closed').where('seen_by', 'is', null);
}

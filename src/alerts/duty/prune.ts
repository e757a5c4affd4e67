import { DAY_MS } from '../../core/clock.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';

/** The audit trail keeps who had duty, and what was handed over. */
const KEEP_MS = 366 * DAY_MS;

/** Removes hand-overs and shifts of more than a year ago. */
export async function pruneDuty(
  nowMs: number,
  { database, ownership }: { database: Database; ownership: Pick<Ownership, 'transaction'> },
): Promise<void> {
  const beforeMs = nowMs - KEEP_MS;
  await ownership.transaction(database, 'that old shifts are gone', async (tx) => {
    await sql`delete from duty_hand_over where given_at_ms < ${beforeMs}`.execute(tx.tables());
    const isKept = sql`exists (select from duty_hand_over where duty_shift.id in (from_shift, to_shift))`;
    await sql`delete from duty_shift where ends_at_ms < ${beforeMs} and not ${isKept}`.execute(tx.tables());
  });
}

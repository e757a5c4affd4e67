import { sql, type Tables } from '../../../platform/database/database.ts';

/** The number up to which entries of the log may be missing, because their alerts were kept long enough; 0: none is. */
export async function floorOf(tables: Tables): Promise<number> {
  const { rows } = await sql<{ seq: number }>`select seq from alert_log_floor`.execute(tables.tables());
  return rows[0]?.seq ?? 0;
}

/** Says that entries up to `seq` may be missing from the commit on. */
export async function raiseFloor(tx: Tables, seq: number): Promise<void> {
  await sql`update alert_log_floor set seq = greatest(seq, ${seq}::bigint)`.execute(tx.tables());
}

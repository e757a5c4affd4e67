import { type Database, sql } from '../../../../src/platform/database/database.ts';

/** Blocks of the table of alerts and its indexes that PostgreSQL looked at for one question, in memory or on disk. */
export async function blocksOf(database: Database, ask: () => Promise<unknown>): Promise<number> {
  const read = async (): Promise<number> => {
    // What a connection counted is told when it is idle for a moment.
    await sql`select pg_stat_force_next_flush()`.execute(database.tables());
    const { rows } = await sql<{ n: string }>`
      select sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit + coalesce(toast_blks_hit, 0)) as n
      from pg_statio_user_tables where relname = 'alert'`.execute(database.tables());
    return Number(rows[0]?.n ?? 0);
  };
  const before = await read();
  await ask();
  return (await read()) - before;
}

import { type Clock, DAY_MS, HOUR_MS } from '../core/clock.ts';
import { type Database, sql, type Tables } from '../platform/database/database.ts';
import type { Ownership } from '../platform/database/ownership.ts';
import type { PassageRow } from './rows.ts';

/** What a vehicle that passes is called in every kind; what else a checkpoint tells of it is no passage more. */
const PASSAGE = 'passage';
/** Longer than passages themselves: a week is compared with that of a year before. */
const KEEP_MS = 400 * DAY_MS;
const PRUNE_ROWS_MAX = 10_000;

/** Adds rows that were really new to the counts of their hours, in the transaction that writes them. */
export async function countPassages(
  tx: Tables,
  rows: readonly Pick<PassageRow, 'device' | 'at_ms' | 'event' | 'ordinal'>[],
): Promise<void> {
  const counts = new Map<string, { device: string; hour: number; passages: number }>();
  for (const { device, at_ms: atMs, event, ordinal } of rows) {
    if (event !== PASSAGE || ordinal !== 0) continue;
    const hour = Math.floor(atMs / HOUR_MS);
    const key = `${device}/${hour}`;
    const count = counts.get(key) ?? { device, hour, passages: 0 };
    count.passages += 1;
    counts.set(key, count);
  }
  if (counts.size === 0) return;
  // In one order, so that two lanes never wait for each other.
  const ordered = [...counts].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, count]) => count);
  const of = <Value>(value: (count: (typeof ordered)[number]) => Value): Value[] => ordered.map(value);
  await sql`
    insert into passage_count as was (device, hour, passages)
    select * from unnest(${of(({ device }) => device)}::text[], ${of(({ hour }) => hour)}::integer[],
      ${of(({ passages }) => passages)}::integer[])
    on conflict (device, hour) do update set passages = was.passages + excluded.passages`.execute(tx.tables());
}

/** Removes counts of hours long ago, 10,000 at most. */
export async function pruneCounts(
  { database, ownership }: { database: Database; ownership: Pick<Ownership, 'hold'> },
  clock: Pick<Clock, 'nowMs'>,
): Promise<void> {
  const before = Math.floor((clock.nowMs() - KEEP_MS) / HOUR_MS);
  await database.transaction(async (tx) => {
    await ownership.hold(tx, 'that old counts of passages are gone');
    await sql`
      delete from passage_count where ctid in (
        select ctid from passage_count where hour < ${before} limit ${PRUNE_ROWS_MAX})`.execute(tx.tables());
  });
}

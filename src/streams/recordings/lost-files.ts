import { type RawBuilder, sql } from '../../platform/database/database.ts';
import { GAP_MIN_MS } from '../recorder/camera/gaps.ts';

/** A statement that writes down holes where the files of a named one were; those that follow each other are one. */
export function holesOf(files: 'forgotten' | 'marked', detail: string): RawBuilder<unknown> {
  return sql`
    insert into recording_gap (device, quality, from_ms, to_ms, cause, detail)
    select device, quality, min(starts_at_ms), max(ends_at_ms), 'file-lost', ${detail}
    from (select *, count(*) filter (where begins) over (partition by device, quality order by starts_at_ms) as hole
      from (select *, starts_at_ms - lag(ends_at_ms, 1, 0::bigint)
          over (partition by device, quality order by starts_at_ms) >= ${sql.lit(GAP_MIN_MS)} as begins
        from ${sql.ref(files)}) as told) as numbered
    group by device, quality, hole
    on conflict (device, quality, from_ms) do nothing returning device`;
}

import { CitywatchError } from '../../../core/errors.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../../platform/database/database.ts';
import { forCaller } from '../../desk/log/audience.ts';
import type { AlertRow, AlertTables } from '../../desk/tables.ts';
import type { Severity } from '../../rules/rules.ts';
import type { HitStepRow, WatchlistTables } from '../tables.ts';
import { type HitView, showHit } from './hits.ts';

/** A hit in a list of them: how it stands, and what was seen where. */
export interface ListedHit extends HitView {
  /** Masked. */
  plate: string;
  /** The name of what saw it. */
  place: string;
  jurisdiction: string;
  severity: Severity;
  handling: AlertRow['handling'];
}

export interface HitsPage {
  limit: number;
  /** Where the page before ended. */
  after?: string;
}

interface HitTables extends AlertTables, WatchlistTables {}

/** Hits on the plates of a list that the caller may see, the newest first. Errors: `request.cursor`. */
export async function hitsOfList(
  database: Database,
  caller: Caller,
  { list, limit, after }: HitsPage & { list: string },
): Promise<{ items: ListedHit[]; next: string | null }> {
  const db = database.tables<HitTables>();
  // One vehicle may be wanted by several orders: the hit is that of the gravest, and names the others.
  const isOfList = sql<boolean>`alert.data ? 'wanted_plate' and alert.id in (
    select hit.id from alert hit where hit.data ? 'wanted_plate' and hit.data ->> 'entry' in (
      select id::text from watchlist_entry where watchlist_id = ${list}::uuid)
    union all
    select hit.id from alert hit cross join lateral jsonb_array_elements_text(
        case jsonb_typeof(hit.data -> 'also_entries') when 'array' then hit.data -> 'also_entries' else '[]' end
      ) as also (entry) join watchlist_entry wanted on wanted.id::text = also.entry
      where hit.data ? 'also_entries' and wanted.watchlist_id = ${list}::uuid)`;
  const behind = after === undefined ? sql<boolean>`true` : behindOf(after);
  const query = db.selectFrom('alert').selectAll().where(isOfList).where(behind).where(forCaller(caller));
  const rows = await withinJurisdiction(query, 'jurisdiction', caller, 'police')
    .orderBy('first_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const ids = page.map(({ id }) => id);
  const taken = await db
    .selectFrom('watch_hit')
    .select(['alert_id', 'steps'])
    .where(sql<boolean>`alert_id = any (${ids}::uuid[])`)
    .execute();
  const stepsOf = new Map(taken.map(({ alert_id, steps }) => [alert_id, steps]));
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    items: page.map((row) => listed(row, stepsOf.get(row.id) ?? [])),
    next: last ? `${last.first_at_ms}/${last.id}` : null,
  };
}

function listed(row: AlertRow, steps: readonly HitStepRow[]): ListedHit {
  const { data, device_name: place, jurisdiction, severity, handling } = row;
  const plate = typeof data.wanted_plate === 'string' ? data.wanted_plate : '';
  return { ...showHit(row, steps), plate, place, jurisdiction, severity: severity as Severity, handling };
}

function behindOf(text: string) {
  const [, atMs, id] = /^(\d{1,16})\/([0-9a-f-]{36})$/.exec(text) ?? [];
  if (atMs === undefined || id === undefined) throw new CitywatchError('request.cursor');
  return sql<boolean>`(first_at_ms, id) < (${atMs}::bigint, ${id}::uuid)`;
}

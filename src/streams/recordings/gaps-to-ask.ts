import { type Database, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { EdgeState } from './gap-table.ts';
import type { Span } from './recordings.ts';

/** A hole that the camera may be asked to fill. Unix ms. */
export interface GapToAsk extends Span {
  /** What is before was asked for. */
  askedToMs: number;
  /** So often in a row it failed. */
  tries: number;
}

/** What came of asking, for all holes within a time. */
export interface GapAsked {
  state: EdgeState | null;
  detail: string | null;
  tries: number;
  /** All before it was asked for; null where nothing was learnt of that. */
  askedToMs: number | null;
  /** When it is asked for next; null when not again. */
  againAtMs: number | null;
}

export interface GapsToAskDeps {
  database: Database;
  ownership: Pick<Ownership, 'write'>;
}

const DETAIL_MAX = 300;

/** Which holes of recordings the camera's own storage is asked for, in the table of the holes. */
export class GapsToAsk {
  readonly #deps: GapsToAskDeps;

  constructor(deps: GapsToAskDeps) {
    this.#deps = deps;
  }

  /**
   * Holes that are due at a moment, the oldest first. Those that began before `sinceMs`, that are younger than
   * `untilMs`, and in which nothing was to be recorded, are none: the first are not asked for again.
   */
  async due(
    { atMs, sinceMs, untilMs }: { atMs: number; sinceMs: number; untilMs: number },
    max: number,
  ): Promise<GapToAsk[]> {
    const { database } = this.#deps;
    const { rows } = await sql<GapToAsk>`
      select device, quality, from_ms::float8 as "fromMs", to_ms::float8 as "toMs",
        edge_asked_to_ms::float8 as "askedToMs", edge_tries as tries
      from recording_gap
      where to_ms is not null and edge_at_ms is not null and edge_at_ms <= ${Math.floor(atMs)}::bigint
        and from_ms >= ${Math.floor(sinceMs)}::bigint and to_ms <= ${Math.floor(untilMs)}::bigint
        and cause not in ('not-planned', 'disk-full')
      order by from_ms limit ${max}::int`.execute(database.tables());
    return rows;
  }

  /** Asks no more for holes that are too old, or in which nothing was to be recorded. */
  async giveUpBefore(sinceMs: number): Promise<void> {
    await this.#deps.ownership.write(this.#deps.database, {
      what: 'holes of recordings',
      body: sql`
        update recording_gap set edge_at_ms = null from owner
        where to_ms is not null and edge_at_ms is not null
          and (from_ms < ${Math.floor(sinceMs)}::bigint or cause in ('not-planned', 'disk-full'))
        returning device`,
    });
  }

  /** Notes what came of asking for a time, at each hole that has ended and reaches into it. */
  async asked({ device, quality, fromMs, toMs }: Span, { state, detail, tries, askedToMs, againAtMs }: GapAsked) {
    const asked = askedToMs === null ? null : Math.ceil(askedToMs);
    const again = againAtMs === null ? null : Math.ceil(againAtMs);
    // What reaches beyond the time that was asked for goes on there.
    const isOver = sql`(${again}::bigint is null and ${asked ?? Number.MAX_SAFE_INTEGER}::bigint < to_ms)`;
    await this.#deps.ownership.write(this.#deps.database, {
      what: 'holes of recordings',
      body: sql`
        update recording_gap set edge_state = ${state}, edge_detail = ${detail?.slice(0, DETAIL_MAX) ?? null},
          edge_tries = ${tries}::int, edge_asked_to_ms = greatest(edge_asked_to_ms, coalesce(${asked}::bigint, 0)),
          edge_at_ms = case when ${isOver} then 0 else ${again}::bigint end
        from owner
        where device = ${device} and quality = ${quality} and to_ms is not null
          and from_ms < ${Math.ceil(toMs)}::bigint and to_ms > ${Math.floor(fromMs)}::bigint
        returning device`,
    });
  }
}

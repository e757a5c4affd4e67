import type { DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { Quality } from '../pool/types.ts';
import { GAP_MIN_MS, type GapCause, type GapReason } from '../recorder/camera/gaps.ts';
import type { Recording } from './recording.ts';
import type { Span } from './recordings.ts';

/** A time in which a camera should have been recorded and was not. Unix ms; `toMs` is null while it lasts. */
export interface Gap {
  fromMs: number;
  toMs: number | null;
  cause: GapCause;
  detail: string | null;
  /** What the camera's own storage had of it; null where it was not asked, or is not to be. */
  edge: EdgeAnswer | null;
}

/** `nothing`: it keeps nothing of this time; `no-storage`: it keeps nothing at all. */
export type EdgeState = 'nothing' | 'no-storage' | 'failed';

export interface EdgeAnswer {
  state: EdgeState;
  detail: string | null;
}

export interface GapChange {
  device: DeviceId;
  quality: Quality;
  fromMs: number;
  toMs: number | null;
  reason: GapReason;
}

export interface GapTables {
  recording_gap: {
    device: string;
    quality: string;
    from_ms: number;
    to_ms: number | null;
    cause: string;
    detail: string | null;
    edge_state: string | null;
    edge_detail: string | null;
    edge_tries: number;
    edge_asked_to_ms: number;
    /** When the camera is asked for it next; null when not again. */
    edge_at_ms: number | null;
  };
}

export interface GapTableDeps {
  database: Database;
  ownership: Pick<Ownership, 'write'>;
}

/** A file that was found, or found again. */
export type CoveringFile = Pick<Recording, 'device' | 'quality' | 'startsAtMs' | 'endsAtMs'>;

const DETAIL_MAX = 300;
/** Files per question for the holes around them. */
const COVERED_AT_ONCE = 500;

/** The holes of recordings in PostgreSQL. */
export class GapTable {
  readonly #deps: GapTableDeps;

  constructor(deps: GapTableDeps) {
    this.#deps = deps;
  }

  /**
   * Writes holes as they stand now, each by its beginning; the last of several of one hole counts. One that has become
   * shorter than {@link GAP_MIN_MS} is none any more, and its row goes.
   */
  async write(changes: readonly GapChange[]): Promise<void> {
    const last = new Map(changes.map((change) => [`${change.device} ${change.quality} ${change.fromMs}`, change]));
    const all = [...last.values()];
    const none = all.filter(({ fromMs, toMs }) => toMs !== null && toMs - fromMs < GAP_MIN_MS);
    if (none.length > 0) await this.#remove(none);
    const some = all.filter((one) => !none.includes(one));
    const rows = some.map(({ device, quality, fromMs, toMs, reason: { cause, detail } }) => ({
      device,
      quality,
      from_ms: Math.round(fromMs),
      to_ms: toMs === null ? null : Math.round(Math.max(fromMs, toMs)),
      cause,
      detail: detail?.slice(0, DETAIL_MAX) ?? null,
      ...NOT_ASKED,
    }));
    if (rows.length > 0) await this.#insert(rows);
  }

  async #remove(holes: readonly GapChange[]): Promise<void> {
    const gone = sql`
      delete from recording_gap using owner,
        unnest(${holes.map(({ device }) => device)}::text[], ${holes.map(({ quality }) => quality)}::text[],
          ${holes.map(({ fromMs }) => Math.round(fromMs))}::bigint[]) as none (device, quality, from_ms)
      where recording_gap.device = none.device and recording_gap.quality = none.quality
        and recording_gap.from_ms = none.from_ms
      returning recording_gap.device`;
    await this.#deps.ownership.write(this.#deps.database, { what: 'holes of recordings', body: gone });
  }

  /** Holes that reach into a span, the oldest first; at most `max`. */
  async within({ device, quality, fromMs, toMs }: Span, max: number): Promise<Gap[]> {
    const rows = await this.#deps.database
      .tables<GapTables>()
      .selectFrom('recording_gap')
      .selectAll()
      .where('device', '=', device)
      .where('quality', '=', quality)
      .where('from_ms', '<', Math.ceil(toMs))
      .where((is) => is.or([is('to_ms', 'is', null), is('to_ms', '>', Math.floor(fromMs))]))
      .orderBy('from_ms')
      .limit(max)
      .execute();
    return rows.map(shown);
  }

  /**
   * Takes the times of these files, which were found, out of holes that have ended. With `lasting` out of those that
   * last, too: then what whoever follows them remembers must agree ({@link split}).
   */
  async cover(files: readonly CoveringFile[], { lasting = false } = {}): Promise<void> {
    const { database, ownership } = this.#deps;
    for (const gap of await this.#around(files)) {
      if (gap.to_ms === null && !lasting) continue;
      const { device, quality } = gap;
      const toMs = gap.to_ms === null ? Number.POSITIVE_INFINITY : Number(gap.to_ms);
      const own = files.filter((file) => file.device === device && file.quality === quality);
      const left = without({ fromMs: Number(gap.from_ms), toMs }, own);
      const rows = left.map((one) => ({
        ...gap,
        from_ms: one.fromMs,
        to_ms: Number.isFinite(one.toMs) ? one.toMs : null,
      }));
      const gone = sql`
        delete from recording_gap using owner where device = ${device} and quality = ${quality}
          and from_ms = ${gap.from_ms}::bigint and to_ms is not distinct from ${gap.to_ms}::bigint
        returning recording_gap.device`;
      // Together: what is left of a hole must not be lost where this ends in between.
      await database.transaction(async (tx) => {
        const was = await ownership.write(tx, { what: 'holes of recordings', body: gone });
        if (was.length > 0 && rows.length > 0) await this.#insert(rows, tx);
      });
    }
  }

  /** Holes with a part in one of these files. */
  async #around(files: readonly CoveringFile[]): Promise<GapTables['recording_gap'][]> {
    const found: GapTables['recording_gap'][] = [];
    for (const some of chunksOf(files, COVERED_AT_ONCE)) {
      const begins = some.map(({ startsAtMs }) => Math.round(startsAtMs));
      const ends = some.map(({ endsAtMs }) => Math.round(endsAtMs));
      const { rows } = await sql<GapTables['recording_gap']>`
        select distinct recording_gap.* from recording_gap, unnest(${some.map(({ device }) => device)}::text[],
          ${some.map(({ quality }) => quality)}::text[], ${begins}::bigint[], ${ends}::bigint[])
          as file (device, quality, from_ms, to_ms)
        where recording_gap.device = file.device and recording_gap.quality = file.quality
          and recording_gap.from_ms < file.to_ms
          and (recording_gap.to_ms is null or recording_gap.to_ms > file.from_ms)`.execute(
        this.#deps.database.tables(),
      );
      found.push(...rows);
    }
    // A hole around files of two chunks is one.
    return [...new Map(found.map((gap) => [`${gap.device} ${gap.quality} ${gap.from_ms}`, gap])).values()];
  }

  async #insert(rows: readonly GapTables['recording_gap'][], tables: Tables = this.#deps.database): Promise<void> {
    const body = sql`
      insert into recording_gap select given.* from owner,
        jsonb_populate_recordset(null::recording_gap, ${JSON.stringify(rows)}::jsonb) as given
      on conflict (device, quality, from_ms)
        do update set to_ms = excluded.to_ms, cause = excluded.cause, detail = excluded.detail
      returning device`;
    await this.#deps.ownership.write(tables, { what: 'holes of recordings', body });
  }

  /** The hole that lasts, of each of these cameras, by `device quality`. */
  async open(devices: readonly DeviceId[]): Promise<Map<string, Gap>> {
    const rows = await this.#deps.database
      .tables<GapTables>()
      .selectFrom('recording_gap')
      .selectAll()
      .where('to_ms', 'is', null)
      .where(sql<boolean>`device = any (${[...devices]}::text[])`)
      .orderBy('from_ms')
      .execute();
    return new Map(rows.map((row) => [`${row.device} ${row.quality}`, shown(row)]));
  }
}

const NOT_ASKED = { edge_state: null, edge_detail: null, edge_tries: 0, edge_asked_to_ms: 0, edge_at_ms: 0 };

/** What is left of a time without the files in it, in order. */
export function without(
  { fromMs, toMs }: { fromMs: number; toMs: number },
  files: readonly { startsAtMs: number; endsAtMs: number }[],
): { fromMs: number; toMs: number }[] {
  const left: { fromMs: number; toMs: number }[] = [];
  let atMs = fromMs;
  for (const { startsAtMs, endsAtMs } of files.toSorted((one, other) => one.startsAtMs - other.startsAtMs)) {
    if (startsAtMs - atMs >= GAP_MIN_MS) left.push({ fromMs: atMs, toMs: Math.min(toMs, Math.round(startsAtMs)) });
    atMs = Math.max(atMs, Math.round(endsAtMs));
    if (atMs >= toMs) break;
  }
  if (toMs - atMs >= GAP_MIN_MS) left.push({ fromMs: atMs, toMs });
  return left.filter((one) => one.toMs - one.fromMs >= GAP_MIN_MS);
}

/** What is left of a hole without files that were found in it, in order; the last lasts where the hole does. */
export function split(hole: GapChange, files: readonly CoveringFile[]): GapChange[] {
  const own = files.filter(({ device, quality }) => device === hole.device && quality === hole.quality);
  const left = without({ fromMs: hole.fromMs, toMs: hole.toMs ?? Number.POSITIVE_INFINITY }, own);
  return left.map(({ fromMs, toMs }) => ({ ...hole, fromMs, toMs: Number.isFinite(toMs) ? toMs : null }));
}

function shown({ from_ms, to_ms, cause, detail, edge_state, edge_detail }: GapTables['recording_gap']): Gap {
  const edge = edge_state === null ? null : { state: edge_state as EdgeState, detail: edge_detail };
  const toMs = to_ms === null ? null : Number(to_ms);
  return { fromMs: Number(from_ms), toMs, cause: cause as GapCause, detail, edge };
}

import type { DeviceId } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { Quality } from '../pool/types.ts';
import type { GapCause, GapReason } from '../recorder/camera/gaps.ts';
import type { Span } from './recordings.ts';

/** A time in which a camera should have been recorded and was not. Unix ms; `toMs` is null while it lasts. */
export interface Gap {
  fromMs: number;
  toMs: number | null;
  cause: GapCause;
  detail: string | null;
}

export interface GapChange {
  device: DeviceId;
  quality: Quality;
  fromMs: number;
  toMs: number | null;
  reason: GapReason;
}

interface GapTables {
  recording_gap: {
    device: string;
    quality: string;
    from_ms: number;
    to_ms: number | null;
    cause: string;
    detail: string | null;
  };
}

export interface GapTableDeps {
  database: Database;
  ownership: Pick<Ownership, 'write'>;
}

const DETAIL_MAX = 300;

/** The holes of recordings in PostgreSQL. */
export class GapTable {
  readonly #deps: GapTableDeps;

  constructor(deps: GapTableDeps) {
    this.#deps = deps;
  }

  /** Writes holes as they stand now, each by its beginning; the last of several of one hole counts. */
  async write(changes: readonly GapChange[]): Promise<void> {
    const last = new Map(changes.map((change) => [`${change.device} ${change.quality} ${change.fromMs}`, change]));
    const rows = [...last.values()].map(({ device, quality, fromMs, toMs, reason: { cause, detail } }) => ({
      device,
      quality,
      from_ms: Math.round(fromMs),
      to_ms: toMs === null ? null : Math.round(Math.max(fromMs, toMs)),
      cause,
      detail: detail?.slice(0, DETAIL_MAX) ?? null,
    }));
    const body = sql`
      insert into recording_gap select given.* from owner,
        jsonb_populate_recordset(null::recording_gap, ${JSON.stringify(rows)}::jsonb) as given
      on conflict (device, quality, from_ms)
        do update set to_ms = excluded.to_ms, cause = excluded.cause, detail = excluded.detail
      returning device`;
    await this.#deps.ownership.write(this.#deps.database, { what: 'holes of recordings', body });
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

function shown({ from_ms, to_ms, cause, detail }: GapTables['recording_gap']): Gap {
  return { fromMs: Number(from_ms), toMs: to_ms === null ? null : Number(to_ms), cause: cause as GapCause, detail };
}

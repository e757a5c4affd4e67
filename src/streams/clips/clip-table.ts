import type { Caller, DeviceId } from '../../core/types.ts';
import {
  type ColumnType,
  type Database,
  jsonb,
  type RawBuilder,
  type Tables,
} from '../../platform/database/database.ts';
import type { Quality } from '../pool/types.ts';
import type { Clip, ClipFile, ClipHole, ClipState } from './clip.ts';

type Json<Value> = ColumnType<Value, RawBuilder<unknown>, RawBuilder<unknown>>;

export interface ClipTables {
  video_clip: {
    id: string;
    device: string;
    quality: string;
    from_ms: number;
    to_ms: number;
    reason: string;
    case_number: string | null;
    alert: string | null;
    by_type: string;
    by_id: string;
    by_name: string;
    asked_at_ms: number;
    until_ms: number;
    state: string;
    file: Json<ClipFile | null>;
    holes: Json<ClipHole[]>;
  };
}

type Row = Omit<ClipTables['video_clip'], 'file' | 'holes'> & { file: ClipFile | null; holes: ClipHole[] };

/** Adds a clip that is asked for; false where its id is known. */
export async function addClip(tx: Tables, clip: Clip): Promise<boolean> {
  const { id, device, quality, fromMs, toMs, reason, by, state } = clip;
  const added = await tx
    .tables<ClipTables>()
    .insertInto('video_clip')
    .values({
      id,
      device,
      quality,
      from_ms: Math.round(fromMs),
      to_ms: Math.round(toMs),
      reason,
      case_number: clip.case,
      alert: clip.alert,
      by_type: by.type,
      by_id: by.id,
      by_name: by.name,
      asked_at_ms: clip.askedAtMs,
      until_ms: clip.untilMs,
      state,
      file: jsonb(null),
      holes: jsonb([]),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return added !== undefined;
}

/** What became of a clip. One that is no longer waiting stays as it is. */
export async function endClip(
  database: Database,
  id: string,
  { state, file, holes }: Pick<Clip, 'state' | 'file' | 'holes'>,
): Promise<void> {
  await database
    .tables<ClipTables>()
    .updateTable('video_clip')
    .set({ state, file: jsonb(file), holes: jsonb(holes) })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .execute();
}

export async function clipOf(database: Database, id: string): Promise<Clip | null> {
  const query = database.tables<ClipTables>().selectFrom('video_clip').selectAll();
  const row = await query.where('id', '=', id).executeTakeFirst();
  return row ? shown(row as Row) : null;
}

/** Clips of a camera, those of the latest time first. */
export async function clipsOf(database: Database, device: DeviceId, max: number): Promise<Clip[]> {
  const query = database.tables<ClipTables>().selectFrom('video_clip').selectAll().where('device', '=', device);
  const rows = await query.orderBy('from_ms', 'desc').orderBy('id').limit(max).execute();
  return rows.map((row) => shown(row as Row));
}

/** Clips that are not made yet and whose time goes on after `afterMs`. */
export async function waitingClips(database: Database, afterMs: number, max: number): Promise<Clip[]> {
  const query = database.tables<ClipTables>().selectFrom('video_clip').selectAll().where('state', '=', 'waiting');
  const rows = await query.where('to_ms', '>', Math.floor(afterMs)).limit(max).execute();
  return rows.map((row) => shown(row as Row));
}

/** How many clips of a camera are being made. */
export async function countWaiting(tx: Tables, device: DeviceId): Promise<number> {
  const query = tx
    .tables<ClipTables>()
    .selectFrom('video_clip')
    .select((is) => is.fn.countAll().as('count'));
  const row = await query.where('state', '=', 'waiting').where('device', '=', device).executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Ids of clips that are kept no longer. */
export async function clipsPast(database: Database, atMs: number, max: number): Promise<string[]> {
  const query = database.tables<ClipTables>().selectFrom('video_clip').select('id').where('until_ms', '<=', atMs);
  return (await query.limit(max).execute()).map(({ id }) => id);
}

/** Keeps the clips of an alert until then (Unix ms); those that are kept longer stay so. */
export async function keepClipsOf(tx: Tables, alert: string, untilMs: number): Promise<void> {
  await tx
    .tables<ClipTables>()
    .updateTable('video_clip')
    .set({ until_ms: untilMs })
    .where('alert', '=', alert)
    .where('until_ms', '<', untilMs)
    .execute();
}

export async function forgetClips(database: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await database
    .tables<ClipTables>()
    .deleteFrom('video_clip')
    .where('id', 'in', [...ids])
    .execute();
}

/** Whether any clip has a file: then the store of clips must not be empty. */
export async function isClipKept(database: Database): Promise<boolean> {
  const query = database.tables<ClipTables>().selectFrom('video_clip').select('id').where('state', '=', 'ready');
  return (await query.limit(1).executeTakeFirst()) !== undefined;
}

function shown(row: Row): Clip {
  const { id, device, reason, case_number: caseNumber, alert, file, holes } = row;
  const [fromMs, toMs, untilMs] = [Number(row.from_ms), Number(row.to_ms), Number(row.until_ms)];
  return {
    id,
    device,
    quality: row.quality as Quality,
    fromMs,
    toMs,
    reason,
    case: caseNumber,
    alert,
    by: { type: row.by_type as Caller['type'], id: row.by_id, name: row.by_name },
    askedAtMs: Number(row.asked_at_ms),
    untilMs,
    state: row.state as ClipState,
    file,
    holes,
  };
}

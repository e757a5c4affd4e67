import type { Caller } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import {
  type ColumnType,
  type Database,
  jsonb,
  type RawBuilder,
  type Selectable,
  type Tables,
} from '../../platform/database/database.ts';
import type { Quality } from '../pool/types.ts';
import type { ExportBundle, ExportCamera, ExportFile, ExportState, RecordingExport } from './export.ts';

type Json<Value> = ColumnType<Value, RawBuilder<unknown>, RawBuilder<unknown>>;
type Approval = RecordingExport['approved'];

export interface ExportTables {
  recording_export: {
    id: string;
    cameras: Json<ExportCamera[]>;
    quality: string;
    from_ms: number;
    to_ms: number;
    purpose: string;
    case_number: string | null;
    by_type: string;
    by_id: string;
    by_name: string;
    asked_at_ms: number;
    approved: Json<Approval>;
    state: string;
    detail: string | null;
    bytes: number;
    manifest_sha256: string | null;
    expires_at_ms: number | null;
    bundle: ColumnType<ExportBundle | null, RawBuilder<unknown> | null, RawBuilder<unknown>>;
  };
  recording_export_file: {
    export: string;
    number: number;
    path: string;
    device: string;
    quality: string;
    starts_at_ms: number;
    ends_at_ms: number;
    lease_epoch: number;
    bytes: number;
    sha256: string;
    continuity: string;
    source: string;
    state: string;
    sm3: string | null;
  };
}

const FILES_AT_ONCE = 500;

export async function addExport(tx: Tables, made: RecordingExport, files: readonly ExportFile[]): Promise<void> {
  const { id, quality, purpose, by, state, detail, bytes } = made;
  await tx
    .tables<ExportTables>()
    .insertInto('recording_export')
    .values({
      id,
      cameras: jsonb(made.cameras),
      quality,
      from_ms: Math.round(made.fromMs),
      to_ms: Math.round(made.toMs),
      purpose,
      case_number: made.case,
      by_type: by.type,
      by_id: by.id,
      by_name: by.name,
      asked_at_ms: made.askedAtMs,
      approved: jsonb(made.approved),
      state,
      detail,
      bytes,
      manifest_sha256: null,
      expires_at_ms: null,
      bundle: made.bundle && jsonb(made.bundle),
    })
    .execute();
  for (const some of chunksOf(files, FILES_AT_ONCE)) {
    const rows = some.map(({ startsAtMs, endsAtMs, leaseEpoch, ...file }) => ({
      export: id,
      starts_at_ms: startsAtMs,
      ends_at_ms: endsAtMs,
      lease_epoch: leaseEpoch,
      ...file,
    }));
    await tx.tables<ExportTables>().insertInto('recording_export_file').values(rows).execute();
  }
}

/** What changes of an export. */
export interface ExportChange {
  state: ExportState;
  detail?: string | null;
  approved?: Approval;
  manifestSha256?: string;
  expiresAtMs?: number | null;
  /** Of a bundle, once it is made. */
  bundle?: ExportBundle;
  cameras?: ExportCamera[];
  bytes?: number;
}

/** False where it was in another state than `from` by now: then it stays as it is. */
export async function changeExport(
  tx: Tables,
  id: string,
  from: readonly ExportState[],
  { state, ...change }: ExportChange,
): Promise<boolean> {
  const changed = await tx
    .tables<ExportTables>()
    .updateTable('recording_export')
    .set({
      state,
      ...(change.detail === undefined ? {} : { detail: change.detail }),
      ...(change.approved === undefined ? {} : { approved: jsonb(change.approved) }),
      ...(change.manifestSha256 === undefined ? {} : { manifest_sha256: change.manifestSha256 }),
      ...(change.expiresAtMs === undefined ? {} : { expires_at_ms: change.expiresAtMs }),
      ...(change.bundle === undefined ? {} : { bundle: jsonb(change.bundle) }),
      ...(change.cameras === undefined ? {} : { cameras: jsonb(change.cameras) }),
      ...(change.bytes === undefined ? {} : { bytes: change.bytes }),
    })
    .where('id', '=', id)
    .where('state', 'in', [...from])
    .returning('id')
    .executeTakeFirst();
  return changed !== undefined;
}

export async function exportOf(database: Tables, id: string): Promise<RecordingExport | null> {
  const query = database.tables<ExportTables>().selectFrom('recording_export').selectAll().where('id', '=', id);
  const row = await query.executeTakeFirst();
  return row ? shown(row) : null;
}

/** The newest `max` of those that are `seen`, which are looked for behind however many others. */
export async function exportsOf(
  database: Database,
  max: number,
  seen: (some: RecordingExport[]) => Promise<RecordingExport[]>,
): Promise<RecordingExport[]> {
  const found: RecordingExport[] = [];
  let query = database.tables<ExportTables>().selectFrom('recording_export').selectAll();
  query = query.orderBy('asked_at_ms', 'desc').orderBy('id', 'desc').limit(max);
  for (let page = query; ; ) {
    const rows = await page.execute();
    found.push(...(await seen(rows.map(shown))));
    const last = rows.at(-1);
    if (found.length >= max || rows.length < max || !last) return found.slice(0, max);
    page = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('asked_at_ms', 'id'), '<', tuple(Number(last.asked_at_ms), last.id)),
    );
  }
}

/** What an export is of. */
export type ExportOf = 'recordings' | 'alert';

/** How many of recordings, or of alerts, are in one of these states. */
export async function countExports(tx: Tables, of: ExportOf, states: readonly ExportState[]): Promise<number> {
  const query = tx.tables<ExportTables>().selectFrom('recording_export');
  const row = await query
    .select((is) => is.fn.countAll().as('count'))
    .where('state', 'in', [...states])
    .where('bundle', of === 'alert' ? 'is not' : 'is', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Exports whose copies are to be removed. */
export async function exportsPast(database: Database, atMs: number): Promise<string[]> {
  const query = database.tables<ExportTables>().selectFrom('recording_export').select('id');
  const rows = await query.where('state', '=', 'ready').where('expires_at_ms', '<=', Math.floor(atMs)).execute();
  return rows.map(({ id }) => id);
}

/** Forgets exports that were asked for before and have no copy any more. */
export async function forgetExports(database: Database, beforeMs: number): Promise<void> {
  await database
    .tables<ExportTables>()
    .deleteFrom('recording_export')
    .where('asked_at_ms', '<', Math.floor(beforeMs))
    .where('state', 'in', ['failed', 'removed'])
    .execute();
}

/** Files of an export in their order: all, or those that wait. */
export async function filesOf(database: Database, id: string, which: 'all' | 'waiting'): Promise<ExportFile[]> {
  let query = database.tables<ExportTables>().selectFrom('recording_export_file').selectAll().where('export', '=', id);
  if (which === 'waiting') query = query.where('state', '=', 'waiting').limit(FILES_AT_ONCE);
  const rows = await query.orderBy('number').execute();
  return rows.map((row) => ({
    number: row.number,
    path: row.path,
    device: row.device,
    quality: row.quality as Quality,
    startsAtMs: Number(row.starts_at_ms),
    endsAtMs: Number(row.ends_at_ms),
    leaseEpoch: Number(row.lease_epoch),
    bytes: Number(row.bytes),
    sha256: row.sha256,
    continuity: row.continuity,
    source: row.source as ExportFile['source'],
    state: row.state as ExportFile['state'],
    sm3: row.sm3,
  }));
}

/** What became of a file. */
export async function endFile(
  database: Database,
  id: string,
  { number, state, sm3 }: Pick<ExportFile, 'number' | 'state' | 'sm3'>,
): Promise<void> {
  await database
    .tables<ExportTables>()
    .updateTable('recording_export_file')
    .set({ state, sm3 })
    .where('export', '=', id)
    .where('number', '=', number)
    .execute();
}

function shown(row: Selectable<ExportTables['recording_export']>): RecordingExport {
  return {
    id: row.id,
    cameras: row.cameras,
    quality: row.quality as Quality,
    fromMs: Number(row.from_ms),
    toMs: Number(row.to_ms),
    purpose: row.purpose,
    case: row.case_number,
    by: { type: row.by_type as Caller['type'], id: row.by_id, name: row.by_name },
    askedAtMs: Number(row.asked_at_ms),
    approved: row.approved,
    state: row.state as ExportState,
    detail: row.detail,
    bytes: Number(row.bytes),
    manifestSha256: row.manifest_sha256,
    expiresAtMs: row.expires_at_ms === null ? null : Number(row.expires_at_ms),
    bundle: row.bundle,
  };
}

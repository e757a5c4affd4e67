import type { Database, Selectable, Tables } from '../../platform/database/database.ts';
import type { View } from '../pool/types.ts';
import type { StreamPass } from './pass.ts';

interface PassTables {
  stream_pass: {
    id: string;
    viewer_type: string;
    viewer_id: string;
    viewer_name: string;
    cameras: string[];
    is_mosaic: boolean;
    quality: string;
    used_for: string;
    purpose: string;
    case_number: string | null;
    created_at_ms: number;
    expires_at_ms: number;
    revoked_at_ms: number | null;
  };
}

/** Keeps a token that was made. */
export async function addPass(tx: Tables, pass: StreamPass): Promise<void> {
  const { viewer } = pass;
  await tx
    .tables<PassTables>()
    .insertInto('stream_pass')
    .values({
      id: pass.id,
      viewer_type: viewer.type,
      viewer_id: viewer.id,
      viewer_name: viewer.name,
      cameras: pass.cameras,
      is_mosaic: pass.isMosaic,
      quality: pass.quality,
      used_for: pass.use,
      purpose: pass.purpose,
      case_number: pass.case,
      created_at_ms: pass.createdAtMs,
      expires_at_ms: pass.expiresAtMs,
      revoked_at_ms: null,
    })
    .execute();
}

/** Those among `ids` that have neither ended nor been revoked. */
export async function passesInForce(database: Database, ids: readonly string[], nowMs: number): Promise<StreamPass[]> {
  const rows = await database
    .tables<PassTables>()
    .selectFrom('stream_pass')
    .selectAll()
    .where('id', 'in', [...ids])
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .execute();
  return rows.map(passOf);
}

/** Those of a viewer that have not ended, newest first, with those that were revoked. */
export async function passesOf(tables: Tables, { type, id }: View['viewer'], nowMs: number): Promise<StreamPass[]> {
  const rows = await tables
    .tables<PassTables>()
    .selectFrom('stream_pass')
    .selectAll()
    .where('viewer_type', '=', type)
    .where('viewer_id', '=', id)
    .where('expires_at_ms', '>', nowMs)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id')
    .execute();
  return rows.map(passOf);
}

/** Revokes a token of this viewer; null where there is none in force. */
export async function revokePass(
  tx: Tables,
  { type, id: viewerId }: View['viewer'],
  { id, atMs }: { id: string; atMs: number },
): Promise<StreamPass | null> {
  const row = await tx
    .tables<PassTables>()
    .updateTable('stream_pass')
    .set({ revoked_at_ms: atMs })
    .where('id', '=', id)
    .where('viewer_type', '=', type)
    .where('viewer_id', '=', viewerId)
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', atMs)
    .returningAll()
    .executeTakeFirst();
  return row ? passOf(row) : null;
}

/** Removes what ended before this. */
export async function prunePasses(database: Database, beforeMs: number): Promise<void> {
  await database.tables<PassTables>().deleteFrom('stream_pass').where('expires_at_ms', '<', beforeMs).execute();
}

function passOf(row: Selectable<PassTables['stream_pass']>): StreamPass {
  return {
    id: row.id,
    viewer: { type: row.viewer_type as View['viewer']['type'], id: row.viewer_id, name: row.viewer_name },
    cameras: row.cameras,
    isMosaic: row.is_mosaic,
    quality: row.quality as StreamPass['quality'],
    use: row.used_for as StreamPass['use'],
    purpose: row.purpose,
    case: row.case_number,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}

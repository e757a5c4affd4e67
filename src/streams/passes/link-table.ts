import { type Database, type Selectable, sql, type Tables } from '../../platform/database/database.ts';
import type { View } from '../pool/types.ts';
import type { StreamLink } from './link.ts';

interface LinkTables {
  stream_link: {
    id: string;
    viewer_type: string;
    viewer_id: string;
    viewer_name: string;
    session_id: string | null;
    cameras: string[];
    is_mosaic: boolean;
    quality: string;
    used_for: string;
    purpose: string;
    case_number: string | null;
    created_at_ms: number;
    open_until_ms: number;
    ends_at_ms: number;
    network: string | null;
  };
}

/** Keeps a link that was made. */
export async function addLink(tx: Tables, link: StreamLink): Promise<void> {
  const { viewer } = link;
  await tx
    .tables<LinkTables>()
    .insertInto('stream_link')
    .values({
      id: link.id,
      viewer_type: viewer.type,
      viewer_id: viewer.id,
      viewer_name: viewer.name,
      session_id: link.session,
      cameras: link.cameras,
      is_mosaic: link.isMosaic,
      quality: link.quality,
      used_for: link.use,
      purpose: link.purpose,
      case_number: link.case,
      created_at_ms: link.createdAtMs,
      open_until_ms: link.openUntilMs,
      ends_at_ms: link.endsAtMs,
      network: link.network,
    })
    .execute();
}

/** One that counts; null where there is none. */
export async function linkInForce(database: Database, id: string, nowMs: number): Promise<StreamLink | null> {
  const row = await database
    .tables<LinkTables>()
    .selectFrom('stream_link')
    .selectAll()
    .where('id', '=', id)
    .where('open_until_ms', '>', nowMs)
    .executeTakeFirst();
  return row ? linkOf(row) : null;
}

/** Puts off the end of a link that is used from a network, the first of all or the same again. */
export async function keepLink(
  database: Database,
  { id, openUntilMs }: Pick<StreamLink, 'id' | 'openUntilMs'>,
  { network, nowMs }: { network: string; nowMs: number },
): Promise<StreamLink | null> {
  const row = await database
    .tables<LinkTables>()
    .updateTable('stream_link')
    .set({ network, open_until_ms: sql<number>`greatest(open_until_ms, ${openUntilMs}::bigint)` })
    .where('id', '=', id)
    // It may have been revoked a moment ago.
    .where('open_until_ms', '>', nowMs)
    .where(({ or, eb }) => or([eb('network', 'is', null), eb('network', '=', network)]))
    .returningAll()
    .executeTakeFirst();
  return row ? linkOf(row) : null;
}

/** Those of a viewer that count, newest first. */
export async function linksOf(tables: Tables, { type, id }: View['viewer'], nowMs: number): Promise<StreamLink[]> {
  const rows = await tables
    .tables<LinkTables>()
    .selectFrom('stream_link')
    .selectAll()
    .where('viewer_type', '=', type)
    .where('viewer_id', '=', id)
    .where('open_until_ms', '>', nowMs)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id')
    .execute();
  return rows.map(linkOf);
}

/** Ends a link of this viewer; null where there is none that counts. */
export async function endLink(
  tx: Tables,
  { type, id: viewerId }: View['viewer'],
  { id, atMs }: { id: string; atMs: number },
): Promise<StreamLink | null> {
  const row = await tx
    .tables<LinkTables>()
    .updateTable('stream_link')
    .set({ open_until_ms: atMs })
    .where('id', '=', id)
    .where('viewer_type', '=', type)
    .where('viewer_id', '=', viewerId)
    .where('open_until_ms', '>', atMs)
    .returningAll()
    .executeTakeFirst();
  return row ? linkOf(row) : null;
}

/** Removes what ended before this. */
export async function pruneLinks(database: Database, beforeMs: number): Promise<void> {
  await database.tables<LinkTables>().deleteFrom('stream_link').where('open_until_ms', '<', beforeMs).execute();
}

function linkOf(row: Selectable<LinkTables['stream_link']>): StreamLink {
  return {
    id: row.id,
    viewer: { type: row.viewer_type as View['viewer']['type'], id: row.viewer_id, name: row.viewer_name },
    session: row.session_id,
    cameras: row.cameras,
    isMosaic: row.is_mosaic,
    quality: row.quality as StreamLink['quality'],
    use: row.used_for as StreamLink['use'],
    purpose: row.purpose,
    case: row.case_number,
    createdAtMs: Number(row.created_at_ms),
    openUntilMs: Number(row.open_until_ms),
    endsAtMs: Number(row.ends_at_ms),
    network: row.network,
  };
}

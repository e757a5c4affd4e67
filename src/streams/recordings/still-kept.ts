import { type Database, sql } from '../../platform/database/database.ts';
import type { Quality } from '../pool/types.ts';
import type { Recording } from './recording.ts';

type FileKey = Pick<Recording, 'device' | 'quality' | 'startsAtMs' | 'leaseEpoch'>;

/** Which of these files have a row, and are shown. */
export async function stillKept(database: Database, files: readonly FileKey[]): Promise<FileKey[]> {
  const { rows } = await sql<{ device: string; quality: Quality; starts_at_ms: number; lease_epoch: number }>`
    select recording.device, recording.quality, recording.starts_at_ms, recording.lease_epoch
    from unnest(${files.map(({ device }) => device)}::text[], ${files.map(({ quality }) => quality)}::text[],
      ${files.map(({ startsAtMs }) => startsAtMs)}::bigint[], ${files.map(({ leaseEpoch }) => leaseEpoch)}::bigint[])
      as given (device, quality, starts_at_ms, lease_epoch)
    join recording using (device, quality, starts_at_ms, lease_epoch)
    where recording.lost_at_ms is null`.execute(database.tables());
  return rows.map((row) => ({
    device: row.device,
    quality: row.quality,
    startsAtMs: Number(row.starts_at_ms),
    leaseEpoch: Number(row.lease_epoch),
  }));
}

import { createHash } from 'node:crypto';
import { type Database, type RawBuilder, sql } from '../../platform/database/database.ts';
import { placeOf, type Recording } from './recording.ts';

/** The last of the chain: the hash that the next one goes on from. */
export interface LastRemoval {
  number: number;
  /** Hexadecimal digits; empty before the first. */
  hash: string;
}

const NONE: LastRemoval = { number: 0, hash: '' };

/**
 * The hash of a batch that is removed: SHA-256 of the hash before and a line `PATH SHA-256` of each file, in the order
 * in which they were removed, each line ended by LF. So none can be left out or changed later.
 */
export function removalHash(before: string, files: readonly Recording[]): string {
  const lines = files.map((file) => `${placeOf(file).path} ${file.sha256}\n`);
  return createHash('sha256')
    .update(`${before}\n${lines.join('')}`)
    .digest('hex');
}

export async function lastRemoval(database: Database): Promise<LastRemoval> {
  const { rows } = await sql<{ number: number; hash: Buffer }>`
    select number, hash from recording_removal order by number desc limit 1`.execute(database.tables());
  return rows[0] ? { number: Number(rows[0].number), hash: rows[0].hash.toString('hex') } : NONE;
}

/** A statement that writes down what is removed; it joins `owner`. `files` are of one class, and at least one. */
export function removalOf(files: readonly Recording[], last: LastRemoval, atMs: number): RawBuilder<unknown> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const fromMs = files.reduce((least, { startsAtMs }) => Math.min(least, startsAtMs), files[0]!.startsAtMs);
  const toMs = files.reduce((most, { endsAtMs }) => Math.max(most, endsAtMs), files[0]!.endsAtMs);
  return sql`
    insert into recording_removal (number, at_ms, class, files, bytes, from_ms, to_ms, hash)
    select ${last.number + 1}::bigint, ${Math.round(atMs)}::bigint, ${files[0]!.class}, ${files.length}::int,
      ${bytes}::bigint, ${fromMs}::bigint, ${toMs}::bigint, decode(${removalHash(last.hash, files)}, 'hex')
    from owner returning number`;
}

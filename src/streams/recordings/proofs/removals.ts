import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Database, type RawBuilder, sql } from '../../../platform/database/database.ts';
import { placeOf, type Recording } from '../recording.ts';

/** The last of the chain: the hash that the next one goes on from. */
export interface LastRemoval {
  number: number;
  /** Hexadecimal digits; empty before the first. */
  hash: string;
}

/** How much is past its time and stays, because it is pinned. */
export interface PinnedBytes {
  files: number;
  bytes: number;
}

/** A batch of files of one class that were removed, in numbers. Times are Unix ms. */
export interface Removal {
  number: number;
  atMs: number;
  class: string;
  files: number;
  bytes: number;
  /** Beginning of the first file, end of the last one. */
  fromMs: number;
  toMs: number;
  /** Of its class, when it was removed. */
  pinned: PinnedBytes;
  /** SHA-256 of its list, hexadecimal digits. */
  listHash: string;
}

export const NO_REMOVAL: LastRemoval = { number: 0, hash: '' };

/** A line `SHA-256  PATH` for each file, as `sha256sum` writes it, in the order in which they were removed. */
export function removalList(
  files: readonly Pick<Recording, 'device' | 'quality' | 'startsAtMs' | 'leaseEpoch' | 'sha256'>[],
): string {
  return files.map((file) => `${file.sha256}  ${placeOf(file).path}\n`).join('');
}

/**
 * The hash of a removal: SHA-256 of the hash before and of all its numbers, among them the hash of its list. So none
 * can be left out or changed later without all that follow.
 */
export function removalHash(before: string, removal: Removal): string {
  const { number, atMs, class: of, files, bytes, fromMs, toMs, pinned, listHash } = removal;
  const numbers = [number, atMs, of, files, bytes, fromMs, toMs, pinned.files, pinned.bytes, listHash];
  return sha256(`${before}\n${numbers.join(' ')}\n`);
}

export async function lastRemoval(database: Database): Promise<LastRemoval> {
  const { rows } = await sql<{ number: number; hash: Buffer }>`
    select number, hash from recording_removal order by number desc limit 1`.execute(database.tables());
  return rows[0] ? { number: Number(rows[0].number), hash: rows[0].hash.toString('hex') } : NO_REMOVAL;
}

/** When files were removed, and what of their class stayed. */
export interface RemovedAt {
  atMs: number;
  pinned: PinnedBytes;
}

/** The next of the chain. `files` are of one class, and at least one. */
export function removalOf(files: readonly Recording[], last: LastRemoval, { atMs, pinned }: RemovedAt): Removal {
  return {
    number: last.number + 1,
    atMs: Math.round(atMs),
    class: files[0]!.class,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    fromMs: files.reduce((least, { startsAtMs }) => Math.min(least, startsAtMs), files[0]!.startsAtMs),
    toMs: files.reduce((most, { endsAtMs }) => Math.max(most, endsAtMs), files[0]!.endsAtMs),
    pinned,
    listHash: sha256(removalList(files)),
  };
}

/** Statements that write down what is removed; the first joins `owner`, the second is along with it as `proven`. */
export function proofOf(files: readonly Recording[], removal: Removal, hash: string) {
  const { number, atMs, class: of, bytes, fromMs, toMs, pinned, listHash } = removal;
  const proof: RawBuilder<unknown> = sql`
    insert into recording_removal
      (number, at_ms, class, files, bytes, from_ms, to_ms, hash, list_hash, pinned_files, pinned_bytes)
    select ${number}::bigint, ${atMs}::bigint, ${of}, ${removal.files}::int, ${bytes}::bigint, ${fromMs}::bigint,
      ${toMs}::bigint, decode(${hash}, 'hex'), decode(${listHash}, 'hex'), ${pinned.files}::int, ${pinned.bytes}::bigint
    from owner returning number`;
  const list: RawBuilder<unknown> = sql`
    insert into recording_removal_list (number, list)
    select number, ${gzipSync(removalList(files))}::bytea from proven returning number`;
  return { proof, list };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

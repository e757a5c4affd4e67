import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { freeBytesOf, ROOM_BYTES } from './disks.ts';

/** The file that takes the room. */
export const ROOM_FILE = '.kept-room';

const MiB = 1024 * 1024;
/** What a start writes before it can serve: locks and stores of LevelDB, and two files of PostgreSQL's log. */
const KEPT_BYTES = 32 * MiB;
/** What a full disk keeps for those who run, when room is taken back after a start. */
const LEFT_BYTES = 8 * MiB;

/**
 * Gives the room that is kept in each of these directories back to a disk that has next to none: a process that starts
 * must write a few files, and one that cannot start can make no room either. Directories may be absent.
 */
export async function giveUpRoom(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    const freeBytes = await freeBytesOf(directory).catch(() => Number.POSITIVE_INFINITY);
    if (freeBytes < KEPT_BYTES) await rm(join(directory, ROOM_FILE), { force: true });
  }
}

/**
 * Keeps room on each disk for the next start, in the first of these directories that is on it. Where there is so little
 * that all is refused anyhow, what a start left of the room is taken back, for the start after that; where taking it
 * would be why something is refused, nothing is taken. Less than all of it is completed when there is room.
 */
export async function keepRoom(directories: readonly string[]): Promise<void> {
  const seen = new Set<number>();
  for (const directory of directories) {
    const found = await stat(directory).catch(() => null);
    if (!found || seen.has(found.dev)) continue;
    seen.add(found.dev);
    const path = join(directory, ROOM_FILE);
    const kept = await stat(path).catch(() => null);
    if (kept?.size === KEPT_BYTES) continue;
    const freeBytes = await freeBytesOf(directory);
    if (freeBytes >= ROOM_BYTES.journal + KEPT_BYTES) await fill(path, KEPT_BYTES);
    else if (!kept && freeBytes < ROOM_BYTES.database && freeBytes >= LEFT_BYTES + MiB)
      await fill(path, Math.min(KEPT_BYTES, freeBytes - LEFT_BYTES));
  }
}

async function fill(path: string, bytes: number): Promise<void> {
  // Written, not only made longer: a hole keeps nothing.
  const file = await open(path, 'w', 0o600);
  try {
    const piece = Buffer.alloc(MiB);
    for (let at = 0; at < bytes; at += MiB) await file.write(piece, 0, Math.min(MiB, bytes - at), at);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

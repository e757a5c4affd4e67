import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lane } from '../../core/types.ts';
import { baseOfName, HEADER_BYTES, segmentName } from '../journal/segments/header.ts';
import type { JournalSide } from './lives.ts';
import { readLives } from './lives-file.ts';

/**
 * What a journal that nobody has open says of itself, without opening it. A half-written end, which the next start cuts
 * off, counts as written.
 */
export async function glanceAtJournal(directory: string): Promise<JournalSide> {
  const lives = await readLives(directory);
  const last = lives?.lives.at(-1);
  const head = async (lane: Lane): Promise<number> =>
    Math.max(await endOnDisk(join(directory, lane)), last?.from[lane] ?? 0);
  return { lives, head: { live: await head('live'), bulk: await head('bulk') } };
}

async function endOnDisk(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const newest = Math.max(...names.map((name) => baseOfName(name) ?? -1));
  if (newest < 0) return 0;
  const { size } = await stat(join(directory, segmentName(newest)));
  return newest + Math.max(0, size - HEADER_BYTES);
}

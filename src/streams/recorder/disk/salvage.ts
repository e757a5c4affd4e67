import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Inspected } from '../reader/reader-protocol.ts';
import type { DiskReport } from './disk-protocol.ts';
import { type Whole, wholeOf } from './segment-file.ts';
import { OPEN, syncDirectory, WHOLE } from './writer.ts';

/** Of one look, so that what is told at once has a limit. */
const FOUND_MAX = 5_000;

type Found = Extract<DiskReport, { type: 'found' }>;

/**
 * Cuts a file that was not closed behind its last whole fragment, makes it durable and puts it among those that are
 * whole. One without any whole fragment is removed: nobody can play it.
 */
export async function salvage(directory: string, name: string): Promise<void> {
  const path = join(directory, OPEN, name);
  const fd = openSync(path, 'r+');
  try {
    const whole = await wholeAt(fd);
    if (!whole) return rmSync(path, { force: true });
    ftruncateSync(fd, whole.bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(path, join(directory, WHOLE, name));
  syncDirectory(join(directory, WHOLE));
}

/** What an earlier process left open. The names of those that could not be read are returned; they stay. */
export async function salvageAll(directory: string): Promise<string[]> {
  const failed: string[] = [];
  for (const name of readdirSync(join(directory, OPEN))) await salvage(directory, name).catch(() => failed.push(name));
  return failed;
}

/** Files that are whole and still lie where those lie that have no row. Strangers among them are passed over. */
export async function* filesWithoutRow(directory: string): AsyncGenerator<Found> {
  for (const name of readdirSync(join(directory, WHOLE)).slice(0, FOUND_MAX)) {
    const path = join(directory, WHOLE, name);
    const fd = openSync(path, 'r');
    const whole = await wholeAt(fd).finally(() => closeSync(fd));
    if (!whole) continue;
    const { head, endsAtMs, bytes, leadBytes } = whole;
    yield { type: 'found', head, endsAtMs, bytes, leadBytes, sha256: await hashOf(path) };
  }
}

/** What a file says of itself, and its hash; null where not all of it is whole. */
export async function inspect(path: string): Promise<Inspected | null> {
  const fd = openSync(path, 'r');
  try {
    const whole = await wholeAt(fd);
    if (!whole || whole.bytes !== fstatSync(fd).size) return null;
    const { head, endsAtMs, bytes, leadBytes } = whole;
    return { head, endsAtMs, bytes, leadBytes, sha256: await hashOf(path) };
  } finally {
    closeSync(fd);
  }
}

function wholeAt(fd: number): Promise<Whole | null> {
  const read = async (offset: number, bytes: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, offset));
  };
  return wholeOf(read, fstatSync(fd).size);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

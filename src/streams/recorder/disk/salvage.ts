import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
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
import { pipeline } from 'node:stream/promises';
import type { Inspected } from '../reader/reader-protocol.ts';
import type { DiskReport } from './disk-protocol.ts';
import { type Whole, wholeOf } from './segment-file.ts';
import { FILE_MODE, OPEN, syncDirectory, UNSURE, unsure, WHOLE } from './writer.ts';

/** Of one look, so that what is told at once has a limit. */
const FOUND_MAX = 5_000;
/** Ends the name of a copy until it is durable. */
const COPY = '.copy';

type Found = Extract<DiskReport, { type: 'found' }>;

/**
 * Cuts a file that was not closed behind its last whole fragment, makes it durable and puts it among those that are
 * whole. One without any whole fragment is removed: nobody can play it. One that is {@link UNSURE} is copied instead.
 * Null when that is done; else the disk does not let it, and the file stays by the name that is returned.
 */
export async function salvage(directory: string, name: string): Promise<string | null> {
  const at = (place: string) => join(directory, OPEN, place);
  try {
    // What an earlier attempt left.
    if (name.endsWith(COPY)) rmSync(at(name), { force: true });
    else if (name.endsWith(UNSURE)) await saveCopy(directory, name);
    else return await saveCut(directory, name);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(at(name)) ? null : name;
  }
}

async function saveCut(directory: string, name: string): Promise<string | null> {
  const path = join(directory, OPEN, name);
  const fd = openSync(path, 'r+');
  try {
    const whole = await wholeAt(fd);
    if (!whole) {
      rmSync(path, { force: true });
      return null;
    }
    ftruncateSync(fd, whole.bytes);
    try {
      fsyncSync(fd);
    } catch {
      return unsure(directory, name);
    }
  } finally {
    closeSync(fd);
  }
  takeIn(directory, name, name);
  return null;
}

async function saveCopy(directory: string, name: string): Promise<void> {
  const path = join(directory, OPEN, name);
  const fd = openSync(path, 'r');
  const whole = await wholeAt(fd).finally(() => closeSync(fd));
  if (whole) {
    // Read and written here: a copy by the system may share what the disk has of the file.
    const from = createReadStream(path, { end: whole.bytes - 1 });
    await pipeline(from, createWriteStream(path + COPY, { flush: true, mode: FILE_MODE }));
    takeIn(directory, name + COPY, name.slice(0, -UNSURE.length));
  }
  rmSync(path, { force: true });
}

/** Puts a file that is durable among those that are whole. */
function takeIn(directory: string, name: string, as: string): void {
  renameSync(join(directory, OPEN, name), join(directory, WHOLE, as));
  syncDirectory(join(directory, WHOLE));
}

/** What an earlier process left open. The names of those that could not be saved are returned; they stay. */
export async function salvageAll(directory: string): Promise<string[]> {
  const left: string[] = [];
  for (const name of readdirSync(join(directory, OPEN))) {
    const stays = await salvage(directory, name);
    if (stays !== null) left.push(stays);
  }
  return left;
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

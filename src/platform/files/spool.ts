import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CitywatchError } from '../../core/errors.ts';

/** What was spooled, until it is closed. */
export interface Spool {
  read(): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/**
 * Takes all of `bytes` as quickly as they come, and keeps them on the disk: whoever sends them does not wait for who
 * works on them. The file has no name from the start, so that nobody finds it and no crash leaves it. Errors:
 * `request.too-large`, `store.full`, and what `bytes` break off with.
 */
export async function spooled(
  bytes: AsyncIterable<Buffer>,
  { directory, bytesMax }: { directory: string; bytesMax: number },
): Promise<Spool> {
  const path = join(directory, `${randomUUID()}.tmp`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await rm(path);
    await fill(file, bytes, bytesMax);
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    read: () => file.createReadStream({ start: 0, autoClose: false }),
    close: () => file.close(),
  };
}

async function fill(file: FileHandle, bytes: AsyncIterable<Buffer>, bytesMax: number): Promise<void> {
  let total = 0;
  for await (const piece of bytes) {
    total += piece.length;
    if (total > bytesMax) {
      throw new CitywatchError('request.too-large', { detail: `A file has at most ${bytesMax} bytes.` });
    }
    await file.writeFile(piece).catch(noRoom);
  }
}

function noRoom(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') throw error;
  throw new CitywatchError('store.full', { detail: 'The disk has no room for the file.', cause: error });
}

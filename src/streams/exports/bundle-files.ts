import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../../platform/files/files.ts';
import type { BundlePart } from './bundle-source.ts';

/** A file as it was written. */
export interface WrittenPart {
  bytes: number;
  /** As hexadecimal digits. */
  sha256: string;
  sm3: string;
}

/**
 * Writes a part below `folder`, and says what was written; null, and nothing is left of it, where it is empty or has
 * more than `bytesMax`. Durable when it resolves.
 */
export async function writePart(
  folder: string,
  { path, data }: Pick<BundlePart, 'path' | 'data'>,
  bytesMax: number,
): Promise<WrittenPart | null> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  const [sha256, sm3] = [createHash('sha256'), createHash('sm3')];
  let bytes = 0;
  const file = await open(place, 'wx', 0o600);
  try {
    for await (const piece of Buffer.isBuffer(data) ? [data] : data) {
      const chunk = Buffer.from(piece);
      bytes += chunk.length;
      if (bytes > bytesMax) break;
      sha256.update(chunk);
      sm3.update(chunk);
      await file.appendFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const isKept = bytes > 0 && bytes <= bytesMax;
  if (!isKept) await rm(place, { force: true });
  await syncDirectory(dirname(place));
  return isKept ? { bytes, sha256: sha256.digest('hex'), sm3: sm3.digest('hex') } : null;
}

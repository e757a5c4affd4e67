import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../../platform/files/files.ts';
import { WHOLE } from '../recorder/disk/writer.ts';
import { placeOf } from '../recordings/recording.ts';
import type { ExportFile } from './export.ts';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Copies a recording into the folder of an export, byte for byte, and says what became of it: `missing` where there is
 * none on the disk, `damaged` where it is not what was recorded; then nothing is copied. Durable when it resolves.
 */
export async function copyRecording(
  recordings: string,
  folder: string,
  file: ExportFile,
): Promise<Pick<ExportFile, 'state' | 'sm3'>> {
  const { name, path } = placeOf(file);
  const target = join(folder, file.path);
  const temporary = `${target}.tmp`;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  // Between its row and its day it lies where those lie that have no row.
  for (const place of [join(recordings, path), join(recordings, WHOLE, name)]) {
    const source = await open(place, 'r').catch(ifAbsent);
    if (source === null) continue;
    try {
      const copied = await copyOf(source, temporary);
      if (copied.bytes !== file.bytes || copied.sha256 !== file.sha256) {
        await rm(temporary, { force: true });
        return { state: 'damaged', sm3: null };
      }
      await rename(temporary, target);
      await syncDirectory(dirname(target));
      return { state: 'copied', sm3: copied.sm3 };
    } finally {
      await source.close();
    }
  }
  return { state: 'missing', sm3: null };
}

async function copyOf(source: FileHandle, path: string): Promise<{ bytes: number; sha256: string; sm3: string }> {
  const [sha256, sm3] = [createHash('sha256'), createHash('sm3')];
  const target = await open(path, 'w', 0o600);
  let bytes = 0;
  try {
    for (;;) {
      const { buffer, bytesRead } = await source.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      sha256.update(chunk);
      sm3.update(chunk);
      await target.write(chunk, 0, bytesRead, bytes);
      bytes += bytesRead;
    }
    await target.sync();
  } finally {
    await target.close();
  }
  return { bytes, sha256: sha256.digest('hex'), sm3: sm3.digest('hex') };
}

function ifAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../../platform/files/files.ts';
import { WHOLE } from '../recorder/disk/writer.ts';
import type { DiskReader } from '../recorder/reader/disk-reader.ts';
import { placeOf } from '../recordings/recording.ts';
import type { ExportFile } from './export.ts';

/** Reads a disk of recordings. */
export type FileReader = Pick<DiskReader, 'size' | 'read'>;

interface Source {
  reader: FileReader;
  place: string;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Copies a recording into the folder of an export, byte for byte, and says what became of it: `missing` where there is
 * none on the disk, `damaged` where it is not what was recorded; then nothing is copied. Durable when it resolves.
 */
export async function copyRecording(
  readers: readonly FileReader[],
  folder: string,
  file: ExportFile,
): Promise<Pick<ExportFile, 'state' | 'sm3'>> {
  const { name, path } = placeOf(file);
  const target = join(folder, file.path);
  const temporary = `${target}.tmp`;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  // Between its row and its day it lies where those lie that have no row.
  const places = readers.flatMap((reader) => [path, `${WHOLE}/${name}`].map((place) => ({ reader, place })));
  for (const source of places) {
    if ((await source.reader.size(source.place)) === null) continue;
    const copied = await copyOf(source, temporary);
    if (copied.bytes !== file.bytes || copied.sha256 !== file.sha256) {
      await rm(temporary, { force: true });
      return { state: 'damaged', sm3: null };
    }
    await rename(temporary, target);
    await syncDirectory(dirname(target));
    return { state: 'copied', sm3: copied.sm3 };
  }
  return { state: 'missing', sm3: null };
}

async function copyOf(
  { reader, place }: Source,
  path: string,
): Promise<{ bytes: number; sha256: string; sm3: string }> {
  const [sha256, sm3] = [createHash('sha256'), createHash('sm3')];
  const target = await open(path, 'w', 0o600);
  let bytes = 0;
  try {
    for (;;) {
      const chunk = await reader.read(place, bytes, CHUNK_BYTES);
      if (chunk.length === 0) break;
      sha256.update(chunk);
      sm3.update(chunk);
      await target.write(chunk, 0, chunk.length, bytes);
      bytes += chunk.length;
    }
    await target.sync();
  } finally {
    await target.close();
  }
  return { bytes, sha256: sha256.digest('hex'), sm3: sm3.digest('hex') };
}
